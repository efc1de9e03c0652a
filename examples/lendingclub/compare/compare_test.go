package compare

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/examples/lendingclub/data"
	"github.com/longmen/longmen/examples/lendingclub/market"
	"github.com/longmen/longmen/examples/lendingclub/play"
	"github.com/longmen/longmen/examples/lendingclub/recount"
	"github.com/longmen/longmen/examples/stage"
)

func script(t *testing.T, loans, investors int) *market.Market {
	t.Helper()
	list, err := market.Read(data.Loans, loans)
	if err != nil {
		t.Fatal(err)
	}
	m, err := market.New(list, investors)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// played plays the script on a ledger with two lanes.
func played(t *testing.T, m *market.Market, f *fake, path string) *play.Player {
	t.Helper()
	run, err := stage.OpenRun(path, "a play")
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	p := play.New(m, run, f, f)
	if err := p.Play(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

func count(t *testing.T, m *market.Market) *recount.Books {
	t.Helper()
	books, err := recount.Count(m, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	return books
}

func TestPlayAndRecountAgree(t *testing.T) {
	m, f := script(t, 12, 200), newFake()
	p, books := played(t, m, f, ""), count(t, m)
	found, err := Check(t.Context(), m, books, &p.Answered, nil, f, f)
	if err != nil {
		t.Fatal(err)
	}
	if found.Wrong != 0 {
		t.Errorf("%d things differ:\n%s", found.Wrong, strings.Join(found.First, "\n"))
	}
	if want := 6 + 200 + 2*12; found.Accounts != want || len(f.side) != want {
		t.Errorf("%d accounts compared, the ledger has %d, want %d", found.Accounts, len(f.side), want)
	}
	s := &p.Stats
	if int(s.Bids.Load()) != books.Bids || int(s.Payments.Load()) != books.Payments || int(s.Sales.Load()) != books.Sales || s.Credits.Load() != books.Credits {
		t.Errorf("played %d bids, %d payments, %d sales, %d credits; counted %d, %d, %d, %d", s.Bids.Load(), s.Payments.Load(),
			s.Sales.Load(), s.Credits.Load(), books.Bids, books.Payments, books.Sales, books.Credits)
	}
	if u := s.Unclaimed.Load(); u == 0 || len(p.Answered.Missing) == 0 {
		t.Errorf("%d unclaimed lines, %d holders could not give back: both should have happened", u, len(p.Answered.Missing))
	}
	if found.Furthest.Of == 0 || found.Furthest.Parts >= found.Furthest.Of {
		t.Errorf("the dumb check found a distance of %d/%d", found.Furthest.Parts, found.Furthest.Of)
	}
}

// One wrong cent anywhere is found.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	m, f := script(t, 12, 200), newFake()
	p, books := played(t, m, f, ""), count(t, m)
	untraded := play.Register(m.Loans[0].Number)
	for name, c := range map[string]struct {
		spoil, mend func()
		says        string
	}{
		"a balance": {
			func() { f.balances[play.Investor(7)]-- }, func() { f.balances[play.Investor(7)]++ }, "account investor:8:cash",
		},
		"custody": {func() { f.balances[play.Custody]++ }, func() { f.balances[play.Custody]-- }, "account bank:custody"},
		"an account": {
			func() { delete(f.side, play.Escrow(3)) }, func() { f.side[play.Escrow(3)] = pb.Side_SIDE_CREDIT }, "no such account",
		},
		"what a holder was paid": {
			func() { f.registers[untraded].Tranches[1].Paid[5]++ }, func() { f.registers[untraded].Tranches[1].Paid[5]-- }, "holder 5, tranche 1",
		},
		"units": {
			func() { f.registers[untraded].Units[4]++ }, func() { f.registers[untraded].Units[4]-- }, "units",
		},
		"who holds": {
			func() { f.registers[untraded].holders[4] = "investor:999:cash" }, func() { f.registers[untraded].holders[4] = play.Investor(int(books.Loans[0].Investor[4])) },
			"holder 4 is investor:999:cash",
		},
		"what lies unclaimed": {
			func() { f.registers[untraded].unclaimed[0]++ }, func() { f.registers[untraded].unclaimed[0]-- }, "unclaimed",
		},
		"what was missing": {
			func() { p.Answered.Missing["investor:1:cash"]++ }, func() { p.Answered.Missing["investor:1:cash"]-- }, "missing",
		},
		"what was taken back": {func() { p.Answered.TakenBack++ }, func() { p.Answered.TakenBack-- }, "taken back"},
	} {
		c.spoil()
		found, err := Check(t.Context(), m, books, &p.Answered, nil, f)
		if err != nil {
			t.Fatal(err)
		}
		if found.Wrong == 0 || !strings.Contains(strings.Join(found.First, "\n"), c.says) {
			t.Errorf("%s is wrong, found %d: %v", name, found.Wrong, found.First)
		}
		c.mend()
	}
}

// The dumb check knows no rule: it objects to a whole cent, whatever the recount says.
func TestDumbCheck(t *testing.T) {
	m, f := script(t, 12, 200), newFake()
	p, books := played(t, m, f, ""), count(t, m)
	register := play.Register(m.Loans[0].Number)
	f.registers[register].Tranches[0].Paid[5] += 2
	books.Loans[0].Paid[0][5] += 2 // the recount would agree
	found, err := Check(t.Context(), m, books, &p.Answered, nil, f)
	if err != nil {
		t.Fatal(err)
	}
	if found.Wrong != 1 || !strings.Contains(found.First[0], "a cent or more from the share") {
		t.Errorf("found %d: %v", found.Wrong, found.First)
	}
}

// A run that is started again on the same folder does nothing twice.
func TestRepeatedRun(t *testing.T) {
	m, f, path := script(t, 10, 200), newFake(), filepath.Join(t.TempDir(), "run")
	first := played(t, m, f, path)
	applied := f.sequence
	second := played(t, m, f, path)
	if f.sequence != applied {
		t.Errorf("the second run applied %d commands", f.sequence-applied)
	}
	if first.Stats.Credits.Load() != second.Stats.Credits.Load() || first.Answered.Recalled != second.Answered.Recalled {
		t.Error("the second run saw other results")
	}
	if _, err := stage.OpenRun(path, "another play"); err == nil {
		t.Error("the file was taken for another play's")
	}
}

// A refusal ends the play and says which command it was.
func TestRefusal(t *testing.T) {
	m, f := script(t, 10, 200), newFake()
	f.refuse = func(c *pb.Command) pb.Code {
		if c.GetPurpose() == play.PurposeSale {
			return pb.Code_CODE_BALANCE_TOO_LOW
		}
		return pb.Code_CODE_APPLIED
	}
	run, err := stage.OpenRun("", "")
	if err != nil {
		t.Fatal(err)
	}
	err = play.New(m, run, f).Play(context.Background())
	if err == nil || !strings.Contains(err.Error(), "sale of units") || !strings.Contains(err.Error(), "CODE_BALANCE_TOO_LOW") {
		t.Errorf("the play ended with %v", err)
	}
}
