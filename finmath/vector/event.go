package vector

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/schedule"
)

var eventTermFields = append([]string{"allocation", "recalculation", "payoff_rule"}, termFields...)

// event is an event as the vectors write it.
type event struct {
	Type   text `json:"type"`
	Date   text `json:"date"`
	Amount text `json:"amount"`
	Kind   text `json:"kind"`
	Due    text `json:"due_date"`
	Rows   text `json:"periods"`
	Rate   text `json:"annual_rate_percent"`
	Keep   bool `json:"keep_installment"`
	Grace  text `json:"interest"`
}

var eventFields = map[text][]string{
	"disburse": {"type", "date", "amount"}, "repay": {"type", "date", "amount"}, "payoff": {"type", "date"},
	"charge":      {"type", "date", "amount", "kind", "due_date"},
	"defer":       {"type", "date", "periods", "interest"},
	"reschedule":  {"type", "date", "due_date", "periods"},
	"change_rate": {"type", "date", "annual_rate_percent", "keep_installment"},
}

var eventTypes = map[text]loan.Type{
	"disburse": loan.Disburse, "repay": loan.Repay, "payoff": loan.Payoff, "charge": loan.Charge, "defer": loan.Defer,
	"reschedule": loan.Reschedule, "change_rate": loan.ChangeRate,
}

var componentNames = map[text]loan.Component{
	"penalty": loan.Penalty, "fee": loan.Fee, "interest": loan.Interest, "principal": loan.Principal,
}

type checkpoint struct {
	AfterEvents int  `json:"after_events"`
	AsOf        text `json:"as_of"`
}

// MaxCheckpoints is the most states one question may ask for.
const MaxCheckpoints = 200

// events answers with the state of the loan at each checkpoint.
func events(line []byte) (any, error) {
	var q struct {
		Terms       json.RawMessage   `json:"terms"`
		Events      []json.RawMessage `json:"events"`
		Checkpoints []checkpoint      `json:"checkpoints"`
	}
	if err := json.Unmarshal(line, &q); err != nil {
		return nil, err
	}
	if err := known(q.Terms, "terms", eventTermFields...); err != nil {
		return nil, err
	}
	var t terms
	if err := json.Unmarshal(q.Terms, &t); err != nil {
		return nil, fmt.Errorf("terms: %w", err)
	}
	m, agree, err := t.agreement()
	if err != nil {
		return nil, err
	}
	if len(q.Events) > loan.MaxEvents || len(q.Checkpoints) > MaxCheckpoints {
		return nil, fmt.Errorf("at most %d events and %d checkpoints", loan.MaxEvents, MaxCheckpoints)
	}
	list := make([]loan.Event, len(q.Events))
	for i, raw := range q.Events {
		if list[i], err = m.event(raw); err != nil {
			return nil, fmt.Errorf("event %d: %w", i+1, err)
		}
	}
	states := make([]any, len(q.Checkpoints))
	for i, c := range q.Checkpoints {
		if states[i], err = m.state(agree, list, c); err != nil {
			return nil, err
		}
	}
	return states, nil
}

func (m *mapped) state(agree loan.Agreement, list []loan.Event, c checkpoint) (any, error) {
	if c.AfterEvents < 0 || c.AfterEvents > len(list) {
		return nil, fmt.Errorf("after_events %d of %d", c.AfterEvents, len(list))
	}
	asOf := day.Min
	if c.AsOf != "" {
		var err error
		if asOf, err = c.AsOf.date("as_of"); err != nil {
			return nil, err
		}
	}
	s, err := loan.Replay(agree, list[:c.AfterEvents], asOf)
	if err != nil {
		return nil, err
	}
	return m.answer(s), nil
}

func (m *mapped) event(raw json.RawMessage) (loan.Event, error) {
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		return loan.Event{}, err
	}
	kind, err := choice("type", e.Type, eventTypes)
	if err != nil {
		return loan.Event{}, err
	}
	if err := known(raw, string(e.Type), eventFields[e.Type]...); err != nil {
		return loan.Event{}, err
	}
	out := loan.Event{Type: kind, KeepInstallment: e.Keep, All: kind == loan.Payoff}
	if out.Date, err = e.Date.date("date"); err != nil {
		return out, err
	}
	switch kind {
	case loan.Charge, loan.Disburse, loan.Repay:
		if out.Amount, err = m.amount("amount", e.Amount); err != nil {
			return out, err
		}
	}
	if e.Due != "" {
		if out.Due, err = e.Due.date("due_date"); err != nil {
			return out, err
		}
	}
	if e.Rows != "" {
		if out.Rows, err = e.Rows.whole("periods"); err != nil {
			return out, err
		}
	}
	return out, e.more(&out)
}

// more reads what only one type of event has.
func (e *event) more(out *loan.Event) error {
	var err error
	switch out.Type {
	case loan.Charge:
		if e.Due == "" {
			out.Due = out.Date
		}
		out.Component, err = choice("kind", e.Kind, map[text]loan.Component{"fee": loan.Fee, "penalty": loan.Penalty})
	case loan.Defer:
		out.Holiday, err = choice("interest", e.Grace, map[text]schedule.HolidayInterest{
			"": schedule.HolidayDue, "due": schedule.HolidayDue, "carried": schedule.HolidayCarried, "free": schedule.HolidayFree,
		})
	case loan.Reschedule:
		if e.Due == "" {
			err = fmt.Errorf("due_date is missing")
		}
	case loan.ChangeRate:
		out.AnnualRate, err = e.Rate.percent("annual_rate_percent")
	}
	return err
}

func (t *terms) agreement() (*mapped, loan.Agreement, error) {
	m, err := t.mapped()
	if err != nil {
		return nil, loan.Agreement{}, err
	}
	a := loan.Agreement{Terms: m.Terms, AutoDownPayment: t.DownPaymentAuto}
	if a.Allocation, err = t.allocation(); err != nil {
		return nil, a, err
	}
	if a.Recalculation, err = t.recalculation(); err != nil {
		return nil, a, err
	}
	a.Payoff, err = payoffRule(t.PayoffRule)
	return m, a, err
}

// payoffRule tells the rules, which are written in several ways, by the word for what interest is owed to. The day of the
// payoff comes first, as "next due date after the payoff" is written with both.
func payoffRule(t text) (loan.PayoffRule, error) {
	if t == "" {
		return loan.ToPayoffDate, nil
	}
	for _, r := range []struct {
		word string
		rule loan.PayoffRule
	}{
		{"due", loan.ToNextDueDate},
		{"rest", loan.ToNextDueDate},
		{"period", loan.ToNextDueDate},
		{"installment", loan.ToNextDueDate},
		{"maturity", loan.ToTheEnd},
		{"to_the_end", loan.ToTheEnd},
		{"to_payoff", loan.ToPayoffDate},
		{"clos", loan.ToPayoffDate},
	} {
		// "interest" holds a "rest" of its own.
		if strings.Contains(strings.ReplaceAll(string(t.word()), "interest", ""), r.word) {
			return r.rule, nil
		}
	}
	return 0, unsupported("payoff_rule %.60q", string(t))
}

func (t *terms) allocation() (loan.Allocation, error) {
	var q struct {
		Mode        text   `json:"mode"`
		Due         []text `json:"due_order"`
		Advance     []text `json:"advance_order"`
		AdvanceFrom text   `json:"advance_from"`
		Across      text   `json:"across"`
	}
	var a loan.Allocation
	if len(t.Allocation) == 0 {
		return a, nil
	}
	if err := known(t.Allocation, "allocation", "mode", "due_order", "advance_order", "advance_from", "across"); err != nil {
		return a, err
	}
	if err := json.Unmarshal(t.Allocation, &q); err != nil {
		return a, fmt.Errorf("allocation: %w", err)
	}
	var err error
	if a.Steps, err = choice("allocation.mode", q.Mode, map[text]loan.Steps{
		"": loan.DueThenAdvance, "installment_by_installment": loan.DueThenAdvance, "due_then_advance": loan.DueThenAdvance,
		"past_due_then_due_then_advance": loan.PastDueThenDueAdvance,
	}); err != nil {
		return a, err
	}
	if a.Due, err = order("allocation.due_order", q.Due); err != nil {
		return a, err
	}
	if a.Advance, err = order("allocation.advance_order", q.Advance); err != nil {
		return a, err
	}
	if a.FromLast, err = choice("allocation.advance_from", q.AdvanceFrom, map[text]bool{
		"": false, "next_installment": false, "last_installment": true,
	}); err != nil {
		return a, err
	}
	a.ComponentFirst, err = choice("allocation.across", q.Across, map[text]bool{
		"": false, "installment_first": false, "component_first": true,
	})
	return a, err
}

func order(name string, list []text) (loan.Order, error) {
	o := loan.DefaultOrder
	if len(list) == 0 {
		return o, nil
	}
	if len(list) != len(o) {
		return o, unsupported("%s of %d components, take 4", name, len(list))
	}
	for i, t := range list {
		var err error
		if o[i], err = choice(name, t, componentNames); err != nil {
			return o, err
		}
	}
	return o, nil
}

// recalculation reads how interest follows the money. A product whose payoff has a rule of its own recalculates too.
func (t *terms) recalculation() (loan.Recalculation, error) {
	var q struct {
		Rest     text `json:"rest"`
		Overdue  text `json:"overdue"`
		Strategy text `json:"strategy"`
	}
	r := loan.Recalculation{On: t.PayoffRule != ""}
	if len(t.Recalculation) == 0 {
		return r, nil
	}
	if err := known(t.Recalculation, "recalculation", "rest", "overdue", "strategy", "early_money", "days_in_year"); err != nil {
		return r, err
	}
	if err := json.Unmarshal(t.Recalculation, &q); err != nil {
		return r, fmt.Errorf("recalculation: %w", err)
	}
	r.On = true
	var err error
	if r.EarlyOnDueDate, err = choice("recalculation.rest", q.Rest, map[text]bool{
		"": false, "daily": false, "period": true, "installment": true, "same_as_repayment_period": true,
	}); err != nil {
		return r, err
	}
	if r.Strategy, err = choice("recalculation.strategy", q.Strategy, map[text]loan.Strategy{
		"": loan.FewerInstallments, "reduce_number_of_installments": loan.FewerInstallments,
		"reduce_installment_when_payment_reaches_installment": loan.SmallerInstallments,
		"reduce_installment": loan.SmallerInstallments,
	}); err != nil {
		return r, err
	}
	if q.Overdue != "" && !strings.HasPrefix(string(q.Overdue), "unpaid principal bears interest until as_of") {
		r.NoOverdue, err = choice("recalculation.overdue", q.Overdue, map[text]bool{"none": true, "no_interest": true})
	}
	return r, err
}

type transaction struct {
	Date      text `json:"date"`
	Type      text `json:"type"`
	Amount    text `json:"amount"`
	Principal text `json:"principal"`
	Interest  text `json:"interest"`
	Fee       text `json:"fee"`
	Penalty   text `json:"penalty"`
	Balance   text `json:"loan_balance"`
}

type state struct {
	Rows         []row           `json:"rows"`
	Totals       map[string]text `json:"totals"`
	Transactions []transaction   `json:"transactions"`
	Outstanding  text            `json:"outstanding"`
	Overpaid     text            `json:"overpaid"`
}

// answer writes a state as a checkpoint of the vectors.
func (m *mapped) answer(s *loan.State) state {
	out := state{Rows: make([]row, len(s.Rows)), Transactions: make([]transaction, len(s.Transactions))}
	for i := range s.Rows {
		out.Rows[i] = m.paidRow(&s.Rows[i])
	}
	for i, t := range s.Transactions {
		out.Transactions[i] = transaction{
			Date: text(t.Date.String()), Type: text(t.Entry.String()), Amount: m.write(t.Amount),
			Principal: m.write(t.Split[loan.Principal]), Interest: m.write(t.Split[loan.Interest]),
			Fee: m.write(t.Split[loan.Fee]), Penalty: m.write(t.Split[loan.Penalty]), Balance: m.write(t.Balance),
		}
	}
	due, paid := s.Totals()
	open := m.write(s.Outstanding().Total())
	out.Totals = map[string]text{
		"principal": m.write(due[loan.Principal]), "interest": m.write(due[loan.Interest]), "fee": m.write(due[loan.Fee]),
		"penalty": m.write(due[loan.Penalty]), "due": m.write(due.Total()), "paid": m.write(paid.Total()), "outstanding": open,
	}
	out.Outstanding, out.Overpaid = open, m.write(s.Overpaid)
	return out
}

func (m *mapped) paidRow(r *loan.Row) row {
	out := m.row(&r.Row)
	paid, open := m.write(r.Paid.Total()), m.write(r.Outstanding().Total())
	early, late := m.write(r.InAdvance), m.write(r.Late)
	out.Paid, out.Outstanding, out.InAdvance, out.Late = &paid, &open, &early, &late
	if r.PaidOffOn != nil {
		on := text(r.PaidOffOn.String())
		out.PaidOffOn = &on
	}
	return out
}
