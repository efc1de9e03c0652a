// Package party knows who there is and who may act for whom: tenants with the names of their ledgers; parties, which
// are people and organisations, with identifiers, attestations and roles; principals, which are the logins and keys
// behind which a party stands; the grants by which a principal acts for parties; and the bearer tokens by which a
// request shows its principal.
//
// Every row is of one tenant and every question names the tenant; what belongs to another one is not found. The only
// questions without a tenant are those that ask for it: whose token, whose ledger, which tenants there are. Writes name
// the actor, the principal who did it, and the rows keep him with the instant. An actor is whom the door found out; he
// need not be a row here, since the operator of the platform makes the first principal of a tenant.
//
// A write carries an id that its caller made. The same id with the same content answers with the first result, with
// other content it is a conflict. A party has a version, and a change names the one it saw. Everything else changes once
// at most, from standing to ended, and the first end stays. Attestations are never edited at all: a revocation is a row
// beside them, and the database itself refuses anything else.
//
// Names of parties and values of identifiers are personal data. They are of type Personal, which prints and marshals as
// a mask, and no error or log line of this package holds them. A value is found again by HMAC-SHA-256 under a key from
// outside the database, which Rekey replaces. The value itself is kept as it is, behind one byte that says so: whoever
// reads the database reads it, until another form encrypts. Removing an identifier erases value and lookup.
//
// Resolve answers from memory. What this Registry changed shows at once. What another node changed, such as a token that
// it revoked, shows after Options.Stale at the latest, five seconds if nothing is said. Expiry is judged at the instant
// of the question, so it is never late. A text that was not issued as a token is refused by its tag, without the rows.
//
// A token carries what there was when it was issued: roles of the person that were given before, and grants of the
// principal that were given before or by the party itself. For what came later it takes a token that is later.
//
// The package must not know what roles, levels, sources and kinds of principals mean, which of them may do what, how a
// person logs in, or what a ledger holds.
package party
