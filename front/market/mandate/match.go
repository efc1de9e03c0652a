package mandate

import (
	"cmp"
	"slices"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Input is all that a run depends on.
type Input struct {
	Listings  []Listing // in the order in which they are offered
	Mandates  []Mandate
	Investors []Investor
	// Look reads an investor who is not among them when a mandate of his comes up, if it does; nil: there are no others.
	Look func(id.ID) (Investor, error)
	// Tell is told of mandates that take nothing while something is left of a listing, unless they are Unfit; nil: nobody is.
	Tell func(Miss)
	// Allow says whether a piece is allowed that a mandate would take; nil: all are.
	Allow func(*Piece) bool
}

// Result is what a run comes to.
type Result struct {
	Pieces []Piece // by listing, then along the line
	// Sold are the listings of which nothing was left before the line came to its end: whoever stood farther back found
	// them full.
	Sold []id.ID
	// Back are the mandates that took something, in the order in which they stand at the back of the line now.
	Back []id.ID
}

// slot is a place in the line with what is needed to pass over most mandates without looking at them. After a mandate
// went to the back its old slot is empty.
type slot struct {
	grades            uint64 // bit by bit; all ones: any
	shortest, longest int32
	mandate           int32
	empty             bool
}

type state struct {
	left     int64 // of the mandate's amount
	investor int32
	hit      bool
}

// run is a match under way. Whoever is named by an id outside has a small number inside.
type run struct {
	in       *Input
	line     []slot
	gone     int // empty slots
	mandates []state
	known    []bool  // by investor: his figures are
	cash     []int64 // by investor
	grades   map[string]uint64
	regions  [][]int64 // by region, then investor; one for all if no mandate has a cap on any
	region   map[string]int
	aside    map[id.ID]bool // listings beyond what one run counts
	held     map[held]int64
	result   Result
	failed   error // at reading an investor
}

// held names what an investor holds of one loan or one borrower.
type held struct {
	investor int32
	kind     uint8
	of       id.ID
}

const (
	loan = iota
	borrower
)

// Match lets listings be funded by mandates.
func Match(in *Input) (Result, error) {
	r := &run{in: in, grades: map[string]uint64{}, region: map[string]int{}, held: map[held]int64{}, aside: map[id.ID]bool{}}
	if err := r.number(); err != nil {
		return Result{}, err
	}
	for i := range in.Listings {
		if l := &in.Listings[i]; !r.aside[l.ID] {
			r.offer(l)
		}
		if r.failed != nil {
			return Result{}, r.failed
		}
	}
	r.back()
	return r.result, nil
}

// number checks the input and gives numbers to all that it names.
func (r *run) number() error {
	in := r.in
	if len(in.Mandates) > MaxMandates || len(in.Listings) > MaxListings || len(in.Investors) > MaxMandates {
		return errs.TooLarge.Errorf("at most %d mandates and investors and %d listings are matched at once", MaxMandates, MaxListings)
	}
	if err := r.numberListings(); err != nil {
		return err
	}
	investors, err := r.numberInvestors()
	if err != nil {
		return err
	}
	seen := make(map[id.ID]bool, len(in.Mandates))
	r.mandates, r.line = make([]state, len(in.Mandates)), make([]slot, len(in.Mandates), 2*len(in.Mandates))
	for i := range in.Mandates {
		m := &in.Mandates[i]
		if err := m.check(func(name string) string { return fieldOf("mandates", i, name) }); err != nil {
			return err
		}
		if seen[m.ID] {
			return errs.Invalid.Errorf("there are two mandates of this id").On(fieldOf("mandates", i, "id"))
		}
		seen[m.ID] = true
		investor, known := investors[m.Investor]
		if !known && in.Look != nil {
			investor, known = int32(len(investors)), true
			investors[m.Investor] = investor
		}
		if !known {
			return errs.Invalid.Errorf("it is not among the investors").On(fieldOf("mandates", i, "investor"))
		}
		r.mandates[i] = state{left: m.Amount, investor: investor}
		r.line[i] = r.slot(int32(i))
	}
	r.room(len(investors))
	slices.SortFunc(r.line, func(a, b slot) int {
		x, y := &in.Mandates[a.mandate], &in.Mandates[b.mandate]
		return cmp.Or(cmp.Compare(x.Turn, y.Turn), slices.Compare(x.ID[:], y.ID[:]))
	})
	return nil
}

// numberListings puts aside what has a grade or a region beyond those that are counted: the next run looks at it again.
func (r *run) numberListings() error {
	capped := slices.ContainsFunc(r.in.Mandates, func(m Mandate) bool { return m.PerRegion > 0 })
	seen := map[id.ID]bool{}
	for i := range r.in.Listings {
		l := &r.in.Listings[i]
		if err := l.check(i); err != nil {
			return err
		}
		if seen[l.ID] {
			return errs.Invalid.Errorf("there are two listings of this id").On(fieldOf("listings", i, "id"))
		}
		seen[l.ID] = true
		if _, known := r.grades[l.Grade]; !known {
			if len(r.grades) == MaxGrades {
				r.aside[l.ID] = true
				continue
			}
			r.grades[l.Grade] = 1 << len(r.grades)
		}
		if _, known := r.region[l.Region]; capped && !known {
			if len(r.region) == MaxRegions {
				r.aside[l.ID] = true
				continue
			}
			r.region[l.Region] = len(r.region)
		}
	}
	return nil
}

func (r *run) numberInvestors() (map[id.ID]int32, error) {
	numbers := make(map[id.ID]int32, max(len(r.in.Investors), len(r.in.Mandates)))
	r.regions = make([][]int64, max(len(r.region), 1))
	r.room(len(r.in.Investors))
	for i := range r.in.Investors {
		v, n := &r.in.Investors[i], int32(i)
		if err := v.check(func(name string) string { return fieldOf("investors", i, name) }); err != nil {
			return nil, err
		}
		if _, twice := numbers[v.ID]; twice {
			return nil, errs.Invalid.Errorf("there are two investors of this id").On(fieldOf("investors", i, "id"))
		}
		numbers[v.ID] = n
		r.learn(n, v)
	}
	return numbers, nil
}

// room makes room for so many investors.
func (r *run) room(n int) {
	more := n - len(r.known)
	r.known, r.cash = append(r.known, make([]bool, more)...), append(r.cash, make([]int64, more)...)
	for i := range r.regions {
		r.regions[i] = append(r.regions[i], make([]int64, more)...)
	}
}

// learn takes up an investor's figures.
func (r *run) learn(n int32, v *Investor) {
	r.known[n], r.cash[n] = true, v.Cash
	for of, a := range v.Loans {
		r.held[held{n, loan, of}] = a
	}
	for of, a := range v.Borrowers {
		r.held[held{n, borrower, of}] = a
	}
	for name, a := range v.Regions {
		if at, known := r.region[name]; known {
			r.regions[at][n] = a
		}
	}
}

// know reads an investor whose figures are not known yet.
func (r *run) know(n int32, who id.ID) bool {
	if r.known[n] || r.failed != nil {
		return r.failed == nil
	}
	v, err := r.in.Look(who)
	if err == nil {
		err = v.check(func(name string) string { return "investor." + name })
	}
	if r.failed = err; err == nil {
		r.learn(n, &v)
	}
	return err == nil
}

// slot is the place that a mandate takes when it joins the line.
func (r *run) slot(i int32) slot {
	m := &r.in.Mandates[i]
	s := slot{mandate: i, shortest: int32(min(m.Shortest, 1<<31-1)), longest: 1<<31 - 1, grades: ^uint64(0)}
	if m.Longest > 0 {
		s.longest = int32(min(m.Longest, 1<<31-1))
	}
	if len(m.Grades) > 0 {
		s.grades = 0
		for _, g := range m.Grades {
			s.grades |= r.grades[g] // one that no listing has is 0
		}
	}
	return s
}

// offer offers a listing along the line as it stands.
func (r *run) offer(l *Listing) {
	grade, days, left := r.grades[l.Grade], int32(min(l.Days, 1<<31-1)), l.Left
	region := r.regions[r.region[l.Region]]
	r.compact()
	place := 0
	for i, end := 0, len(r.line); i < end; i++ {
		s := r.line[i]
		if s.empty {
			continue
		}
		if left == 0 {
			r.result.Sold = append(r.result.Sold, l.ID)
			return
		}
		place++
		if s.grades&grade == 0 || days < s.shortest || s.longest < days {
			continue
		}
		if !r.know(r.mandates[s.mandate].investor, r.in.Mandates[s.mandate].Investor) {
			return
		}
		if !r.hopeless(l, left, region, s.mandate) {
			if p, ok := r.size(l, left, s.mandate); ok && r.allows(&p) {
				p.Place = place - 1
				left -= p.Amount
				r.take(l, i, p)
				continue
			}
		}
		if m := &r.in.Mandates[s.mandate]; r.in.Tell != nil && m.Investor != l.Borrower {
			r.in.Tell(r.miss(l, left, s.mandate))
		}
	}
}

func (r *run) allows(p *Piece) bool { return r.in.Allow == nil || r.in.Allow(p) }

// hopeless says cheaply of most mandates that take nothing that they don't.
func (r *run) hopeless(l *Listing, left int64, region []int64, mandate int32) bool {
	m, st := &r.in.Mandates[mandate], &r.mandates[mandate]
	room := min(left, st.left, r.cash[st.investor])
	if m.PerRegion > 0 {
		room = min(room, m.PerRegion-region[st.investor])
	}
	return room < need(l, m, left) || m.Investor == l.Borrower
}

// size works out what a mandate takes of what is left, and by which bound. Of one that takes nothing it tells the room.
func (r *run) size(l *Listing, left int64, mandate int32) (Piece, bool) {
	m, st := &r.in.Mandates[mandate], &r.mandates[mandate]
	p := Piece{Listing: l.ID, Mandate: m.ID, Investor: m.Investor, Amount: left, Bound: Left}
	p.bound(st.left, Amount)
	p.bound(r.cash[st.investor], Cash)
	if l.Share > 0 || m.PerLoan > 0 {
		has := r.held[held{st.investor, loan, l.ID}]
		p.cap(l.Share, has, Share)
		p.cap(m.PerLoan, has, PerLoan)
	}
	if m.PerBorrower > 0 {
		p.cap(m.PerBorrower, r.held[held{st.investor, borrower, l.Borrower}], PerBorrower)
	}
	p.cap(m.PerRegion, r.regions[r.region[l.Region]][st.investor], PerRegion)
	if rounded := p.rounded(l, left); rounded >= need(l, m, left) {
		p.Amount = rounded
		return p, true
	}
	return p, false
}

// cap bounds a piece by what is missing to a most; 0: none.
func (p *Piece) cap(most, has int64, by Bound) {
	if most > 0 {
		p.bound(max(most-has, 0), by)
	}
}

func (p *Piece) bound(room int64, by Bound) {
	if room < p.Amount {
		p.Amount, p.Bound = room, by
	}
}

// rounded is the piece in whole steps, or all that is left.
func (p *Piece) rounded(l *Listing, left int64) int64 {
	if p.Amount == left {
		return left
	}
	return p.Amount - p.Amount%l.Step
}

// need is the least that a mandate takes of a listing. The listing's minimum does not hold for the last of it.
func need(l *Listing, m *Mandate, left int64) int64 {
	return max(min(l.Minimum, left), m.Smallest, 1)
}

// take books a piece of the mandate at a place of the line and sends it to the back.
func (r *run) take(l *Listing, at int, p Piece) {
	i := r.line[at].mandate
	st := &r.mandates[i]
	st.left -= p.Amount
	st.hit = true
	r.cash[st.investor] -= p.Amount
	r.regions[r.region[l.Region]][st.investor] += p.Amount
	r.held[held{st.investor, loan, l.ID}] += p.Amount
	r.held[held{st.investor, borrower, l.Borrower}] += p.Amount
	r.result.Pieces = append(r.result.Pieces, p)
	r.line = append(r.line, r.line[at])
	r.line[at].empty = true
	r.gone++
}

// miss says why a mandate took nothing of what is left.
func (r *run) miss(l *Listing, left int64, mandate int32) Miss {
	miss := Miss{Listing: l.ID, Mandate: r.in.Mandates[mandate].ID, Reason: NotAllowed}
	if p, ok := r.size(l, left, mandate); !ok {
		miss.Reason, miss.Bound, miss.Room = TooSmall, p.Bound, p.Amount
	}
	return miss
}

// compact closes the gaps in the line once they are many.
func (r *run) compact() {
	if r.gone > len(r.mandates)/2 {
		r.line = slices.DeleteFunc(r.line, func(s slot) bool { return s.empty })
		r.gone = 0
	}
}

// back lists who stands at the back of the line because he took something.
func (r *run) back() {
	for _, s := range r.line {
		if !s.empty && r.mandates[s.mandate].hit {
			r.result.Back = append(r.result.Back, r.in.Mandates[s.mandate].ID)
		}
	}
}
