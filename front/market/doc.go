// Package market is where loans are funded: listings that are open for bids, bids, and what becomes of a listing.
//
// The ledger's journal is the truth. A listing is a register whose cap is what is for sale, and an escrow account; a bid
// is one command that moves money into the escrow and issues units, a cancel its opposite. Who comes first is served
// first is the order of the journal, and nobody can sell more than the cap. The end is one command, however many
// bidders: the escrow goes to the receiver, or back to those who hold the units.
//
// The rows here follow the journal, each command once: nothing is written before a command is sent, so a bid costs no
// row commit of its own. What can't wait for rows, how much is left and what somebody holds, is asked of the ledger.
//
// The package must not know how a loan comes about or what happens to it after it is funded: who opened the listing is
// told the outcome, in the transaction in which it is noted.
package market
