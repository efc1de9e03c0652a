package agreement

import (
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/servicing"
)

var receivers = map[catalog.RecoveryPart]servicing.Receiver{
	catalog.CostsRecover: servicing.ToCosts, catalog.PayersRecover: servicing.ToPayers, catalog.HoldersRecover: servicing.ToHolders,
}

// losses are who pays for the borrower, by the product's order: the reserve, and the loan's guarantors.
func losses(p *catalog.Losses, places *servicing.Places, guarantors []Guarantor) servicing.Losses {
	l := servicing.Losses{
		InstallmentAfter: p.InstallmentAfter, WholeAfter: p.WholeAfter, WriteOffAfter: p.WriteOffAfter,
		ProRata: p.PayerRepaid == catalog.PayerProRata, Queue: p.ReserveShortWaits,
	}
	for i, r := range p.Recovery {
		if i < len(l.Recovery) {
			l.Recovery[i] = receivers[r]
		}
	}
	rank := 0
	for _, who := range p.Order {
		switch {
		case who == catalog.ReservePays:
			l.Payers = append(l.Payers, servicing.Payer{Account: places.Reserve, Rank: rank})
			rank++
			continue
		case len(guarantors) == 0:
			l.Payers = append(l.Payers, servicing.Payer{Account: places.Guarantee, Rank: rank})
			rank++
		}
		for i, g := range guarantors {
			l.Payers = append(l.Payers, servicing.Payer{Account: g.Account, Rank: rank, Weight: g.Share, Limit: g.Limit})
			if p.Guarantors == catalog.InOrder || i == len(guarantors)-1 {
				rank++
			}
		}
	}
	return l
}
