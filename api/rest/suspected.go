package rest

import (
	"context"
	"encoding/binary"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/id"
)

type (
	suspectedInput struct{ InPage }
	// SuspectedPayment is a payment that looks like an earlier one made a second time.
	SuspectedPayment struct {
		Loan     ID        `json:"loan"`
		Borrower ID        `json:"borrower"`
		Event    LoanEvent `json:"event" doc:"Nothing of what was offered was taken: it lies on the account of who paid"`
	}
	suspectedOutput struct {
		Body struct {
			Payments []SuspectedPayment `json:"payments" doc:"The latest first"`
			Next
		}
	}
)

func (s *server) suspectedPayments(a huma.API) {
	huma.Register(a, needs(right.LoanRead, question("list-suspected-payments", "/v1/suspected-payments", tagLoans,
		"List the payments that look like second ones. The borrower was told of each; it is refunded from the payer's account, or counted by another payment with anyway")),
		s.listSuspected)
}

func (s *server) listSuspected(ctx context.Context, in *suspectedInput) (*suspectedOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	b, err := s.place(ctx, listOfSuspected, in.Cursor)
	if err != nil {
		return nil, err
	}
	var before *servicing.SecondPlace
	if b != nil {
		if len(b) != 8+id.Size {
			return nil, s.strange(ctx)
		}
		before = &servicing.SecondPlace{At: int64(binary.BigEndian.Uint64(b)), ID: id.ID(b[8:])}
	}
	list, more, err := g.Loans.Suspected(ctx, tenant(ctx), before, in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &suspectedOutput{}
	out.Body.Payments = convert(list, func(x servicing.Second) SuspectedPayment {
		return SuspectedPayment{ID(x.Loan), ID(x.Borrower), loanEventOf(&x.Event)}
	})
	if more {
		last := &list[len(list)-1].Event
		out.Body.Next.Next = cursor(listOfSuspected, append(binary.BigEndian.AppendUint64(nil, uint64(last.At)), last.ID[:]...))
	}
	return out, nil
}
