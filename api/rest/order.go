package rest

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Order is what somebody asked for, as it stands.
type Order struct {
	ID         ID              `json:"id"`
	Kind       string          `json:"kind" example:"bid"`
	State      string          `json:"state"`
	Ended      bool            `json:"ended,omitempty" doc:"Nothing more happens to it"`
	Version    uint32          `json:"version" doc:"How many steps it has"`
	Parties    []OrderParty    `json:"parties"`
	Amounts    []OrderAmount   `json:"amounts"`
	References []Reference     `json:"references"`
	Attributes json.RawMessage `json:"attributes"`
	Created    Instant         `json:"created" doc:"By the clock of the tenant's ledger"`
	Changed    Instant         `json:"changed"`
	CreatedBy  ID              `json:"created_by" doc:"The principal"`
	ChangedBy  ID              `json:"changed_by"`
}

// OrderParty is somebody with a part in an order.
type OrderParty struct {
	Part  string `json:"part" example:"bidder"`
	Party ID     `json:"party"`
}

// OrderAmount is one of an order's amounts.
type OrderAmount struct {
	Code   string `json:"code" example:"principal"`
	Asset  string `json:"asset" example:"CNY"`
	Amount Amount `json:"amount"`
}

// Step is one change of an order, complete and for ever.
type Step struct {
	Version    uint32          `json:"version" doc:"Of the order after it"`
	ID         ID              `json:"id" doc:"Of the change; the order's own for the first"`
	Transition string          `json:"transition,omitempty" doc:"Absent for the first"`
	From       string          `json:"from,omitempty"`
	To         string          `json:"to"`
	At         Instant         `json:"at"`
	Actor      ID              `json:"actor" doc:"The principal"`
	Behalf     ID              `json:"behalf,omitzero" doc:"The party it was done for"`
	Role       string          `json:"role" doc:"In which the actor did it"`
	Reason     string          `json:"reason,omitempty"`
	Approval   ID              `json:"approval,omitzero"`
	Command    ID              `json:"command,omitzero" doc:"Of the ledger, that stands behind it"`
	Sequence   uint64          `json:"sequence,omitempty" doc:"Of that command"`
	Amounts    []OrderAmount   `json:"amounts,omitempty" doc:"As the step left them, absent if it did not touch them"`
	References []Reference     `json:"references,omitempty"`
	Attributes json.RawMessage `json:"attributes,omitempty"`
}

// OrderKind is one kind of order: its states and how one follows from another.
type OrderKind struct {
	Code        string            `json:"code"`
	Title       string            `json:"title"`
	By          []string          `json:"by" doc:"Roles that may open an order"`
	First       string            `json:"first"`
	States      []string          `json:"states"`
	Ends        []string          `json:"ends"`
	Transitions []OrderTransition `json:"transitions"`
	Drawing     string            `json:"drawing,omitempty" doc:"A state diagram in Mermaid's language; in the answer to one kind only"`
}

// OrderTransition is a way from any of some states to one state.
type OrderTransition struct {
	Name   string   `json:"name"`
	From   []string `json:"from"`
	To     string   `json:"to"`
	By     []string `json:"by" doc:"Roles that may do it"`
	Reason bool     `json:"reason,omitempty" doc:"A reason has to be given"`
}

func amountsOf(list []order.Amount) []OrderAmount {
	return convert(list, func(a order.Amount) OrderAmount { return OrderAmount{a.Code, a.Asset, Amount(a.Amount)} })
}

func orderReferences(list []order.Reference) []Reference {
	return convert(list, func(r order.Reference) Reference { return Reference{Type: r.Type, Value: ID(r.Value)} })
}

func orderOf(kinds *order.Kinds, o *order.Order) Order {
	return Order{
		ID: ID(o.ID), Kind: o.Kind, State: o.State, Ended: kinds.Ended(o.Kind, o.State), Version: o.Version,
		Parties: convert(o.Parties, func(p order.Party) OrderParty { return OrderParty{p.Part, ID(p.Party)} }),
		Amounts: amountsOf(o.Amounts), References: orderReferences(o.References), Attributes: o.Attributes,
		Created: Instant(o.Created), Changed: Instant(o.Changed), CreatedBy: ID(o.CreatedBy), ChangedBy: ID(o.ChangedBy),
	}
}

func stepOf(t order.Step) Step {
	s := Step{
		Version: t.Version, ID: ID(t.ID), Transition: t.Transition, From: t.From, To: t.To, At: Instant(t.At), Actor: ID(t.Actor), Behalf: ID(t.Behalf),
		Role: t.Role, Reason: t.Reason, Approval: ID(t.Approval), Command: ID(t.Evidence.Command), Sequence: t.Evidence.Sequence,
		Attributes: t.Attributes,
	}
	if t.Amounts != nil {
		s.Amounts = amountsOf(t.Amounts)
	}
	if t.References != nil {
		s.References = orderReferences(t.References)
	}
	return s
}

func kindOf(k *order.Kind) OrderKind {
	return OrderKind{
		Code: k.Code, Title: k.Title, By: k.By, First: k.First, States: k.States, Ends: append([]string{}, k.Ends...),
		Transitions: convert(k.Transitions, func(t order.Transition) OrderTransition { return OrderTransition(t) }),
	}
}

// InOrder names an order in the path.
type InOrder struct {
	Order CommandID `path:"order" doc:"Id of the order" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
}

type (
	orderOutput struct{ Body Order }
	ordersInput struct {
		InPage
		Kind  string `query:"kind" maxLength:"32" doc:"Only this kind" example:"bid"`
		State string `query:"state" maxLength:"32" doc:"Only in this state"`
		Party string `query:"party" maxLength:"36" doc:"Only those in which this party has a part; without the right for all orders, the party for which one acts if it is absent"`
		Part  string `query:"part" maxLength:"32" doc:"That part; needs party"`
		Order string `query:"order" enum:"newest,oldest" default:"newest"`
	}
	ordersOutput struct {
		Body struct {
			Orders []Order `json:"orders" doc:"A page may be short, even empty, and have a next"`
			Next
		}
	}
	stepsInput struct {
		InOrder
		InPage
	}
	stepsOutput struct {
		Body struct {
			Steps []Step `json:"steps" doc:"Oldest first"`
			Next
		}
	}
	kindsOutput struct {
		Body struct {
			Kinds []OrderKind `json:"kinds"`
		}
	}
	kindInput struct {
		Kind string `path:"kind" maxLength:"32" example:"bid"`
	}
	kindOutput struct{ Body OrderKind }
)

const orderPath = "/v1/orders/{order}"

func (s *server) orders(a huma.API) {
	huma.Register(a, mine(right.OrderRead, question("list-orders", "/v1/orders", tagOrders,
		"List orders; without the right, those in which a party of one's own has a part")), s.listOrders)
	huma.Register(a, mine(right.OrderRead, question("get-order", orderPath, tagOrders, "Show an order as it stands")), s.getOrder)
	huma.Register(a, mine(right.OrderRead, question("list-steps", orderPath+"/steps", tagOrders, "List what happened to an order")), s.listSteps)
	huma.Register(a, anybody(question("list-order-kinds", "/v1/order-kinds", tagOrders, "List the kinds of orders that there are")), s.listOrderKinds)
	huma.Register(a, anybody(question("get-order-kind", "/v1/order-kinds/{kind}", tagOrders, "Show a kind of order, with a drawing")), s.getOrderKind)
}

// concerned is the party whose orders are asked for, none for all of them.
func (s *server) concerned(ctx context.Context, named string) (of id.ID, err error) {
	p := &api.CallOf(ctx).Principal
	if named != "" {
		if of, err = id.Parse(named); err != nil {
			return of, s.fault(ctx, errs.Invalid, "query.party", "is no id: "+err.Error())
		}
	}
	switch {
	case holds(ctx, right.OrderRead):
		return of, nil
	case named == "" && !p.Party.IsZero():
		return p.Party, nil
	case named == "" || !p.ActsFor(of):
		return of, s.fault(ctx, errs.Forbidden, "query.party", "name a party for which you may act")
	}
	return of, nil
}

func (s *server) listOrders(ctx context.Context, in *ordersInput) (*ordersOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	f := order.Filter{Kind: in.Kind, State: in.State, Part: in.Part}
	if f.Party, err = s.concerned(ctx, in.Party); err != nil {
		return nil, err
	}
	page := order.Page{Size: in.Limit, Newest: in.Order != "oldest"}
	if page.Cursor, err = s.sequence(ctx, listOfOrders, in.Cursor); err != nil {
		return nil, err
	}
	found, err := g.Orders.List(ctx, tenant(ctx), f, page)
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "query."))
	}
	out := &ordersOutput{}
	out.Body.Orders = convert(found.Orders, func(o order.Order) Order { return orderOf(g.Orders.Kinds(), &o) })
	if found.More {
		out.Body.Next.Next = numberCursor(listOfOrders, found.Cursor)
	}
	return out, nil
}

// shown finds an order that the caller may see.
func (s *server) shown(ctx context.Context, named CommandID) (*order.Orders, order.Order, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, order.Order{}, err
	}
	o, err := g.Orders.Get(ctx, tenant(ctx), id.ID(named))
	if errs.Is(err, errs.NotFound) || err == nil && !holds(ctx, right.OrderRead) && !slices.ContainsFunc(o.Parties, func(p order.Party) bool {
		return api.CallOf(ctx).Principal.ActsFor(p.Party)
	}) {
		err = errs.NotFound.Errorf("there is no such order, or it is not yours").On("path.order")
	}
	if err != nil {
		return nil, o, s.problem(ctx, err)
	}
	return g.Orders, o, nil
}

func (s *server) getOrder(ctx context.Context, in *InOrder) (*orderOutput, error) {
	orders, o, err := s.shown(ctx, in.Order)
	if err != nil {
		return nil, err
	}
	return &orderOutput{Body: orderOf(orders.Kinds(), &o)}, nil
}

func (s *server) listSteps(ctx context.Context, in *stepsInput) (*stepsOutput, error) {
	after, err := s.number(ctx, listOfSteps, in.Cursor)
	if err != nil {
		return nil, err
	}
	orders, o, err := s.shown(ctx, in.Order)
	if err != nil {
		return nil, err
	}
	list, err := orders.Steps(ctx, tenant(ctx), o.ID, uint32(after), in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &stepsOutput{}
	out.Body.Steps = convert(list, stepOf)
	if n := len(list); n == in.Limit && list[n-1].Version < o.Version {
		out.Body.Next.Next = numberCursor(listOfSteps, uint64(list[n-1].Version))
	}
	return out, nil
}

func (s *server) listOrderKinds(ctx context.Context, _ *struct{}) (*kindsOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	out := &kindsOutput{}
	out.Body.Kinds = convert(g.Orders.Kinds().Codes(), func(code string) OrderKind {
		k, _ := g.Orders.Kinds().Kind(code)
		return kindOf(&k)
	})
	return out, nil
}

func (s *server) getOrderKind(ctx context.Context, in *kindInput) (*kindOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	k, found := g.Orders.Kinds().Kind(in.Kind)
	if !found {
		return nil, s.fault(ctx, errs.NotFound, "path.kind", "there is no such kind of order")
	}
	out := &kindOutput{Body: kindOf(&k)}
	out.Body.Drawing, _ = g.Orders.Kinds().Mermaid(in.Kind)
	return out, nil
}
