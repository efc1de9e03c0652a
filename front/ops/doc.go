// Package ops is the work of those who operate a platform. It begins with approvals: what one person proposes another
// one sees as a difference and approves or refuses, within limits and before it expires.
//
// Nobody approves what he proposed himself, not with another of his principals either: persons are compared, and a
// principal without a person behind it decides nothing. What an approved proposal does to rows happens in the
// transaction that approves it; commands to a ledger carry the proposal's id as their approval reference, and derive their own
// ids from it.
//
// The package must not know what the proposals of other fronts mean or how they are carried out.
package ops
