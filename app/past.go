package app

import (
	"context"
	"errors"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/proof"
	"github.com/longmen/longmen/kit/errs"
)

// past translates history's errors.
func past(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, history.ErrNotFound), errors.Is(err, history.ErrAhead):
		return errs.NotFound.Errorf("%v", err)
	case errors.Is(err, history.ErrCursor), errors.Is(err, history.ErrTooWide):
		return errs.Invalid.Errorf("%v", err)
	case errors.Is(err, history.ErrClosed), errors.Is(err, history.ErrMoved):
		return errs.Overloaded.Errorf("%v", err)
	}
	return translate(err)
}

// catchUp lets a reader see what was answered before he asked.
func catchUp(ctx context.Context, l *longmen.Ledger) error {
	return past(l.History().Wait(ctx, l.Applied()))
}

func recorded(c history.Command) api.Recorded {
	return api.Recorded{Command: c.Command, Result: c.Result}
}

func (b *backend) Commands(ctx context.Context, name string, from uint64, limit int) ([]api.Recorded, error) {
	l, err := b.ledger(name)
	if err != nil {
		return nil, err
	}
	last := l.Applied()
	var list []api.Recorded
	for seq := max(from, 1); seq <= last && len(list) < limit; seq++ {
		c, err := l.History().Command(ctx, seq)
		if err != nil {
			return nil, past(err)
		}
		list = append(list, recorded(c))
	}
	return list, nil
}

func (b *backend) Command(ctx context.Context, name string, sequence uint64) (api.Recorded, error) {
	l, err := b.ledger(name)
	if err != nil {
		return api.Recorded{}, err
	}
	if sequence == 0 || sequence > l.Applied() {
		return api.Recorded{}, errs.NotFound.Errorf("there is no command with sequence %d", sequence)
	}
	c, err := l.History().Command(ctx, sequence)
	return recorded(c), past(err)
}

func (b *backend) CommandByID(ctx context.Context, name string, id ledger.ID) (api.Recorded, error) {
	l, err := b.ledger(name)
	if err != nil {
		return api.Recorded{}, err
	}
	seq, err := find(ctx, l, id)
	if err != nil {
		return api.Recorded{}, err
	}
	if seq == 0 {
		return api.Recorded{}, errs.NotFound.Errorf("there is no command with id %v", id)
	}
	return b.Command(ctx, name, seq)
}

// find gives the sequence of a command's id, 0 if none was applied that had it.
func find(ctx context.Context, l *longmen.Ledger, id ledger.ID) (uint64, error) {
	if err := catchUp(ctx, l); err != nil {
		return 0, err
	}
	seq, err := l.History().Find(ctx, id)
	return seq, past(err)
}

// at finds the position that a question means.
func at(ctx context.Context, l *longmen.Ledger, asOf api.AsOf) (history.Position, error) {
	switch {
	case asOf.Sequence > l.Applied():
		return history.Position{}, notYet(asOf.Sequence)
	case asOf.Sequence > 0:
		p, err := l.History().At(ctx, asOf.Sequence)
		return p, past(err)
	}
	if err := catchUp(ctx, l); err != nil {
		return history.Position{}, err
	}
	if asOf.Now() {
		return l.History().Latest(), nil
	}
	p, err := l.History().AtTime(ctx, asOf.At)
	return p, past(err)
}

func notYet(sequence uint64) error {
	return errs.NotFound.Errorf("no command has sequence %d yet", sequence)
}

func position(p history.Position) api.Position {
	return api.Position{Sequence: p.Sequence, Timestamp: p.Timestamp}
}

// account finds an account by its address, as it stands now.
func account(ctx context.Context, l *longmen.Ledger, address string) (ledger.AccountState, error) {
	a, err := l.Account(ctx, address)
	if errors.Is(err, longmen.ErrNoAccount) {
		return a, notFound("account", address)
	}
	return a, translate(err)
}

func (b *backend) BalanceAt(ctx context.Context, name, address string, asOf api.AsOf) (api.PastBalance, error) {
	l, err := b.ledger(name)
	if err != nil {
		return api.PastBalance{}, err
	}
	a, err := account(ctx, l, address)
	if err != nil {
		return api.PastBalance{}, err
	}
	p, err := at(ctx, l, asOf)
	if err != nil {
		return api.PastBalance{}, err
	}
	balance, err := l.History().Balance(ctx, a.Number, p)
	if err != nil {
		return api.PastBalance{}, past(err)
	}
	a.Debits, a.Credits, a.DebitsHeld, a.CreditsHeld, a.Frozen = balance.Debits, balance.Credits, 0, 0, 0
	return api.PastBalance{Account: a, As: position(p)}, nil
}

func (b *backend) TrialBalance(ctx context.Context, name string, asOf api.AsOf) ([]ledger.BucketState, api.Position, error) {
	l, err := b.ledger(name)
	if err != nil {
		return nil, api.Position{}, err
	}
	p, err := at(ctx, l, asOf)
	if err != nil {
		return nil, api.Position{}, err
	}
	totals, err := l.History().TrialBalance(ctx, p)
	if err != nil {
		return nil, api.Position{}, past(err)
	}
	list, err := buckets(ctx, l, totals)
	return list, position(p), err
}

// buckets puts the codes of assets in the place of numbers.
func buckets(ctx context.Context, l *longmen.Ledger, totals []history.BucketTotal) ([]ledger.BucketState, error) {
	list := make([]ledger.BucketState, len(totals))
	for i, t := range totals {
		code, _, err := l.History().Asset(ctx, t.Asset)
		if err != nil {
			return nil, past(err)
		}
		list[i] = ledger.BucketState{Number: t.Bucket, Asset: code, Code: t.Code, Debits: t.Debits, Credits: t.Credits}
	}
	return list, nil
}

func (b *backend) Checkpoint(_ context.Context, name string) ([]byte, error) {
	l, err := b.ledger(name)
	if err != nil {
		return nil, err
	}
	note := l.Checkpoint()
	if note == nil {
		return nil, errs.NotFound.Errorf("there is no checkpoint yet: one is signed every second by the node that has the ledger's key")
	}
	return note, nil
}

func (b *backend) Key(_ context.Context, name string) (string, error) {
	l, err := b.ledger(name)
	if err != nil {
		return "", err
	}
	return l.PublicKey(), nil
}

func (b *backend) Prove(ctx context.Context, name string, sequence uint64) (proof.Proof, error) {
	l, err := b.ledger(name)
	if err != nil {
		return proof.Proof{}, err
	}
	p, err := l.Prove(ctx, sequence)
	if errors.Is(err, longmen.ErrNotCovered) || errors.Is(err, longmen.ErrNoKey) {
		return p, errs.NotFound.Errorf("%v", err)
	}
	return p, past(err)
}

func (b *backend) ProveExtension(ctx context.Context, name string, older []byte) (proof.Extension, error) {
	l, err := b.ledger(name)
	if err != nil {
		return proof.Extension{}, err
	}
	x, err := l.ProveExtension(ctx, older)
	if errors.Is(err, longmen.ErrNoKey) {
		return x, errs.NotFound.Errorf("%v", err)
	}
	if errors.Is(err, proof.ErrMalformed) || errors.Is(err, proof.ErrSignature) || errors.Is(err, proof.ErrMismatch) {
		return x, errs.Invalid.Errorf("%v", err)
	}
	return x, past(err)
}
