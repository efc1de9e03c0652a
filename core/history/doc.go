// Package history keeps the past of a ledger and answers for it: entries and lines with running balances, balances and
// trial balances at any instant or sequence, statements, what a command did, and how a distribution was divided.
//
// It follows the journal: a projector appends what the engine did, in batches, one transaction each. Everything here
// can be thrown away and made again by replaying the journal, so it is written without waiting for the disk
// (synchronous=NORMAL on SQLite, synchronous_commit=off on PostgreSQL): after a power cut history stands a little
// earlier, never torn, and takes up from its position.
//
// What happened is kept in numbered, append-only logs: commands, entries, payouts of registers, changes of holdings,
// hashes. A sequence is looked up once, in the log of commands, for the length that every other log had just after it;
// all further look-ups go by those numbers. So a reader needs no transaction: what it was told to look at never changes.
//
// Lines of distributions are not stored. A payout is one row with a bit or two for each holder, a holding has a record
// only when its units change, and a line is the difference of two look-ups (package share). Lines that do not follow
// from these (unclaimed, deducted, taken back in part) have entries of their own.
//
// The package must not know where commands come from, who may ask, what a product is, or how the engine decides.
package history
