package market

import (
	"context"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/front/market/mandate"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Bid is an investor's part in funding a listing.
type Bid struct {
	Tenant   id.ID
	ID       id.ID // made by the first client; also that of its command
	Listing  id.ID
	Investor id.ID
	Mandate  id.ID         // by which it was made, if any
	Bound    mandate.Bound // that decided its size then; 0: no mandate made it, or it is older than that is kept
	Amount   int64
	Units    uint64

	// Class of the units, by which fees are taken from their lines. It follows from who the investor is.
	Class uint8

	// Of the one who asks; they are in the journal.
	Actor id.ID
	Trace id.ID

	// What follows from the journal.
	Sequence uint64
	At       int64
	Ended    uint64 // sequence of its cancel, 0 while it stands
}

// figures is what a bidder's listing looks like in the ledger at a moment.
type figures struct {
	now     int64
	there   bool
	units   uint64 // sold
	held    uint64 // by him
	class   uint8  // of what he holds
	frozen  bool
	balance int64 // of the escrow
}

// look reads how a listing stands. An account of "" holds nothing.
func (m *Market) look(ctx context.Context, on Ledger, l *Listing, account string) (f figures, err error) {
	err = on.View(ctx, 0, func(e *ledger.Engine) { f = m.figures(e, l, account) })
	return f, err
}

func (m *Market) figures(e *ledger.Engine, l *Listing, account string) (f figures) {
	f.now = int64(e.Now())
	if e.Clock() == ledger.RealClock {
		f.now = max(f.now, m.Clock.Now().UnixMicro())
	}
	// The register may be somebody else's; the escrow is the listing's own, and opened with it.
	r, _ := e.Register(l.Register)
	a, there := e.Account(l.Escrow())
	if f.there = there; !there {
		return f
	}
	f.units, f.frozen, f.balance = r.Units, a.NoCredits, a.Balance()
	if account == "" {
		return f
	}
	if h, ok := e.Holding(l.Register, account); ok {
		f.held, f.class = h.Units, h.Class
	}
	return f
}

// Terms of a listing never change, so they are remembered.
func (m *Market) remembered(ctx context.Context, tenant, listing id.ID) (*Listing, error) {
	if l, ok := m.known.get(key{tenant, listing}); ok {
		return l, nil
	}
	l, err := m.Listing(ctx, tenant, listing)
	if err != nil {
		return nil, err
	}
	if l.State != Opening { // before that its end may still be another one
		m.known.put(key{tenant, listing}, &l)
	}
	return &l, nil
}

// Place makes a bid: one command, whose answer says how it went. The same bid again gives the first answer.
//
// What the product says is checked against the ledger as it stands. All that one investor bids and
// buys takes turns, so his share and the rules hold however many he makes at once; that all of it goes through the process
// that leads the ledger is for the doors to see to. That no more is sold than there is,
// the register sees to by itself.
func (m *Market) Place(ctx context.Context, b Bid) (Bid, error) {
	l, err := m.remembered(ctx, b.Tenant, b.Listing)
	if err != nil {
		return Bid{}, err
	}
	if err := b.count(l); err != nil {
		return Bid{}, err
	}
	on, err := m.Ledgers(ctx, l.Ledger)
	if err != nil {
		return Bid{}, err
	}
	leave, _, err := m.turns.takeAll(ctx, turnsOf(l, b.Investor))
	if err != nil {
		return Bid{}, err
	}
	defer leave()
	if err := m.unused(ctx, &b); err != nil {
		return Bid{}, err
	}
	if err := m.admit(ctx, on, l, &b, 0); err != nil {
		// What was done before is answered as it was.
		if first, again, failed := m.first(ctx, l, on, &b); again || failed != nil {
			return first, failed
		}
		return Bid{}, err
	}
	done, err := m.place(ctx, on, l, b)
	if errs.Is(err, errs.Conflict) { // perhaps he was of another class when he made it
		if first, again, failed := m.first(ctx, l, on, &b); again || failed != nil {
			return first, failed
		}
	}
	return done, err
}

// first finds a bid that was made before with the same words.
func (m *Market) first(ctx context.Context, l *Listing, on Ledger, b *Bid) (first Bid, again bool, err error) {
	if err := m.reread(ctx, l, on); err != nil {
		return first, false, err
	}
	first, err = m.Bid(ctx, b.Tenant, b.ID)
	if errs.Is(err, errs.NotFound) || err == nil && (first.Listing != b.Listing || first.Investor != b.Investor || first.Amount != b.Amount) {
		return Bid{}, false, nil
	}
	return first, err == nil, err
}

// reread waits, once for each ledger, for the rows of the bids that another process made: it remembers none of them.
func (m *Market) reread(ctx context.Context, l *Listing, on Ledger) error {
	of := owner{tenant: l.Tenant, on: l.Ledger}
	if _, done := m.rereads.Load(of); done {
		return nil
	}
	last, err := sequence(ctx, on)
	if err != nil {
		return err
	}
	if err := m.Await(ctx, l.Tenant, l.Ledger, last); err != nil {
		return err
	}
	m.rereads.Store(of, true)
	return nil
}

// sequence is how far a ledger is.
func sequence(ctx context.Context, on Ledger) (last uint64, err error) {
	err = on.View(ctx, 0, func(e *ledger.Engine) { last = e.Sequence() })
	return last, err
}

// count checks what needs no state and works out the units.
func (b *Bid) count(l *Listing) error {
	if err := b.ID.Check(); err != nil {
		return invalid("id", "%v", err)
	}
	if err := b.Investor.Check(); err != nil {
		return invalid("investor", "%v", err)
	}
	if b.Amount < 1 || b.Amount > MaxAmount || b.Amount%l.Unit != 0 {
		return invalid("amount", "%d, want a multiple of %d", b.Amount, l.Unit)
	}
	b.Units = uint64(b.Amount / l.Unit)
	if b.Investor == l.Borrower {
		return Own.Errorf("the investor is the borrower of this loan").On("listing")
	}
	return nil
}

// admit refuses what the product does not allow, as the ledger stands, and with so many units fewer that others are about
// to buy.
func (m *Market) admit(ctx context.Context, on Ledger, l *Listing, b *Bid, ahead uint64) error {
	f, err := m.look(ctx, on, l, Cash(b.Investor))
	if err != nil {
		return err
	}
	left := l.Units - min(f.units+ahead, l.Units)
	switch {
	case !f.there || f.now < l.Opened:
		return Closed.Errorf("it is not open yet").On("listing")
	case f.frozen || f.now >= l.Closes:
		return Closed.Errorf("it closed at %s", time.UnixMicro(l.Closes).UTC().Format(time.RFC3339)).On("listing")
	case b.Units > left:
		return soldOut(l, left)
	case b.Units != left && b.Units < l.Minimum:
		return invalid("amount", "%d, want at least %d, or all that is left", b.Amount, l.Amount(l.Minimum))
	case b.Units != left && b.Units%l.Step != 0:
		return invalid("amount", "%d, want a multiple of %d, or all that is left", b.Amount, l.Amount(l.Step))
	case f.held+b.Units > l.Share:
		return ShareReached.Errorf("one investor may hold %d of this loan, and you hold %d already", l.Amount(l.Share), l.Amount(f.held)).On("amount")
	}
	if m.Admit != nil {
		if err := m.Admit(ctx, l, b, l.Amount(f.held)); err != nil {
			return err
		}
	}
	// Who holds units has one class for all of them.
	if b.Class = f.class; f.held == 0 && m.Class != nil {
		b.Class, err = m.Class(ctx, l, b.Investor)
	}
	return err
}

func soldOut(l *Listing, left uint64) error {
	return SoldOut.Errorf("%d is left of %d", l.Amount(left), l.Amount(l.Units)).On("amount")
}

// place sends the bid and says how it went.
func (m *Market) place(ctx context.Context, on Ledger, l *Listing, b Bid) (Bid, error) {
	a, err := send(ctx, on, l.bidCommand(&b))
	if err != nil {
		return Bid{}, err
	}
	if a.Result.Code != ledger.Applied {
		return Bid{}, m.refused(ctx, on, l, &a.Result)
	}
	b.Sequence, b.At = a.Result.Sequence, int64(a.Result.Timestamp)
	m.remember(b)
	return b, nil
}

// refused says in the bidder's words what the ledger refused.
func (m *Market) refused(ctx context.Context, on Ledger, l *Listing, r *ledger.Result) error {
	switch r.Code {
	case ledger.CapExceeded:
		f, err := m.look(ctx, on, l, "")
		if err != nil {
			return err
		}
		return soldOut(l, l.Units-min(f.units, l.Units))
	case ledger.CreditsFrozen:
		return Closed.Errorf("it was closed just before, at sequence %d it took no more", r.Sequence).On("listing")
	case ledger.AccountNotFound:
		return NoMoney.Errorf("the investor has no cash account in this ledger").On("investor")
	case ledger.BalanceTooLow, ledger.AmountFrozen, ledger.DebitsFrozen:
		return NoMoney.Errorf("the ledger refused it at sequence %d: %s", r.Sequence, r.Code).On("amount")
	}
	return errs.Conflict.Errorf("the ledger refused it at sequence %d: %s", r.Sequence, r.Code)
}

// Cancel takes a bid back while its listing is not settled: the opposite of the bid, one command.
func (m *Market) Cancel(ctx context.Context, tenant, bid, actor id.ID) (Bid, error) {
	b, err := m.Bid(ctx, tenant, bid)
	if err != nil {
		return Bid{}, err
	}
	l, err := m.remembered(ctx, tenant, b.Listing)
	if err != nil {
		return Bid{}, err
	}
	on, err := m.Ledgers(ctx, l.Ledger)
	if err != nil {
		return Bid{}, err
	}
	if b.Ended != 0 {
		return b, nil
	}
	leave, err := m.turns.take(ctx, turn{l.Register, Cash(b.Investor)})
	if err != nil {
		return Bid{}, err
	}
	defer leave()
	a, err := m.sendCancel(ctx, on, l, &b, actor)
	switch {
	case err != nil || b.Ended != 0:
		return b, err
	case a.Result.Code == ledger.Applied:
		b.Ended = a.Result.Sequence
		return b, nil
	case a.Result.Code == ledger.BalanceTooLow || a.Result.Code == ledger.UnitsTooFew || a.Result.Code == ledger.UnitsHeld:
		return Bid{}, Settled.Errorf("the money is not in the listing any more").On("bid")
	}
	return Bid{}, errs.Conflict.Errorf("the ledger refused it at sequence %d: %s", a.Result.Sequence, a.Result.Code)
}

// sendCancel takes a bid back, or says so in it if that was done before. Each attempt that the ledger refused has used up
// an id: none is made that it would refuse as it stands.
func (m *Market) sendCancel(ctx context.Context, on Ledger, l *Listing, b *Bid, actor id.ID) (a node.Answer, err error) {
	for n := range uint64(maxCancels) {
		a, err = send(ctx, on, l.cancelCommand(b, actor, n))
		taken := errs.Is(err, errs.Conflict) // by somebody else's attempt
		if !taken && (err != nil || !a.Repeated || a.Result.Code == ledger.Applied) {
			return a, err
		}
		if a.Result, err = against(ctx, on, l, b); err != nil {
			return a, err
		}
		// A later attempt may have done it; its row says so.
		if err := m.Await(ctx, b.Tenant, l.Ledger, a.Result.Sequence); err != nil {
			return a, err
		}
		now, err := m.bid(ctx, m.DB.Reader(), b.Tenant, b.ID)
		if err != nil || now.Ended != 0 {
			*b = now
			return a, err
		}
		if a.Result.Code != ledger.Applied {
			return a, nil
		}
	}
	return a, errs.Conflict.Errorf("the ledger refused it %d times", maxCancels).On("bid")
}

// against is what the ledger, as it stands, has against taking a bid back; Applied: nothing.
func against(ctx context.Context, on Ledger, l *Listing, b *Bid) (r ledger.Result, err error) {
	err = on.View(ctx, 0, func(e *ledger.Engine) {
		h, _ := e.Holding(l.Register, Cash(b.Investor))
		escrow, _ := e.Account(l.Escrow())
		cash, _ := e.Account(Cash(b.Investor))
		switch r.Sequence = e.Sequence(); {
		case h.Units-h.Held < b.Units:
			r.Code = ledger.UnitsTooFew
		case escrow.NoDebits:
			r.Code = ledger.DebitsFrozen
		case cash.NoCredits:
			r.Code = ledger.CreditsFrozen
		case escrow.Available() < b.Amount:
			r.Code = ledger.BalanceTooLow
		}
	})
	return r, err
}

// maxCancels is how often the ledger may refuse to take a bid back.
const maxCancels = 1_024
