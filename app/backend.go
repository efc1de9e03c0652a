package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/feed"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/kit/errs"
)

// backend is the node as the doors see it, also before it is open.
type backend struct {
	db     atomic.Pointer[longmen.DB]
	ground atomic.Pointer[ground.Ground]
	runner atomic.Pointer[runner]
	feed   atomic.Pointer[feed.Feed]
	boxes  atomic.Pointer[map[string]*notice.Box]
}

func (b *backend) open(db *longmen.DB) { b.db.Store(db) }

// ledger finds a ledger.
func (b *backend) ledger(name string) (*longmen.Ledger, error) {
	db := b.db.Load()
	if db == nil {
		return nil, errs.Overloaded.Errorf("%v", errOpening)
	}
	l, err := db.Ledger(name)
	return l, translate(err)
}

// translate gives the node's errors their place in the catalogue.
func translate(err error) error {
	var wrong *node.FieldError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return errs.Invalid.Errorf("%s", wrong.Why).On("body." + wrong.Field)
	case errors.Is(err, node.ErrNoLedger):
		return errs.NotFound.Errorf("%v", err)
	case errors.Is(err, node.ErrExists):
		return errs.Conflict.Errorf("%v", err)
	case errors.Is(err, node.ErrTooLarge):
		return errs.TooLarge.Errorf("%v", err)
	case errors.Is(err, node.ErrOverloaded), errors.Is(err, node.ErrNotLeading), errors.Is(err, node.ErrClosed):
		return errs.Overloaded.Errorf("%v", err)
	case errors.Is(err, node.ErrOutcomeUnknown):
		return outcomeUnknown.Errorf("%v", err)
	}
	return err
}

var outcomeUnknown = errs.Define("outcome_unknown", http.StatusGatewayTimeout, "The command may have been applied or not")

func notFound(kind, address string) error {
	return errs.NotFound.Errorf("there is no %s %q", kind, address)
}

func (b *backend) Apply(ctx context.Context, name string, commands []*ledger.Command) ([]api.Answer, error) {
	l, err := b.ledger(name)
	if err != nil {
		return nil, err
	}
	given, err := b.apply(ctx, l, commands)
	if err != nil {
		return nil, translate(err)
	}
	answers := make([]api.Answer, len(given))
	for i, a := range given {
		answers[i] = api.Answer(a)
	}
	return answers, nil
}

// apply puts commands into the ledger's order. What moves a clock lets happen what is due on the way.
func (b *backend) apply(ctx context.Context, l *longmen.Ledger, commands []*ledger.Command) ([]node.Answer, error) {
	to := moves(commands)
	if to == 0 {
		return b.put(ctx, l, commands)
	}
	r := b.runner.Load()
	if r == nil {
		return nil, errs.Overloaded.Errorf("%v", errOpening)
	}
	jumps, err := r.jumps(ctx, l, to)
	switch {
	case err != nil:
		return nil, err
	case !jumps:
		return b.put(ctx, l, commands)
	case len(commands) > 1:
		return nil, clockHeld.Errorf("planned events fall due on the way to %s: send the command that moves the clock alone, and nothing of this batch was applied",
			stamp(int64(to))).On("commands")
	}
	// What the books refuse lets nothing happen before.
	leave, err := b.enter(ctx, l.Name(), commands)
	if err != nil {
		return nil, err
	}
	if leave != nil {
		leave()
	}
	return r.move(ctx, l, commands[0], to)
}

// put puts commands into the ledger's order, unless they count from a day that is closed. Who asked may go before the answer: what
// he sent is on its way still, and no closing gets between.
func (b *backend) put(ctx context.Context, l *longmen.Ledger, commands []*ledger.Command) ([]node.Answer, error) {
	leave, err := b.enter(ctx, l.Name(), commands)
	if err != nil {
		return nil, err
	}
	if leave == nil {
		return l.Apply(ctx, commands)
	}
	done := make(chan struct{})
	var given []node.Answer
	var failed error
	go func() {
		defer close(done)
		defer leave()
		given, failed = l.Apply(context.WithoutCancel(ctx), commands)
	}()
	select {
	case <-done:
		return given, failed
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", node.ErrOutcomeUnknown, ctx.Err())
	}
}

// view reads a ledger's engine; found says whether what was looked for is there.
func (b *backend) view(ctx context.Context, name string, atLeast uint64, read func(*ledger.Engine) error) error {
	l, err := b.ledger(name)
	if err != nil {
		return err
	}
	var inner error
	if err := l.View(ctx, atLeast, func(e *ledger.Engine) { inner = read(e) }); err != nil {
		return translate(err)
	}
	return inner
}

func (b *backend) Balances(ctx context.Context, name string, addresses []string, atLeast uint64, states []ledger.AccountState) (p api.Position, err error) {
	err = b.view(ctx, name, atLeast, func(e *ledger.Engine) error {
		for i, address := range addresses {
			states[i], _ = e.Account(address)
		}
		p = api.Position{Sequence: e.Sequence(), Timestamp: e.Now()}
		return nil
	})
	return p, err
}

func (b *backend) CreateLedger(ctx context.Context, w api.NewLedger) (api.LedgerInfo, error) {
	db := b.db.Load()
	if db == nil {
		return api.LedgerInfo{}, errs.Overloaded.Errorf("%v", errOpening)
	}
	l, err := db.Create(ctx, node.New(w))
	if err != nil {
		return api.LedgerInfo{}, translate(err)
	}
	if r := b.runner.Load(); r != nil {
		r.follow(l.Name())
	}
	return b.Ledger(ctx, l.Name())
}

func (b *backend) Ledger(ctx context.Context, name string) (info api.LedgerInfo, err error) {
	l, err := b.ledger(name)
	if err != nil {
		return info, err
	}
	err = l.View(ctx, 0, func(e *ledger.Engine) {
		accounts, registers, _, _ := e.Size()
		info = api.LedgerInfo{
			ID: l.ID(), Name: name, Zone: e.Zone(), Clock: e.Clock(), Shadow: e.Shadow(), Now: e.Now(),
			Sequence: e.Sequence(), Timestamp: e.At(), Projected: l.Projected(), Version: e.Version(),
			Accounts: uint64(accounts), Registers: uint64(registers),
		}
	})
	return info, translate(err)
}

func (b *backend) Ledgers(ctx context.Context) ([]api.LedgerInfo, error) {
	db := b.db.Load()
	if db == nil {
		return nil, errs.Overloaded.Errorf("%v", errOpening)
	}
	var list []api.LedgerInfo
	for _, l := range db.Node().Ledgers() {
		info, err := b.Ledger(ctx, l.Name())
		if err != nil {
			return nil, err
		}
		list = append(list, info)
	}
	return list, nil
}

func (b *backend) Assets(ctx context.Context, name string) (list []api.Asset, err error) {
	err = b.view(ctx, name, 0, func(e *ledger.Engine) error {
		for _, a := range e.Assets() {
			list = append(list, api.Asset{Code: a.Code, Scale: a.Scale})
		}
		return nil
	})
	return list, err
}

// accountScan is how many accounts are looked at for one page.
const accountScan = 20_000

func (b *backend) Accounts(ctx context.Context, name string, after uint32, prefix string, limit int) (list []ledger.AccountState, next uint32, err error) {
	err = b.view(ctx, name, 0, func(e *ledger.Engine) error {
		list, next = e.Accounts(after, prefix, limit, accountScan)
		return nil
	})
	return list, next, err
}

func (b *backend) Registers(ctx context.Context, name string, after uint32, limit int) (list []ledger.RegisterState, next uint32, err error) {
	err = b.view(ctx, name, 0, func(e *ledger.Engine) error {
		list, next = e.Registers(after, limit)
		return nil
	})
	return list, next, err
}

func (b *backend) Register(ctx context.Context, name, address string) (r ledger.RegisterState, err error) {
	err = b.view(ctx, name, 0, func(e *ledger.Engine) (err error) {
		var ok bool
		if r, ok = e.Register(address); !ok {
			return notFound("register", address)
		}
		return nil
	})
	return r, err
}

func (b *backend) Holders(ctx context.Context, name, register string, from uint32, limit int) (list []ledger.HoldingState, next uint32, err error) {
	err = b.view(ctx, name, 0, func(e *ledger.Engine) error {
		var ok bool
		if list, next, ok = e.Holders(register, from, limit); !ok {
			return notFound("register", register)
		}
		return nil
	})
	return list, next, err
}

func (b *backend) Holdings(ctx context.Context, name, account, after string, limit int) (list []ledger.HoldingState, more bool, err error) {
	err = b.view(ctx, name, 0, func(e *ledger.Engine) error {
		var ok bool
		if list, more, ok = e.Holdings(account, after, limit); !ok {
			return notFound("account", account)
		}
		return nil
	})
	return list, more, err
}

func (b *backend) Holds(ctx context.Context, name, account string) (list []ledger.HoldState, err error) {
	err = b.view(ctx, name, 0, func(e *ledger.Engine) error {
		var ok bool
		if list, ok = e.Holds(account); !ok {
			return notFound("account", account)
		}
		return nil
	})
	return list, err
}

func (b *backend) Debts(ctx context.Context, name, account string) (list []ledger.DebtState, err error) {
	err = b.view(ctx, name, 0, func(e *ledger.Engine) error {
		var ok bool
		if list, ok = e.Debts(account); !ok {
			return notFound("account", account)
		}
		return nil
	})
	return list, err
}

func (b *backend) DebtsTo(ctx context.Context, name string, after uint32, cover string, limit int) (list []ledger.DebtState, next uint32, err error) {
	err = b.view(ctx, name, 0, func(e *ledger.Engine) error {
		if cover != "" && e.Number(cover) == 0 {
			return notFound("account", cover)
		}
		list, next = e.AllDebts(after, cover, limit, accountScan)
		return nil
	})
	return list, next, err
}
