package rest

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
)

// Account is an account as it stands now.
type Account struct {
	Address    string `json:"address" example:"investor:42:cash"`
	Asset      string `json:"asset" example:"CNY"`
	Scale      uint8  `json:"scale" doc:"Digits after the point" example:"2"`
	Side       string `json:"side" enum:"debit,credit" doc:"Side on which the balance counts as positive"`
	Type       string `json:"type" enum:"asset,liability,equity,income,expense"`
	Code       uint32 `json:"code" doc:"Number in the chart of accounts"`
	Constraint string `json:"constraint" enum:"nonnegative,unbounded"`

	Balance       Total  `json:"balance" doc:"Posted, counted on the account's side"`
	Available     Total  `json:"available" doc:"What can flow out: the balance less what is held or frozen"`
	Debits        Total  `json:"debits" doc:"Sum of all posted debits"`
	Credits       Total  `json:"credits" doc:"Sum of all posted credits"`
	DebitsHeld    Total  `json:"debits_held" doc:"Reserved by open holds"`
	CreditsHeld   Total  `json:"credits_held" doc:"To be received from open holds"`
	Frozen        Total  `json:"frozen" doc:"Sum of the frozen amounts"`
	Owed          Total  `json:"owed,omitempty" doc:"Sum of its debts, which its next lines of distributions are set off against"`
	DebitsFrozen  bool   `json:"debits_frozen,omitempty"`
	CreditsFrozen bool   `json:"credits_frozen,omitempty"`
	Holds         int    `json:"holds,omitempty" doc:"Open holds that reserve from it"`
	Registers     int    `json:"registers,omitempty" doc:"Registers in which it has units"`
	Entries       uint64 `json:"entries" doc:"How many its own movements have made; lines of distributions aside"`
}

func accountOf(a ledger.AccountState) Account {
	return Account{
		Address: a.Address, Asset: a.Asset, Scale: a.Scale, Side: sides.word(a.Side), Type: accountTypes.word(a.Type), Code: a.Code,
		Constraint: constraints.word(a.Constraint), DebitsFrozen: a.NoDebits, CreditsFrozen: a.NoCredits,
		Balance: total(a.Balance()), Available: total(a.Available()), Debits: total(a.Debits), Credits: total(a.Credits),
		DebitsHeld: total(a.DebitsHeld), CreditsHeld: total(a.CreditsHeld), Frozen: total(a.Frozen),
		Owed: total(a.Owed), Holds: a.Holds, Registers: a.Registers, Entries: a.Entries,
	}
}

// Balance is what an account has, or had at some point of the past.
type Balance struct {
	Address string `json:"address" example:"investor:42:cash"`
	Missing bool   `json:"missing,omitempty" doc:"There is no such account"`
	Asset   string `json:"asset,omitempty" example:"CNY"`
	Scale   uint8  `json:"scale" doc:"Digits after the point" example:"2"`
	Side    string `json:"side,omitempty" enum:"debit,credit" doc:"Side on which the balance counts as positive"`
	Balance Total  `json:"balance" doc:"Posted, counted on the account's side"`
	Debits  Total  `json:"debits" doc:"Sum of all posted debits"`
	Credits Total  `json:"credits" doc:"Sum of all posted credits"`
	*Reserved
}

// Reserved is what an account has but can't give. It is known of the present only.
type Reserved struct {
	Available   Total `json:"available,omitempty" doc:"What can flow out: the balance less what is held or frozen; of the present only"`
	DebitsHeld  Total `json:"debits_held,omitempty" doc:"Reserved by open holds; of the present only"`
	CreditsHeld Total `json:"credits_held,omitempty" doc:"To be received from open holds; of the present only"`
	Frozen      Total `json:"frozen,omitempty" doc:"Sum of the frozen amounts; of the present only"`
}

func balanceOf(address string, a *ledger.AccountState, now bool) Balance {
	b := Balance{
		Address: address, Missing: a.Number == 0, Asset: a.Asset, Scale: a.Scale, Side: sides.word(a.Side),
		Balance: total(a.Balance()), Debits: total(a.Debits), Credits: total(a.Credits),
	}
	if now {
		b.Reserved = &Reserved{
			Available: total(a.Available()), DebitsHeld: total(a.DebitsHeld), CreditsHeld: total(a.CreditsHeld), Frozen: total(a.Frozen),
		}
	}
	return b
}

// HoldItem is an open hold.
type HoldItem struct {
	Mark     Mark    `json:"mark"`
	Sequence uint64  `json:"sequence" doc:"Of the command that made it"`
	Debit    string  `json:"debit,omitempty" doc:"Account that pays"`
	Credit   string  `json:"credit,omitempty" doc:"Account that is to receive"`
	Amount   Amount  `json:"amount,omitempty"`
	Register string  `json:"register,omitempty" doc:"Of a hold of units"`
	Units    uint64  `json:"units,omitempty" doc:"Of a hold of units"`
	Expiry   Instant `json:"expiry,omitzero" doc:"Never if absent"`
}

func holdOf(h ledger.HoldState) HoldItem {
	out := HoldItem{Mark: Mark(h.Mark), Sequence: h.Sequence, Expiry: Instant(h.Expiry)}
	if h.Register != "" {
		out.Register, out.Units = h.Register, uint64(h.Amount)
		return out
	}
	out.Debit, out.Credit, out.Amount = h.Debit, h.Credit, Amount(h.Amount)
	return out
}

// InAsOf names a point of the past.
type InAsOf struct {
	Sequence uint64       `query:"sequence" doc:"As of this command; not together with at"`
	At       InstantParam `query:"at" doc:"As of this instant, by booking time; not together with sequence" example:"2026-03-01T00:00:00Z"`
}

func (s *server) asOf(ctx context.Context, in InAsOf) (api.AsOf, error) {
	if in.Sequence != 0 && in.At.Instant != 0 {
		return api.AsOf{}, s.fault(ctx, errs.Invalid, "query.at", "stands in place of sequence, not beside it")
	}
	return api.AsOf{Sequence: in.Sequence, At: ledger.Instant(in.At.Instant)}, nil
}

type (
	accountInput struct {
		InLedger
		InKey
		Body struct {
			OpenAccount
			Envelope
		} `nameHint:"NewAccount"`
	}
	accountsInput struct {
		InLedger
		InPage
		Prefix string `query:"prefix" maxLength:"255" doc:"Only addresses that begin so" example:"investor:"`
	}
	accountsOutput struct {
		Body struct {
			Accounts []Account `json:"accounts" doc:"In the order of opening. A page may be short though there is a next one"`
			Next
		}
	}
	accountOutput struct{ Body Account }
	balanceInput  struct {
		InAddress
		InAsOf
		MinSequence uint64 `query:"min_sequence" doc:"Wait until this command is applied"`
	}
	balanceOutput struct {
		Body struct {
			Balance
			At
		} `nameHint:"BalanceNow"`
	}
	balancesInput struct {
		InLedger
		Body struct {
			Addresses   []string `json:"addresses" minItems:"1" maxItems:"1000"`
			MinSequence uint64   `json:"min_sequence,omitempty" maximum:"9007199254740991" doc:"Wait until this command is applied"`
		} `nameHint:"BalancesQuery"`
	}
	balancesOutput struct {
		Body struct {
			Balances []Balance `json:"balances" doc:"In the order of the addresses"`
			At
		} `nameHint:"Balances"`
	}
	holdsOutput struct {
		Body struct {
			Holds []HoldItem `json:"holds" doc:"Newest first"`
		}
	}
)

const accountPath = "/v1/ledgers/{ledger}/accounts/{address}"

func (s *server) accounts(a huma.API) {
	huma.Register(a, write("open-account", "/v1/ledgers/{ledger}/accounts", tagAccounts, "Open an account", ""),
		func(ctx context.Context, in *accountInput) (*commandOutput, error) {
			return s.single(ctx, in.Ledger, in.Key, &in.Body.Envelope, in.Body.OpenAccount.core(), nil)
		})
	huma.Register(a, read("list-accounts", "/v1/ledgers/{ledger}/accounts", tagAccounts, "List accounts"), s.listAccounts)
	huma.Register(a, read("get-account", accountPath, tagAccounts, "Tell what an account is and has"), s.getAccount)
	huma.Register(a, read("get-balance", accountPath+"/balance", tagAccounts, "Tell what an account has, or had at a point of the past"), s.getBalance)
	huma.Register(a, inLedger(right.LedgerRead, huma.Operation{
		OperationID: "read-balances", Method: http.MethodPost, Path: "/v1/ledgers/{ledger}/balances", Tags: []string{tagAccounts},
		Summary: "Tell what up to 1,000 accounts have", Description: "All of them are read at one sequence.", MaxBodyBytes: 1 << 20,
		Errors: []int{http.StatusBadRequest, http.StatusNotFound, http.StatusServiceUnavailable},
	}), s.readBalances)
	huma.Register(a, read("list-holds", accountPath+"/holds", tagAccounts, "List the open holds that reserve from an account"), s.listHolds)
}

func (s *server) listAccounts(ctx context.Context, in *accountsInput) (*accountsOutput, error) {
	after, err := s.number(ctx, listOfAccounts, in.Cursor)
	if err != nil {
		return nil, err
	}
	list, next, err := s.node.Accounts(ctx, in.Ledger, uint32(after), in.Prefix, in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &accountsOutput{}
	out.Body.Accounts = convert(list, accountOf)
	out.Body.Next.Next = numberCursor(listOfAccounts, uint64(next))
	return out, nil
}

// account reads one account that must be there: field names it.
func (s *server) account(ctx context.Context, name, address, field string, atLeast uint64) (ledger.AccountState, api.Position, error) {
	var states [1]ledger.AccountState
	position, err := s.node.Balances(ctx, name, []string{address}, atLeast, states[:])
	if err != nil {
		return states[0], position, s.problem(ctx, err)
	}
	if states[0].Number == 0 {
		return states[0], position, s.fault(ctx, errs.NotFound, field, fmt.Sprintf("there is no account %q", cut(address)))
	}
	return states[0], position, nil
}

func (s *server) getAccount(ctx context.Context, in *InAddress) (*accountOutput, error) {
	state, _, err := s.account(ctx, in.Ledger, in.Address, "path.address", 0)
	if err != nil {
		return nil, err
	}
	return &accountOutput{Body: accountOf(state)}, nil
}

func (s *server) getBalance(ctx context.Context, in *balanceInput) (*balanceOutput, error) {
	asOf, err := s.asOf(ctx, in.InAsOf)
	if err != nil {
		return nil, err
	}
	out := &balanceOutput{}
	if !asOf.Now() {
		past, err := s.node.BalanceAt(ctx, in.Ledger, in.Address, asOf)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		out.Body.Balance, out.Body.At = balanceOf(in.Address, &past.Account, false), at(past.As)
		return out, nil
	}
	state, position, err := s.account(ctx, in.Ledger, in.Address, "path.address", in.MinSequence)
	if err != nil {
		return nil, err
	}
	out.Body.Balance, out.Body.At = balanceOf(in.Address, &state, true), at(position)
	return out, nil
}

func (s *server) readBalances(ctx context.Context, in *balancesInput) (*balancesOutput, error) {
	states := make([]ledger.AccountState, len(in.Body.Addresses))
	position, err := s.node.Balances(ctx, in.Ledger, in.Body.Addresses, in.Body.MinSequence, states)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &balancesOutput{}
	out.Body.At = at(position)
	out.Body.Balances = make([]Balance, len(states))
	for i := range states {
		out.Body.Balances[i] = balanceOf(in.Body.Addresses[i], &states[i], true)
	}
	return out, nil
}

func (s *server) listHolds(ctx context.Context, in *InAddress) (*holdsOutput, error) {
	list, err := s.node.Holds(ctx, in.Ledger, in.Address)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &holdsOutput{}
	out.Body.Holds = convert(list, holdOf)
	return out, nil
}
