// Package mandate matches standing orders to invest with listings that are open for funding: who takes how much of which
// listing, and why so much, or why nothing.
//
// The mandates of a tenant stand in a line, in the order in which they joined it. Each listing, in the order given, is
// offered along the line from its front; a mandate that takes a piece goes to the back. A mandate takes at most one piece
// of a listing: as much as all bounds allow, in whole steps of the listing. The same input always gives the same result.
//
// Bounds hold at the moment of matching and count what the investor holds then. What he holds may grow past them later
// without any doing of a mandate; Drift shows that.
//
// The package must not know the ledger, rows, doors, or how a piece becomes a bid.
package mandate
