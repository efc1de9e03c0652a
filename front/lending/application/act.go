package application

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/lending/sign"
	"github.com/longmen/longmen/front/message"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// done finds a change that was made before, nil if it was not. The same id for something else is a conflict.
func (d *Desk) done(ctx context.Context, a *Application, change id.ID, transition string) (*order.Step, error) {
	steps, err := d.Steps(ctx, a)
	if err != nil {
		return nil, err
	}
	for i := range steps {
		switch {
		case steps[i].ID != change:
		case steps[i].Transition != transition:
			return nil, taken(change)
		default:
			return &steps[i], nil
		}
	}
	return nil, nil
}

func taken(change id.ID) error {
	return order.IDTaken.Errorf("id %s was used with other content: make a new one", change).On("id")
}

// Steps are what happened to an application, oldest first.
func (d *Desk) Steps(ctx context.Context, a *Application) ([]order.Step, error) {
	return d.Orders.Steps(ctx, a.Tenant, a.ID, 0, order.MaxPage)
}

// Withdraw ends an application that was not signed.
func (d *Desk) Withdraw(ctx context.Context, tenant, application, change id.ID, by order.Act) (*Application, error) {
	return d.with(ctx, tenant, application, func(a *Application) error {
		if step, err := d.done(ctx, a, change, withdraw); step != nil || err != nil {
			return err
		}
		at, err := d.SignedAt(ctx, a, a.Borrower)
		if err == nil && at > 0 {
			err = order.WrongState.Errorf("the borrower has signed")
		}
		if err != nil {
			return err
		}
		_, err = d.Orders.Change(ctx, tenant, order.Change{ID: change, Order: a.ID, Version: a.Order.Version, Transition: withdraw, Act: by})
		return err
	})
}

// Decide is a person's decision on an application that was referred to him. Nobody decides on his own.
func (d *Desk) Decide(ctx context.Context, tenant, application, change id.ID, by order.Act, x Decision) (*Application, error) {
	transition := approve
	switch x.Verdict {
	case Accept:
	case Decline:
		transition, by.Reason = decline, x.Reason
	default:
		return nil, errs.Invalid.Errorf("a decision accepts or declines").On("verdict")
	}
	return d.with(ctx, tenant, application, func(a *Application) error {
		step, err := d.done(ctx, a, change, transition)
		if err != nil {
			return err
		}
		if step != nil {
			return sameDecision(step, &x)
		}
		if err := d.judge(ctx, a, by.Actor); err != nil {
			return err
		}
		if a.State != Review {
			return order.WrongState.Errorf("nobody has to decide on it: it is %s", a.State)
		}
		c := order.Change{ID: change, Order: a.ID, Version: a.Order.Version, Transition: transition, Act: by}
		if x.Verdict == Decline {
			_, err := d.Orders.Change(ctx, tenant, c)
			return err
		}
		words, err := d.offer(ctx, tenant, a, &x)
		if err != nil {
			return err
		}
		return d.keep(ctx, a, c, words)
	})
}

// Close ends an application whose loan is settled or was written off: no payment is counted or taken back any more. Nobody
// closes his own.
func (d *Desk) Close(ctx context.Context, tenant, application, change id.ID, by order.Act) (*Application, error) {
	if _, err := d.Advance(ctx, tenant, application); err != nil { // it may not have followed its loan yet
		return nil, err
	}
	return d.with(ctx, tenant, application, func(a *Application) error {
		step, err := d.done(ctx, a, closing(change), closeIt)
		if err != nil {
			return err
		}
		if step != nil {
			if step.Reason != by.Reason {
				return taken(change)
			}
			return nil
		}
		if err := order.CheckReason(by.Reason); err != nil {
			return err
		}
		if err := d.judge(ctx, a, by.Actor); err != nil {
			return err
		}
		if a.State != Settled && a.State != WrittenOff {
			return order.WrongState.Errorf("only what is settled or written off is closed: it is %s", a.State)
		}
		waits, err := d.Proposals.OpenOn(ctx, tenant, a.Loan())
		if err == nil && !waits.IsZero() {
			err = order.WrongState.Errorf("proposal %s about its loan is open: it must be decided or withdrawn first", waits)
		}
		if err != nil {
			return err
		}
		e, err := d.Loans.End(ctx, tenant, a.Loan(), servicing.Ending{ID: change, Actor: by.Actor, Reason: by.Reason})
		if err == nil && e.Outcome != servicing.Applied {
			err = servicing.Refused.Errorf("the ledger says %s", e.Outcome)
		}
		return err // what follows from it closes the application
	})
}

// closing is the id of the step that closes an application when an event ends its loan: one of its own, so that nothing
// else has taken it.
func closing(end id.ID) id.ID { return end.Derive("close", 0) }

// judge refuses who can't decide on an application: its borrower, who acts for him, each with whichever of his principals, and
// whoever is no person.
func (d *Desk) judge(ctx context.Context, a *Application, principal id.ID) error {
	person, _, err := d.Persons.Person(ctx, a.Tenant, principal)
	switch {
	case err != nil:
		return err
	case person.IsZero():
		return errs.Forbidden.Errorf("no person stands behind this principal: it decides nothing")
	case person == a.Borrower:
		return errs.Forbidden.Errorf("nobody decides on his own application")
	}
	acts, err := d.Persons.ActsFor(ctx, a.Tenant, person, a.Borrower)
	if err == nil && acts {
		err = errs.Forbidden.Errorf("nobody decides on an application of a party for which he acts, with whichever of his logins: another person decides")
	}
	return err
}

// sameDecision compares a decision with the one that was made under its id.
func sameDecision(step *order.Step, x *Decision) error {
	if x.Verdict == Decline {
		if step.Reason != x.Reason {
			return taken(step.ID)
		}
		return nil
	}
	var words Words
	if err := json.Unmarshal(step.Attributes, &words); err != nil {
		return err
	}
	if words.Offer == nil || words.Offer.Amount != x.Amount || words.Offer.Grade != x.Grade {
		return taken(step.ID)
	}
	return nil
}

// keep makes a change to an offer, and plans its end.
func (d *Desk) keep(ctx context.Context, a *Application, c order.Change, words *Words) (err error) {
	if c.Attributes, err = json.Marshal(words); err != nil {
		return err
	}
	return d.push(ctx, a, c, words.Offer.Expires)
}

// push makes a change, and plans in the same transaction that somebody looks what follows from it.
func (d *Desk) push(ctx context.Context, a *Application, c order.Change, due int64) error {
	return d.DB.Write(ctx, func(tx *sql.Tx) error {
		if err := d.planAt(ctx, tx, a, c.Transition, due); err != nil {
			return err
		}
		_, err := d.Orders.Within(ctx, tx, a.Tenant, c)
		return err
	})
}

// AskToSign sends a new code to one who has to sign: a guarantor, or the borrower once all of these have.
func (d *Desk) AskToSign(ctx context.Context, tenant, application, of id.ID) (*Application, error) {
	return d.with(ctx, tenant, application, func(a *Application) error {
		r, err := d.request(ctx, a, of)
		if err != nil {
			return err
		}
		return d.Signer.Ask(ctx, r)
	})
}

func (d *Desk) request(ctx context.Context, a *Application, of id.ID) (sign.Request, error) {
	if a.State != Offered {
		return sign.Request{}, order.WrongState.Errorf("there is nothing to sign: it is %s", a.State)
	}
	now, err := d.Ledgers.Now(ctx, a.Ledger)
	if err != nil {
		return sign.Request{}, err
	}
	if now.UnixMicro() >= a.Offer.Expires {
		return sign.Request{}, order.WrongState.Errorf("the offer has expired")
	}
	if err := d.may(ctx, a, of); err != nil {
		return sign.Request{}, err
	}
	return requestOf(a, of, now.UnixMicro())
}

func requestOf(a *Application, of id.ID, now int64) (sign.Request, error) {
	digest, err := a.Digest()
	return sign.Request{Tenant: a.Tenant, Subject: a.ID, Party: of, Hash: digest, Ledger: a.Ledger, Now: now, Kind: message.Code}, err
}

// signature takes a party's code. What he has signed he may sign again by the same code, however far it went since.
func (d *Desk) signature(ctx context.Context, a *Application, of id.ID, code string) error {
	at, err := d.SignedAt(ctx, a, of)
	if err != nil {
		return err
	}
	r, err := requestOf(a, of, at)
	if at == 0 {
		r, err = d.request(ctx, a, of)
	}
	if err != nil {
		return err
	}
	return d.Signer.Sign(ctx, r, code)
}

// Sign takes a signature under the contract. The borrower's is the last one, with which the application goes on. The same again,
// by its code, changes nothing.
func (d *Desk) Sign(ctx context.Context, tenant, application, of, change id.ID, by order.Act, code string) (*Application, error) {
	return d.with(ctx, tenant, application, func(a *Application) error {
		if of != a.Borrower {
			return d.signature(ctx, a, of, code)
		}
		if step, err := d.done(ctx, a, change, signIt); step != nil || err != nil {
			return err
		}
		if err := d.signature(ctx, a, of, code); err != nil || a.State != Offered {
			return err
		}
		return d.signed(ctx, a, change, by)
	})
}

// signed lets the application go on with the borrower's signature.
func (d *Desk) signed(ctx context.Context, a *Application, change id.ID, by order.Act) error {
	return d.push(ctx, a, order.Change{ID: change, Order: a.ID, Version: a.Order.Version, Transition: signIt, Act: by}, atOnce)
}
