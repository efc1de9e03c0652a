package play

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/longmen/longmen/examples/marketplace/recount"
	"github.com/longmen/longmen/examples/marketplace/script"
)

// funded notes the bids of all loans, each loan's in the order of the journal, and that single bids are those that were
// made.
func (p *Player) funded(bids [][]bid, byListing map[string]*lent) error {
	byLoan, mandated := make([][]bid, len(p.loans)), make([]int64, len(p.s.Investors))
	for _, list := range bids {
		for _, b := range list {
			l := byListing[b.Listing]
			if l == nil || b.Ended != 0 {
				return fmt.Errorf("a bid of investor %d is for listing %s, which nobody made, or was taken back", b.investor+1, b.Listing)
			}
			byLoan[l.index] = append(byLoan[l.index], b)
			if b.Mandate != "" {
				mandated[b.investor] += b.Units
			}
		}
	}
	for i, yuan := range mandated {
		if most := p.s.Investors[i].Budget; yuan > most {
			return fmt.Errorf("the mandate of investor %d put %d yuan into loans, it may %d", i+1, yuan, most)
		}
	}
	for i, list := range byLoan {
		slices.SortFunc(list, func(a, b bid) int { return cmp.Compare(a.Sequence, b.Sequence) })
		l := p.loans[i]
		if err := p.asked(l, list); err != nil {
			return told(l, err)
		}
		facts := make([]recount.Fact, 0, len(list)+len(l.tale.Facts))
		for _, b := range list {
			facts = append(facts, recount.Fact{Kind: recount.Bid, Investor: b.investor, Units: b.Units})
			l.hold(b.investor, b.Units)
		}
		l.tale.Facts = append(facts, l.tale.Facts...)
	}
	return nil
}

// asked compares bids with what the script asked for: a burst's are its own, all others are made by mandates, none of
// which puts more into the loan than it may.
func (p *Player) asked(l *lent, list []bid) error {
	if !l.Burst {
		sums := map[int]int64{}
		for _, b := range list {
			sums[b.investor] += b.Units
			if most := p.s.Investors[b.investor].PerLoan; b.Mandate == "" || sums[b.investor] > most {
				return fmt.Errorf("investor %d put %d yuan into it, by mandate at most %d", b.investor+1, sums[b.investor], most)
			}
		}
		p.Stats.Pieces.Add(int64(len(list)))
		return nil
	}
	made := p.s.Bids(l.Loan)
	made = made[:len(made)-script.TooLate]
	for i, b := range list {
		if i >= len(made) || b.Mandate != "" || b.investor != made[i].Investor || b.Units != made[i].Yuan {
			return fmt.Errorf("bid %d is of investor %d for %d yuan, which is not the one that was made", i+1, b.investor+1, b.Units)
		}
	}
	return nil
}

// hold notes who holds units of a loan, in the order in which they came.
func (l *lent) hold(investor int, units int64) {
	if _, known := l.held[investor]; !known {
		l.holders = append(l.holders, investor)
	}
	l.held[investor] += units
}
