package market

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/kit/id"
)

// OrdersKind names the planned events at which the orders of a listing's bids are brought to their end.
const OrdersKind = "market-orders"

// ordersPage is how many orders end in one transaction: others wait for it who write rows.
var ordersPage = 500

// ConcernsOrders tells whether a command may mean something for the orders that bids are.
func ConcernsOrders(c *ledger.Command, r *ledger.Result) bool {
	return r.Code == ledger.Applied && Concerns(c) && c.Purpose >= PurposeBid && c.Purpose <= PurposeReturn
}

// Order keeps what a command means for the orders that bids are. They follow the journal for themselves, so that nobody who
// needs the rows of bids waits for them. book is the ledger's id.
func (b *Batch) Order(book id.ID, c *ledger.Command, r *ledger.Result) error {
	if !ConcernsOrders(c, r) {
		return nil
	}
	l, err := b.listing(c.References[0].Value)
	if err != nil || l == nil {
		return err
	}
	n := &note{b, l, c, r}
	by := order.Evidence{Ledger: book, Command: id.ID(c.ID), Sequence: r.Sequence}
	switch c.Purpose {
	case PurposeBid:
		if n.ours() {
			n.placed(by)
		}
	case PurposeCancel:
		if n.ours() {
			n.cancelled(by)
		}
	case PurposeFund, PurposeReturn:
		return n.ending(by)
	}
	return nil
}

// keep keeps a write in mind, which happened when the command did.
func (n *note) keep(w order.Write) {
	n.orders = append(n.orders, order.Happened{At: int64(n.r.Timestamp), Write: w})
}

// placed opens the order that a bid is. One by ids that no order takes is none.
func (n *note) placed(by order.Evidence) {
	own, investor, role := id.ID(n.c.ID), id.ID(n.c.Behalf), RoleInvestor
	if own.Check() != nil || investor.Check() != nil {
		return
	}
	references := []order.Reference{{Type: ReferenceListing, Value: n.l.ID}}
	for _, r := range n.c.References {
		if r.Type == ReferenceMandate && role == RoleInvestor && id.ID(r.Value).Check() == nil {
			role, references = roleMandate, append(references, order.Reference{Type: ReferenceMandate, Value: r.Value})
		}
	}
	n.keep(&order.New{
		ID: own, Kind: KindCode,
		Act:        order.Act{Actor: order.ActorOf(id.ID(n.c.Actor), own), Behalf: investor, Role: role, Evidence: by},
		Parties:    []order.Party{{Part: PartInvestor, Party: investor}},
		Amounts:    []order.Amount{{Code: "amount", Asset: n.l.Asset, Amount: n.l.Amount(n.c.Operations[0].(*ledger.Issue).Units)}},
		References: references,
	})
}

// cancelled ends the order of a bid that was taken back. Which one it was follows from the command's id; the bid of the same
// id on another ledger is another one.
func (n *note) cancelled(by order.Evidence) {
	if id.ID(n.c.Behalf).Check() != nil {
		return
	}
	for _, r := range n.c.References {
		own := id.ID(r.Value)
		if r.Type != ReferenceBid || own.Check() != nil || !cancels(id.ID(n.c.ID), own) {
			continue
		}
		n.keep(&order.Change{
			ID: id.ID(n.c.ID), Order: own, Kind: KindCode, Having: order.Reference{Type: ReferenceListing, Value: n.l.ID}, Version: 1, Transition: "cancel",
			Act: order.Act{Actor: order.ActorOf(id.ID(n.c.Actor), own), Behalf: id.ID(n.c.Behalf), Role: RoleInvestor, Evidence: by},
		})
	}
}

// cancels says whether an id is that of an attempt at taking a bid back.
func cancels(command, bid id.ID) bool {
	for attempt := range uint64(maxCancels) {
		if command == bid.Derive("cancel", attempt) {
			return true
		}
	}
	return false
}

// ends is what ends the orders of a listing's bids.
type ends struct {
	Book     id.ID  `json:"book"`
	Command  id.ID  `json:"command"`
	Sequence uint64 `json:"sequence"`
	At       int64  `json:"at"`
	After    uint64 `json:"after,omitempty"` // place of the last order that was looked at
}

// ending plans that all orders of a listing end, when the command settles it.
func (n *note) ending(by order.Evidence) error {
	content, err := json.Marshal(ends{Book: by.Ledger, Command: by.Command, Sequence: by.Sequence, At: int64(n.r.Timestamp)})
	if err != nil {
		return err
	}
	return n.m.Plan.AddIn(n.ctx, n.tx, plan.Event{
		Tenant: n.l.Tenant, ID: by.Command.Derive("orders "+n.l.Ledger, 0), Ledger: n.l.Ledger, Due: int64(n.r.Timestamp), Kind: OrdersKind, Subject: n.l.ID, Content: content,
	})
}

// DueOrders is the handler of the planned events of OrdersKind: it ends some orders, and plans the next ones.
func (m *Market) DueOrders(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
	var s ends
	if err := json.Unmarshal(e.Content, &s); err != nil {
		return nil, plan.Permanent(fmt.Errorf("read which orders end: %w", err))
	}
	if err := m.Await(ctx, e.Tenant, e.Ledger, s.Sequence); err != nil {
		return nil, err
	}
	l, err := m.Listing(ctx, e.Tenant, e.Subject)
	if err != nil {
		return nil, err
	}
	transition := map[State]string{Funded: "fund", Returned: "return", Failed: "return"}[l.State]
	if transition == "" {
		return nil, nil // somebody else uses the same codes
	}
	found, err := m.Orders.List(ctx, e.Tenant, order.Filter{
		Kind: KindCode, State: BidPlaced, Reference: order.Reference{Type: ReferenceListing, Value: l.ID},
	}, order.Page{Size: ordersPage, Cursor: s.After})
	if err != nil {
		return nil, err
	}
	writes := make([]order.Happened, len(found.Orders))
	for i := range found.Orders {
		o := &found.Orders[i]
		writes[i] = order.Happened{At: s.At, Write: &order.Change{
			ID: o.ID.Derive(transition, 0), Order: o.ID, Kind: KindCode, Version: o.Version, Transition: transition,
			Act: order.Act{Actor: o.ID, Role: roleSystem, Evidence: order.Evidence{Ledger: s.Book, Command: s.Command, Sequence: s.Sequence}},
		}}
	}
	next := *e
	next.ID, s.After = e.ID.Derive("next", 0), found.Cursor
	if next.Due, err = m.later(ctx, &l, e.Due); err != nil {
		return nil, err
	}
	if next.Content, err = json.Marshal(s); err != nil {
		return nil, err
	}
	return func(tx *sql.Tx) error {
		if found.More {
			if err := m.Plan.AddIn(ctx, tx, next); err != nil {
				return err
			}
		}
		return m.Orders.Keep(ctx, tx, e.Tenant, writes...)
	}, nil
}

// later is when the next orders end: on a real clock a moment after now, so that what else is due comes between.
func (m *Market) later(ctx context.Context, l *Listing, due int64) (int64, error) {
	on, err := m.Ledgers(ctx, l.Ledger)
	if err != nil {
		return 0, err
	}
	err = on.View(ctx, 0, func(e *ledger.Engine) {
		if e.Clock() == ledger.RealClock {
			due = max(due, m.Clock.Now().Add(moment).UnixMicro())
		}
	})
	return due, err
}

// moment is the pause between two transactions that end orders.
const moment = 100 * time.Millisecond
