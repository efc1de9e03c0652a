package mandate_test

import (
	"bytes"
	"slices"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/front/market/mandate"
	"github.com/longmen/longmen/kit/id"
)

// holdings is what investors hold and have left, by plain maps.
type holdings struct {
	cash, amount map[id.ID]int64 // by investor, by mandate
	loan         map[[2]id.ID]int64
	borrower     map[[2]id.ID]int64
	region       map[id.ID]map[string]int64
	listings     map[id.ID]mandate.Listing
	mandates     map[id.ID]mandate.Mandate
}

func newHoldings(in *mandate.Input) *holdings {
	h := &holdings{
		map[id.ID]int64{},
		map[id.ID]int64{},
		map[[2]id.ID]int64{},
		map[[2]id.ID]int64{},
		map[id.ID]map[string]int64{},
		map[id.ID]mandate.Listing{},
		map[id.ID]mandate.Mandate{},
	}
	for _, v := range in.Investors {
		h.cash[v.ID], h.region[v.ID] = v.Cash, map[string]int64{}
		for of, a := range v.Loans {
			h.loan[[2]id.ID{v.ID, of}] = a
		}
		for of, a := range v.Borrowers {
			h.borrower[[2]id.ID{v.ID, of}] = a
		}
		for of, a := range v.Regions {
			h.region[v.ID][of] = a
		}
	}
	for _, m := range in.Mandates {
		h.amount[m.ID], h.mandates[m.ID] = m.Amount, m
	}
	for _, l := range in.Listings {
		h.listings[l.ID] = l
	}
	return h
}

func (h *holdings) add(p *mandate.Piece) {
	l := h.listings[p.Listing]
	l.Left -= p.Amount
	h.listings[p.Listing] = l
	h.cash[p.Investor] -= p.Amount
	h.amount[p.Mandate] -= p.Amount
	h.loan[[2]id.ID{p.Investor, l.ID}] += p.Amount
	h.borrower[[2]id.ID{p.Investor, l.Borrower}] += p.Amount
	h.region[p.Investor][l.Region] += p.Amount
}

// within fails unless everything is within its bounds after a piece.
func (h *holdings) within(t *rapid.T, in *mandate.Input, p *mandate.Piece) {
	l, m := h.listings[p.Listing], h.mandates[p.Mandate]
	above := func(what string, has, most int64) {
		if most > 0 && has > most {
			t.Fatalf("%s: %d held, at most %d, after %+v", what, has, most, *p)
		}
	}
	above("a loan", h.loan[[2]id.ID{p.Investor, l.ID}], m.PerLoan)
	above("a borrower", h.borrower[[2]id.ID{p.Investor, l.Borrower}], m.PerBorrower)
	above("a region", h.region[p.Investor][l.Region], m.PerRegion)
	above("the share", h.loan[[2]id.ID{p.Investor, l.ID}], l.Share)
	if l.Left < 0 || h.cash[p.Investor] < 0 || h.amount[p.Mandate] < 0 || p.Amount < 1 || p.Amount < m.Smallest {
		t.Fatalf("sold %+v: listing, cash or mandate is overdrawn, or the piece is too small", *p)
	}
	if l.Left > 0 && (p.Amount < l.Minimum || p.Amount%l.Step != 0) {
		t.Fatalf("sold %+v: below the minimum or no whole step", *p)
	}
}

// model is the rule as one would do it by hand: a list of mandates, a list of bounds, one loan after the other.
func model(in *mandate.Input) (result mandate.Result, misses []mandate.Miss) {
	h := newHoldings(in)
	line := slices.Clone(in.Mandates)
	slices.SortFunc(line, func(a, b mandate.Mandate) int {
		if a.Turn != b.Turn {
			return int(a.Turn) - int(b.Turn)
		}
		return bytes.Compare(a.ID[:], b.ID[:])
	})
	hit := map[id.ID]bool{}
	for _, offered := range in.Listings {
		var front, back []mandate.Mandate
		for place, m := range line {
			l := h.listings[offered.ID]
			amount, bound, reason := h.take(&l, &m)
			if reason == 0 {
				p := mandate.Piece{Listing: l.ID, Mandate: m.ID, Investor: m.Investor, Amount: amount, Bound: bound, Place: place}
				h.add(&p)
				result.Pieces = append(result.Pieces, p)
				back, hit[m.ID] = append(back, m), true
				continue
			}
			front = append(front, m)
			if l.Left == 0 && (len(result.Sold) == 0 || result.Sold[len(result.Sold)-1] != l.ID) {
				result.Sold = append(result.Sold, l.ID)
			}
			if reason == mandate.TooSmall {
				misses = append(misses, mandate.Miss{Listing: l.ID, Mandate: m.ID, Reason: reason, Bound: bound, Room: amount})
			}
		}
		line = append(front, back...)
	}
	for _, m := range line {
		if hit[m.ID] {
			result.Back = append(result.Back, m.ID)
		}
	}
	return result, misses
}

// take says how much, from which bound, or why nothing.
func (h *holdings) take(l *mandate.Listing, m *mandate.Mandate) (int64, mandate.Bound, mandate.Reason) {
	switch {
	case l.Borrower == m.Investor:
		return 0, 0, mandate.Own
	case len(m.Grades) > 0 && !slices.Contains(m.Grades, l.Grade):
		return 0, 0, mandate.Grade
	case l.Days < m.Shortest || m.Longest > 0 && l.Days > m.Longest:
		return 0, 0, mandate.Term
	case l.Left == 0:
		return 0, 0, mandate.Full
	}
	rooms := []int64{l.Left, h.amount[m.ID], h.cash[m.Investor]}
	for _, c := range [][2]int64{
		{l.Share, h.loan[[2]id.ID{m.Investor, l.ID}]},
		{m.PerLoan, h.loan[[2]id.ID{m.Investor, l.ID}]},
		{m.PerBorrower, h.borrower[[2]id.ID{m.Investor, l.Borrower}]},
		{m.PerRegion, h.region[m.Investor][l.Region]},
	} {
		room := int64(1 << 62)
		if c[0] > 0 {
			room = max(c[0]-c[1], 0)
		}
		rooms = append(rooms, room)
	}
	room := slices.Min(rooms)
	bound := mandate.Bound(slices.Index(rooms, room) + 1)
	piece := room
	if piece != l.Left {
		piece = piece / l.Step * l.Step
	}
	if piece < 1 || piece < m.Smallest || piece < l.Minimum && piece != l.Left {
		return room, bound, mandate.TooSmall
	}
	return piece, bound, 0
}
