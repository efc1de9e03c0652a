// Package journal keeps the durable order of a ledger's commands. What is committed together is a group; a group is one
// row of a database, in one canonical encoding, and names the hash of the group before it. A group is durable when
// Append says so, and it is never changed afterwards.
//
// Who may append is decided by the rows themselves. Taking the lead is a group with a higher epoch; whoever meets a row
// that is not his own gets ErrLeadLost and stops for good. An append whose outcome got lost is repeated with the same
// bytes under the same sequence, so it happens once. A Lease says how long a leader may answer reads without asking.
//
// The same code runs on SQLite, on PostgreSQL, and in simulations on Memory, which fails on demand.
//
// The package must not know what a command means, how it is encoded, or when it is to be sent: its records are opaque
// bytes.
package journal
