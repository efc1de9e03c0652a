package rest

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Attestation says that somebody vouches for something about a party. It is never edited.
type Attestation struct {
	ID      ID      `json:"id"`
	Party   ID      `json:"party"`
	About   string  `json:"about" doc:"What is vouched for" example:"identity"`
	Level   string  `json:"level" example:"verified"`
	Source  string  `json:"source" doc:"Where it comes from" example:"id-card"`
	Voucher ID      `json:"voucher,omitzero" doc:"The party that vouches for it; absent when the source says it all"`
	From    Instant `json:"from"`
	Until   Instant `json:"until,omitzero" doc:"The first instant at which it no longer holds; absent for no end"`
	Created Instant `json:"created"`
	Creator ID      `json:"creator" doc:"The principal that gave it"`
	Revoked Instant `json:"revoked,omitzero" doc:"From then on it does not hold"`
	Revoker ID      `json:"revoker,omitzero"`
	Reason  string  `json:"reason,omitempty" doc:"Of the revocation" example:"document-expired"`
}

func attestationOf(a *party.Attestation) Attestation {
	return Attestation{
		ID: ID(a.ID), Party: ID(a.Party), About: a.About, Level: a.Level, Source: a.Source, Voucher: ID(a.Voucher), From: Instant(a.From),
		Until: Instant(a.Until), Created: Instant(a.Created), Creator: ID(a.Creator),
		Revoked: Instant(a.Revoked.At), Revoker: ID(a.Revoked.Actor), Reason: a.Revoked.Reason,
	}
}

type (
	newAttestation struct {
		InParty
		Body struct {
			ID      NewID     `json:"id" doc:"Made by the client: the same again changes nothing"`
			About   string    `json:"about" maxLength:"32" pattern:"^[a-z0-9_-]+$" doc:"What is vouched for" example:"identity"`
			Level   string    `json:"level" maxLength:"32" pattern:"^[a-z0-9_-]+$" example:"verified"`
			Source  string    `json:"source" maxLength:"32" pattern:"^[a-z0-9_-]+$" doc:"Where it comes from" example:"id-card"`
			Voucher CommandID `json:"voucher,omitzero" doc:"The party that vouches for it, if the source alone does not say"`
			From    Instant   `json:"from,omitzero" doc:"The instant in its id if absent"`
			Until   Instant   `json:"until,omitzero" doc:"The first instant at which it no longer holds"`
		} `nameHint:"NewAttestation"`
	}
	endAttestation struct {
		Attestation CommandID `path:"attestation" doc:"Id of the attestation" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
		Body        struct {
			Reason string `json:"reason" maxLength:"32" pattern:"^[a-z0-9_-]+$" doc:"A code" example:"document-expired"`
		} `nameHint:"EndAttestation"`
	}
	attestationOutput struct{ Body Attestation }
	attestationsInput struct {
		InParty
		InPage
		About string `query:"about" maxLength:"32" doc:"Only these" example:"identity"`
		Holds bool   `query:"holds" doc:"Only those that hold now"`
	}
	attestationsOutput struct {
		Body struct {
			Attestations []Attestation `json:"attestations" doc:"In the order of ids"`
			Next
		} `nameHint:"Attestations"`
	}
)

func (s *server) attestations(a huma.API) {
	const path = partyPath + "/attestations"
	huma.Register(a, needs(right.AttestationWrite, change("give-attestation", path, tagParties, "Vouch for something about a party",
		"Nobody vouches for himself.")), s.giveAttestation)
	huma.Register(a, own("party", right.PartyRead, question("list-attestations", path, tagParties, "List what is vouched for about a party")), s.listAttestations)
	huma.Register(a, needs(right.AttestationWrite, change("revoke-attestation", "/v1/attestations/{attestation}/revoke", tagParties,
		"Say that an attestation no longer holds", "")), s.revokeAttestation)
}

// since is where something begins that says nothing of it: at the instant in its id, so that the same again is the same.
func since(from Instant, of NewID) int64 {
	if from != 0 {
		return int64(from)
	}
	return id.ID(of).Micros()
}

func (s *server) giveAttestation(ctx context.Context, in *newAttestation) (*attestationOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	if id.ID(in.Party) == api.CallOf(ctx).Principal.Person {
		return nil, s.fault(ctx, errs.Forbidden, "path.party", "nobody vouches for himself: ask another person")
	}
	b := &in.Body
	a, err := g.Parties.Attest(ctx, by(ctx), party.Attestation{
		ID: id.ID(b.ID), Party: id.ID(in.Party), About: b.About, Level: b.Level, Source: b.Source, Voucher: id.ID(b.Voucher),
		From: since(b.From, b.ID), Until: int64(b.Until),
	})
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	return &attestationOutput{Body: attestationOf(&a)}, nil
}

func (s *server) listAttestations(ctx context.Context, in *attestationsInput) (*attestationsOutput, error) {
	g, page, err := s.ofParty(ctx, listOfAttestations, in.Party, &in.InPage)
	if err != nil {
		return nil, err
	}
	f := party.AttestationFilter{Party: id.ID(in.Party), About: in.About}
	if in.Holds {
		f.Holds = g.Clock.Now().UnixMicro()
	}
	list, err := g.Parties.Attestations(ctx, tenant(ctx), f, page)
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "query."))
	}
	out := &attestationsOutput{}
	out.Body.Attestations = convert(list, func(a party.Attestation) Attestation { return attestationOf(&a) })
	out.Body.Next.Next = rowCursor(listOfAttestations, list, page, func(a *party.Attestation) id.ID { return a.ID })
	return out, nil
}

func (s *server) revokeAttestation(ctx context.Context, in *endAttestation) (*attestationOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	a, err := g.Parties.RevokeAttestation(ctx, by(ctx), id.ID(in.Attestation), in.Body.Reason)
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	return &attestationOutput{Body: attestationOf(&a)}, nil
}
