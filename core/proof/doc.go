// Package proof makes a ledger's past provable to outsiders: a Merkle tree over its commands with their results, signed
// checkpoints of the tree, proofs that a command was applied with its result, and proofs that a later checkpoint
// extends an earlier one. Whoever checks needs the public key and nothing else.
//
// The tree is RFC 6962's with SHA-256 (golang.org/x/mod/sumdb/tlog); a checkpoint is a signed note with Ed25519
// (golang.org/x/mod/sumdb/note, C2SP tlog-checkpoint). Command n is leaf n-1.
//
// What no checkpoint outside of the node covers is protected only against those who don't have the key.
//
// The package must not know what the bytes of a command or a result mean, where hashes are stored, or where keys lie.
package proof
