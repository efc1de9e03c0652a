package rest

import (
	"context"
	"encoding/hex"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/front/document"
	"github.com/longmen/longmen/front/lending/paper"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// ClaimNote is the paper of a claim that was sold on.
type ClaimNote struct {
	Sale       ID               `json:"sale"`
	Loan       ID               `json:"loan"`
	Language   string           `json:"language" enum:"zh,en"`
	Digest     string           `json:"digest" doc:"SHA-256 of its text, which is printed in it"`
	Hash       string           `json:"hash" doc:"SHA-256 of its file"`
	Pages      int              `json:"pages"`
	Size       int64            `json:"size" doc:"Bytes"`
	Made       Instant          `json:"made"`
	Sequence   uint64           `json:"sequence" doc:"Of the purchase in the ledger"`
	Signatures []TradeSignature `json:"signatures"`
}

// TradeSignature is how one of the two agreed to a trade.
type TradeSignature struct {
	Role   string  `json:"role" enum:"seller,buyer"`
	Name   string  `json:"name"`
	At     Instant `json:"at"`
	Method string  `json:"method" example:"by an order at the Platform"`
}

type (
	claimNotesInput struct {
		InLoan
		InPage
	}
	claimNotesOutput struct {
		Body struct {
			Notes []ClaimNote `json:"notes" doc:"In the ledger's order"`
			Next
		} `nameHint:"ClaimNotes"`
	}
)

func (s *server) claimNotes(a huma.API) {
	huma.Register(a, mine(right.PersonalRead, question("list-claim-notes", loanPath+"/claim-notes", tagMarket,
		"List the notes of claims on a loan that were sold; sellers and buyers find theirs by the sale")), s.listClaimNotes)
	huma.Register(a, mine(right.PersonalRead, raw(question("get-claim-note", salePath+"/note", tagMarket,
		"Give the note of a claim transfer as PDF, for its seller, its buyer and the borrower"), string(document.PDF))), s.getClaimNote)
}

func claimNoteOf(n paper.Note) ClaimNote {
	return ClaimNote{
		Sale: ID(n.Sale), Loan: ID(n.Loan), Language: string(n.Language), Digest: hex.EncodeToString(n.Digest[:]), Hash: hex.EncodeToString(n.Hash[:]),
		Pages: n.Pages, Size: n.Size, Made: Instant(n.Made), Sequence: n.Sequence,
		Signatures: convert(n.Signatures, func(x document.Signature) TradeSignature {
			return TradeSignature{Role: x.Role, Name: x.Name, At: Instant(x.At.UnixMicro()), Method: x.Method}
		}),
	}
}

// readsNote says whether the caller may read a note.
func readsNote(ctx context.Context, n *paper.Note) bool {
	p := &api.CallOf(ctx).Principal
	return holds(ctx, right.PersonalRead) || p.ActsFor(n.Seller) || p.ActsFor(n.Buyer) || p.ActsFor(n.Borrower)
}

func (s *server) listClaimNotes(ctx context.Context, in *claimNotesInput) (*claimNotesOutput, error) {
	g, l, err := s.loan(ctx, &in.InLoan, right.PersonalRead)
	if err != nil {
		return nil, err
	}
	after, err := s.sequence(ctx, listOfClaimNotes, in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := g.Papers.Notes(ctx, tenant(ctx), l.Deed.Loan, after, in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &claimNotesOutput{}
	out.Body.Notes = convert(list, claimNoteOf)
	if len(list) == in.Limit {
		out.Body.Next.Next = numberCursor(listOfClaimNotes, list[len(list)-1].Sequence)
	}
	return out, nil
}

func (s *server) getClaimNote(ctx context.Context, in *InSale) (*savedOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	n, f, content, err := g.Papers.Note(ctx, tenant(ctx), id.ID(in.Sale))
	if err == nil && !readsNote(ctx, &n) {
		err = errs.NotFound.Errorf("there is no note of this sale, or it is not yours").On("path.sale")
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return saved(f, n.Kind+".pdf", content), nil
}
