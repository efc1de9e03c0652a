// Package admission lets a product's limits decide on bids 适当性: whether this investor may hold so much of this loan.
//
// What is known of an investor comes from the attestations of his party: who he is ("identity", its level a number), how
// much risk is right for him ("risk", 1 to 5), his class ("class"), what he owns ("net-assets", minor units). What he
// holds comes from the ledger. Only what the limits ask for is looked at; what is not known never passes.
//
// The package must not know how a bid is made, or who asks.
package admission
