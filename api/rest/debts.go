package rest

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/core/ledger"
)

// Debt is what an account owes to a cover account.
type Debt struct {
	Account  string `json:"account" example:"investor:42:cash"`
	Cover    string `json:"cover" doc:"The account that is owed" example:"platform:cover"`
	Amount   Amount `json:"amount"`
	Sequence uint64 `json:"sequence" doc:"Of the command with which it began"`
}

func debtOf(d ledger.DebtState) Debt {
	return Debt{Account: d.Account, Cover: d.Cover, Amount: Amount(d.Amount), Sequence: d.Sequence}
}

type (
	debtsInput struct {
		InLedger
		InPage
		Cover string `query:"cover" maxLength:"255" doc:"Only what is owed to this account" example:"platform:cover"`
	}
	accountDebtsOutput struct {
		Body struct {
			Debts []Debt `json:"debts" doc:"Oldest first: in this order they are set off"`
		}
	}
	debtsOutput struct {
		Body struct {
			Debts []Debt `json:"debts" doc:"In no order; a page may be short and have a next"`
			Next
		}
	}
)

func (s *server) debts(a huma.API) {
	huma.Register(a, read("list-account-debts", accountPath+"/debts", tagAccounts, "List what an account owes"), s.accountDebts)
	huma.Register(a, read("list-debts", "/v1/ledgers/{ledger}/debts", tagAccounts, "List who owes to a cover account, or to any"), s.listDebts)
}

func (s *server) accountDebts(ctx context.Context, in *InAddress) (*accountDebtsOutput, error) {
	list, err := s.node.Debts(ctx, in.Ledger, in.Address)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &accountDebtsOutput{}
	out.Body.Debts = convert(list, debtOf)
	return out, nil
}

func (s *server) listDebts(ctx context.Context, in *debtsInput) (*debtsOutput, error) {
	after, err := s.number(ctx, listOfDebts, in.Cursor)
	if err != nil {
		return nil, err
	}
	list, next, err := s.node.DebtsTo(ctx, in.Ledger, uint32(after), in.Cover, in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &debtsOutput{}
	out.Body.Debts = convert(list, debtOf)
	out.Body.Next.Next = numberCursor(listOfDebts, uint64(next))
	return out, nil
}
