// Package audit proves a ledger from what is stored of it, without a running node and without secrets: the chain of the
// journal's groups, the bytes of every command, a replay of all of them through a fresh engine, the tree over commands and
// results, every signed checkpoint, history against the replay, snapshots, and what must add up in the state.
//
// It names the command where something is wrong, and tells damage of the truth (the journal) from damage of what can be
// made again (history, snapshots). What it proves stands in the report: that the ledger is consistent in itself, that
// it is what a checkpoint kept elsewhere says, or that it extends an older one.
//
// The package must not know doors, tables, who may ask, or how a node serves; it changes nothing anywhere.
package audit
