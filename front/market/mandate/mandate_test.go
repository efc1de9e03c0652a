package mandate_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/longmen/longmen/front/market/mandate"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// name makes an id that is easy to tell: a letter for what it names, and a number.
func name(kind byte, n int) (i id.ID) {
	i[0], i[6], i[8] = kind, 0x70, 0x80
	binary.BigEndian.PutUint32(i[12:], uint32(n))
	return i
}

// The loan of most examples: 1,000 yuan are left, at least 100 each, in steps of 50.
func loan(n int) mandate.Listing {
	return mandate.Listing{
		ID: name('l', n), Borrower: name('b', n), Grade: "A", Region: "11", Days: 360,
		Left: 1_000_00, Minimum: 100_00, Step: 50_00,
	}
}

func investor(n int) mandate.Investor { return mandate.Investor{ID: name('i', n), Cash: 10_000_00} }

func order(n int) mandate.Mandate {
	return mandate.Mandate{ID: name('m', n), Investor: name('i', n), Turn: uint64(n), Amount: 5_000_00, Smallest: 100_00, PerLoan: 300_00}
}

func match(t testing.TB, in *mandate.Input) mandate.Result {
	t.Helper()
	got, err := mandate.Match(in)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// telling lets a run tell of misses.
func telling(in *mandate.Input) *[]mandate.Miss {
	list := new([]mandate.Miss)
	in.Tell = func(m mandate.Miss) { *list = append(*list, m) }
	return list
}

// Each row changes one thing of a line of two mandates before one loan and says what the first of them takes, or why
// not.
func TestPieces(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(l *mandate.Listing, m *mandate.Mandate, v *mandate.Investor)
		takes  string
	}{
		{"the cap a loan", func(*mandate.Listing, *mandate.Mandate, *mandate.Investor) {}, "30000 per_loan"},
		{"what is left", func(l *mandate.Listing, _ *mandate.Mandate, _ *mandate.Investor) { l.Left = 200_00 }, "20000 left"},
		{"the last of it, below the listing's minimum", func(l *mandate.Listing, m *mandate.Mandate, _ *mandate.Investor) {
			l.Left, m.Smallest = 70_00, 0
		}, "7000 left"},
		{"the last of it, below the mandate's smallest piece", func(l *mandate.Listing, _ *mandate.Mandate, _ *mandate.Investor) {
			l.Left = 70_00
		}, "too_small left 7000"},
		{"the mandate's amount", func(_ *mandate.Listing, m *mandate.Mandate, _ *mandate.Investor) { m.Amount = 150_00 }, "15000 amount"},
		{"the mandate's amount in whole steps", func(_ *mandate.Listing, m *mandate.Mandate, _ *mandate.Investor) { m.Amount = 199_99 }, "15000 amount"},
		{"the mandate is spent", func(_ *mandate.Listing, m *mandate.Mandate, _ *mandate.Investor) { m.Amount = 99_99 }, "too_small amount 9999"},
		{"cash", func(_ *mandate.Listing, _ *mandate.Mandate, v *mandate.Investor) { v.Cash = 160_00 }, "15000 cash"},
		{"no cash", func(_ *mandate.Listing, _ *mandate.Mandate, v *mandate.Investor) { v.Cash = 0 }, "too_small cash 0"},
		{"the listing's share", func(l *mandate.Listing, _ *mandate.Mandate, _ *mandate.Investor) { l.Share = 250_00 }, "25000 share"},
		{"the listing's share, bids of one's own included", func(l *mandate.Listing, _ *mandate.Mandate, v *mandate.Investor) {
			l.Share, v.Loans = 250_00, map[id.ID]int64{l.ID: 100_00}
		}, "15000 share"},
		{"the cap a loan, bids of one's own included", func(l *mandate.Listing, _ *mandate.Mandate, v *mandate.Investor) {
			v.Loans = map[id.ID]int64{l.ID: 250_00}
		}, "too_small per_loan 5000"},
		{"the cap a borrower", func(l *mandate.Listing, m *mandate.Mandate, v *mandate.Investor) {
			m.PerBorrower, v.Borrowers = 500_00, map[id.ID]int64{l.Borrower: 380_00}
		}, "10000 per_borrower"},
		{"the cap a region", func(_ *mandate.Listing, m *mandate.Mandate, v *mandate.Investor) {
			m.PerRegion, v.Regions = 500_00, map[string]int64{"11": 401_00, "44": 9_999_00}
		}, "too_small per_region 9900"},
		{"another grade", func(_ *mandate.Listing, m *mandate.Mandate, _ *mandate.Investor) { m.Grades = []string{"B", "C"} }, "grade"},
		{"one of the grades", func(_ *mandate.Listing, m *mandate.Mandate, _ *mandate.Investor) { m.Grades = []string{"B", "A"} }, "30000 per_loan"},
		{"too short", func(_ *mandate.Listing, m *mandate.Mandate, _ *mandate.Investor) { m.Shortest = 361 }, "term"},
		{"too long", func(_ *mandate.Listing, m *mandate.Mandate, _ *mandate.Investor) { m.Longest = 359 }, "term"},
		{"just the term", func(_ *mandate.Listing, m *mandate.Mandate, _ *mandate.Investor) { m.Shortest, m.Longest = 360, 360 }, "30000 per_loan"},
		{"his own loan", func(l *mandate.Listing, _ *mandate.Mandate, v *mandate.Investor) { l.Borrower = v.ID }, "own"},
		{"sold before", func(l *mandate.Listing, m *mandate.Mandate, _ *mandate.Investor) {
			l.Left, m.Turn = 250_00, 9
		}, "full"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, m, v := loan(1), order(1), investor(1)
			c.change(&l, &m, &v)
			in := &mandate.Input{
				Listings: []mandate.Listing{l}, Mandates: []mandate.Mandate{order(2), m}, Investors: []mandate.Investor{v, investor(2)},
			}
			misses := telling(in)
			got := match(t, in)
			takes := mandate.Unfit(&l, &m).String()
			if takes == "" && len(got.Sold) > 0 {
				takes = mandate.Full.String()
			}
			for _, p := range got.Pieces {
				if p.Mandate == m.ID {
					takes = fmt.Sprintf("%d %s", p.Amount, p.Bound)
				}
			}
			for _, miss := range *misses {
				if miss.Mandate == m.ID {
					takes = fmt.Sprintf("%s %s %d", miss.Reason, miss.Bound, miss.Room)
				}
			}
			if takes != c.takes {
				t.Errorf("takes %q, want %q", takes, c.takes)
			}
		})
	}
}

// Who took a piece stands behind the others for the next loan.
func TestLine(t *testing.T) {
	in := &mandate.Input{}
	for n := 1; n <= 4; n++ {
		in.Mandates = append(in.Mandates, order(n))
		in.Investors = append(in.Investors, investor(n))
	}
	for n := 1; n <= 3; n++ {
		l := loan(n)
		l.Left = 600_00
		in.Listings = append(in.Listings, l)
	}
	got := match(t, in)
	var who []string
	for _, p := range got.Pieces {
		who = append(who, fmt.Sprintf("%d:%d@%d", p.Listing[15], p.Mandate[15], p.Place))
	}
	if want := "1:1@0 1:2@1 2:3@0 2:4@1 3:1@0 3:2@1"; strings.Join(who, " ") != want {
		t.Errorf("the pieces are %v, want %s", who, want)
	}
	want := []id.ID{name('m', 3), name('m', 4), name('m', 1), name('m', 2)}
	if diff := cmp.Diff(want, got.Back); diff != "" {
		t.Error("the back of the line:", diff)
	}
}

func TestRefusesBadInput(t *testing.T) {
	for field, change := range map[string]func(*mandate.Input){
		"mandates[0].id":           func(in *mandate.Input) { in.Mandates[0].ID = id.ID{} },
		"mandates[0].investor":     func(in *mandate.Input) { in.Mandates[0].Investor = id.ID{} },
		"mandates[1].investor":     func(in *mandate.Input) { in.Mandates[1].Investor = name('i', 7) },
		"mandates[1].id":           func(in *mandate.Input) { in.Mandates[1].ID = in.Mandates[0].ID },
		"mandates[0].amount":       func(in *mandate.Input) { in.Mandates[0].Amount = -1 },
		"mandates[0].smallest":     func(in *mandate.Input) { in.Mandates[0].Smallest = mandate.MaxAmount + 1 },
		"mandates[0].per_loan":     func(in *mandate.Input) { in.Mandates[0].PerLoan = -1 },
		"mandates[0].per_borrower": func(in *mandate.Input) { in.Mandates[0].PerBorrower = -1 },
		"mandates[0].per_region":   func(in *mandate.Input) { in.Mandates[0].PerRegion = -1 },
		"mandates[0].longest":      func(in *mandate.Input) { in.Mandates[0].Shortest, in.Mandates[0].Longest = 3, 2 },
		"mandates[0].grades":       func(in *mandate.Input) { in.Mandates[0].Grades = make([]string, 65) },
		"listings[0].id":           func(in *mandate.Input) { in.Listings[0].ID = id.ID{} },
		"listings[1].id":           func(in *mandate.Input) { in.Listings[1].ID = in.Listings[0].ID },
		"listings[0].left":         func(in *mandate.Input) { in.Listings[0].Left = -1 },
		"listings[0].step":         func(in *mandate.Input) { in.Listings[0].Step = 0 },
		"listings[0].minimum":      func(in *mandate.Input) { in.Listings[0].Minimum = 75_00 },
		"listings[0].share":        func(in *mandate.Input) { in.Listings[0].Share = -1 },
		"listings[0].days":         func(in *mandate.Input) { in.Listings[0].Days = 0 },
		"investors[0].id":          func(in *mandate.Input) { in.Investors[0].ID = id.ID{} },
		"investors[1].id":          func(in *mandate.Input) { in.Investors[1].ID = in.Investors[0].ID },
		"investors[0].cash":        func(in *mandate.Input) { in.Investors[0].Cash = -1 },
		"investors[0].loans":       func(in *mandate.Input) { in.Investors[0].Loans = map[id.ID]int64{name('l', 1): -1} },
		"investors[0].borrowers":   func(in *mandate.Input) { in.Investors[0].Borrowers = map[id.ID]int64{name('b', 1): -1} },
		"investors[0].regions":     func(in *mandate.Input) { in.Investors[0].Regions = map[string]int64{"11": -1} },
	} {
		in := &mandate.Input{
			Listings: []mandate.Listing{loan(1), loan(2)}, Mandates: []mandate.Mandate{order(1), order(2)},
			Investors: []mandate.Investor{investor(1), investor(2)},
		}
		change(in)
		_, err := mandate.Match(in)
		e, ok := errors.AsType[*errs.Error](err)
		if !ok || e.Code != errs.Invalid || e.Field != field {
			t.Errorf("%s is bad, and the answer is: %v", field, err)
		}
	}
}

func TestDrifts(t *testing.T) {
	m, v := order(1), investor(1)
	m.PerBorrower, m.PerRegion = 500_00, 900_00
	v.Loans = map[id.ID]int64{name('l', 1): 300_00, name('l', 2): 300_01}
	v.Borrowers = map[id.ID]int64{name('b', 1): 500_00}
	v.Regions = map[string]int64{"44": 900_01, "11": 1_000_00}
	want := []mandate.Drift{
		{Mandate: m.ID, Cap: mandate.PerLoan, Of: name('l', 2).String(), Held: 300_01, Most: 300_00},
		{Mandate: m.ID, Cap: mandate.PerRegion, Of: "11", Held: 1_000_00, Most: 900_00},
		{Mandate: m.ID, Cap: mandate.PerRegion, Of: "44", Held: 900_01, Most: 900_00},
	}
	if diff := cmp.Diff(want, mandate.Drifts(&m, &v)); diff != "" {
		t.Error(diff)
	}
}

// world draws a small market in which bounds meet often.
func world(t *rapid.T) *mandate.Input {
	in := &mandate.Input{}
	few := func(label string, most int) int64 { return int64(rapid.IntRange(0, most).Draw(t, label)) }
	investors := rapid.IntRange(1, 4).Draw(t, "investors")
	for n := range investors {
		v := mandate.Investor{
			ID: name('i', n), Cash: few("cash", 40), Loans: map[id.ID]int64{}, Borrowers: map[id.ID]int64{}, Regions: map[string]int64{},
		}
		v.Loans[name('l', int(few("loan", 4)))] = few("held", 5)
		v.Borrowers[name('b', int(few("borrower", 2)))] = few("held", 9)
		v.Regions[rapid.SampledFrom([]string{"11", "44", "51"}).Draw(t, "region")] = few("held", 9)
		in.Investors = append(in.Investors, v)
	}
	for n := range rapid.IntRange(1, 8).Draw(t, "mandates") {
		m := mandate.Mandate{
			ID: name('m', n), Investor: name('i', rapid.IntRange(0, investors-1).Draw(t, "of")), Turn: uint64(few("turn", 3)),
			Amount: few("amount", 30), Smallest: few("smallest", 4), Shortest: int(few("shortest", 2)),
			PerLoan: few("per loan", 9), PerBorrower: few("per borrower", 12), PerRegion: few("per region", 15),
			Grades: rapid.SliceOfN(rapid.SampledFrom([]string{"A", "B", "C"}), 0, 2).Draw(t, "grades"),
		}
		if more := few("longer", 3); more > 0 {
			m.Longest = m.Shortest + int(more)
		}
		in.Mandates = append(in.Mandates, m)
	}
	for n := range rapid.IntRange(1, 5).Draw(t, "listings") {
		step := 1 + few("step", 2)
		l := mandate.Listing{
			ID: name('l', n), Borrower: name('b', int(few("borrower", 2))), Grade: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "grade"),
			Region: rapid.SampledFrom([]string{"11", "44"}).Draw(t, "region"), Days: 1 + int(few("days", 4)),
			Left: few("left", 25), Step: step, Minimum: step * (1 + few("minimum", 2)), Share: few("share", 9),
		}
		if few("own", 9) == 0 {
			l.Borrower = name('i', 0)
		}
		in.Listings = append(in.Listings, l)
	}
	return in
}

func TestMatchAgreesWithTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := world(t)
		misses := telling(in)
		got, err := mandate.Match(in)
		if err != nil {
			t.Fatal(err)
		}
		want, missed := model(in)
		if diff := cmp.Diff(want, got) + cmp.Diff(missed, *misses); diff != "" {
			t.Fatal("match and model differ:", diff)
		}
		later, looked := looking(in)
		if again, err := mandate.Match(later); err != nil || cmp.Diff(got, again) != "" {
			t.Fatal("read when their turn comes, investors change the result:", err, cmp.Diff(got, again))
		}
		for who, n := range looked {
			if n > 1 {
				t.Fatalf("investor %s was read %d times", who, n)
			}
		}
	})
}

// looking is the same market with investors that are read when their turn comes, and how often each was.
func looking(in *mandate.Input) (*mandate.Input, map[id.ID]int) {
	later, looked := *in, map[id.ID]int{}
	later.Investors = nil
	later.Look = func(who id.ID) (mandate.Investor, error) {
		looked[who]++
		return in.Investors[slices.IndexFunc(in.Investors, func(v mandate.Investor) bool { return v.ID == who })], nil
	}
	return &later, looked
}

// Whoever stands behind the last piece is not read, and one who can't be read ends the run.
func TestInvestorsAreReadWhenTheirTurnComes(t *testing.T) {
	in := &mandate.Input{Listings: []mandate.Listing{loan(1)}}
	for n := 1; n <= 9; n++ {
		in.Mandates, in.Investors = append(in.Mandates, order(n)), append(in.Investors, investor(n))
	}
	in.Mandates[1].Grades = []string{"B"}
	later, looked := looking(in)
	if got := match(t, later); len(got.Pieces) != 4 || len(looked) != 4 || looked[name('i', 2)] != 0 {
		t.Errorf("%d pieces, read were %v", len(got.Pieces), looked)
	}
	wrong := errors.New("the shelf is away")
	later.Look = func(id.ID) (mandate.Investor, error) { return mandate.Investor{}, wrong }
	if _, err := mandate.Match(later); !errors.Is(err, wrong) {
		t.Errorf("the answer is %v", err)
	}
	later.Look = func(who id.ID) (mandate.Investor, error) { return mandate.Investor{ID: who, Cash: -1}, nil }
	if _, err := mandate.Match(later); !errs.Is(err, errs.Invalid) {
		t.Errorf("the answer is %v", err)
	}
}

// What must hold whatever the rule of sizes is.
func TestBoundsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := world(t)
		got, err := mandate.Match(in)
		if err != nil {
			t.Fatal(err)
		}
		h := newHoldings(in)
		for _, p := range got.Pieces {
			h.add(&p)
			h.within(t, in, &p)
		}
	})
}

// Of every mandate that took nothing of a listing a reason is known: their terms, what was told, or that it was sold.
func TestEveryMissHasAReason(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := world(t)
		misses := telling(in)
		got, err := mandate.Match(in)
		if err != nil {
			t.Fatal(err)
		}
		known := map[[2]id.ID]bool{}
		for _, p := range got.Pieces {
			known[[2]id.ID{p.Listing, p.Mandate}] = true
		}
		for _, m := range *misses {
			known[[2]id.ID{m.Listing, m.Mandate}] = true
		}
		for i := range in.Listings {
			l := &in.Listings[i]
			for k := range in.Mandates {
				m := &in.Mandates[k]
				if !known[[2]id.ID{l.ID, m.ID}] && mandate.Unfit(l, m) == 0 && !slices.Contains(got.Sold, l.ID) {
					t.Fatalf("nothing is said of mandate %s and listing %s", m.ID, l.ID)
				}
			}
		}
		in.Tell = nil
		if again, err := mandate.Match(in); err != nil || cmp.Diff(got, again) != "" {
			t.Fatalf("when nobody is told the result is another: %v, %v", again, err)
		}
	})
}

// large is a market of as many mandates as the platform has to match within a minute. In the worst one everybody would
// take something, but has reached the cap of every region.
func large(worst bool) *mandate.Input {
	const mandates, listings = 100_000, 1_000
	r := rand.New(rand.NewPCG(1, 2))
	in := &mandate.Input{}
	for n := range listings {
		l := loan(n)
		l.Grade, l.Region = string(rune('A'+r.IntN(7))), fmt.Sprint(r.IntN(34))
		l.Days, l.Left = 90+r.IntN(1700), int64(1+r.IntN(20))*10_000_00
		in.Listings = append(in.Listings, l)
	}
	for n := range mandates {
		m, v := order(n), investor(n)
		m.PerBorrower, m.PerRegion = 1_000_00, 2_000_00
		if worst {
			v.Regions = map[string]int64{}
			for region := range 34 {
				v.Regions[fmt.Sprint(region)] = 2_000_00
			}
		} else {
			m.Shortest, m.Longest = r.IntN(200), 300+r.IntN(1500)
			m.Grades = []string{"A", "B", "C", "D", "E", "F", "G"}[r.IntN(4) : 4+r.IntN(4)]
		}
		in.Mandates, in.Investors = append(in.Mandates, m), append(in.Investors, v)
	}
	return in
}

// BenchmarkMatch is 100,000 mandates before 1,000 loans.
func BenchmarkMatch(b *testing.B) {
	for _, c := range []struct {
		name  string
		worst bool
	}{{"usual", false}, {"nobody-can", true}} {
		in := large(c.worst)
		b.Run(c.name, func(b *testing.B) {
			pieces := 0
			for b.Loop() {
				pieces = len(match(b, in).Pieces)
			}
			b.ReportMetric(float64(pieces), "pieces")
		})
	}
}

// What the product's rules are against goes to the next in the line, and who is asked about hears it.
func TestPiecesThatAreNotAllowed(t *testing.T) {
	var asked []int64
	in := &mandate.Input{
		Listings: []mandate.Listing{loan(1)}, Mandates: []mandate.Mandate{order(1), order(2)}, Investors: []mandate.Investor{investor(1), investor(2)},
		Allow: func(p *mandate.Piece) bool {
			asked = append(asked, p.Amount)
			return p.Investor != name('i', 1)
		},
	}
	misses := telling(in)
	got := match(t, in)
	want := []mandate.Miss{{Listing: name('l', 1), Mandate: name('m', 1), Reason: mandate.NotAllowed}}
	if len(got.Pieces) != 1 || got.Pieces[0].Mandate != name('m', 2) || !slices.Equal(*misses, want) || want[0].Reason.String() != "not_allowed" ||
		!slices.Equal(asked, []int64{300_00, 300_00}) {
		t.Errorf("%+v %+v, asked %v", got, *misses, asked)
	}
}

// Regions count only where a mandate has a cap on them; a loan of one region too many is put aside, and stops no other.
func TestManyRegions(t *testing.T) {
	in := &mandate.Input{Investors: []mandate.Investor{{ID: name('i', 1), Cash: 1_000_000_00}}, Mandates: []mandate.Mandate{order(1)}}
	in.Mandates[0].Amount = 1_000_000_00
	for n := range mandate.MaxRegions + 2 {
		l := loan(n + 1)
		l.Region = fmt.Sprint("region ", n)
		in.Listings = append(in.Listings, l)
	}
	if got := match(t, in); len(got.Pieces) != len(in.Listings) {
		t.Errorf("%d pieces of %d loans", len(got.Pieces), len(in.Listings))
	}
	in.Mandates[0].PerRegion = 1_000_000_00
	if got := match(t, in); len(got.Pieces) != mandate.MaxRegions {
		t.Errorf("%d pieces, want %d", len(got.Pieces), mandate.MaxRegions)
	}
}
