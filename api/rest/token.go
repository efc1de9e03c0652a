package rest

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/id"
)

// Token lets a principal in.
type Token struct {
	ID        ID      `json:"id"`
	Principal ID      `json:"principal"`
	Expires   Instant `json:"expires" doc:"The first instant at which it no longer lets in"`
	Created   Instant `json:"created"`
	Creator   ID      `json:"creator" doc:"The principal that issued it"`
	Revoked   Instant `json:"revoked,omitzero"`
	Revoker   ID      `json:"revoker,omitzero"`
	Token     string  `json:"token,omitempty" doc:"Its text, in the answer to its issue alone"`
}

func tokenOf(t *party.Token) Token {
	return Token{
		ID: ID(t.ID), Principal: ID(t.Principal), Expires: Instant(t.Expires), Created: Instant(t.Created), Creator: ID(t.Creator),
		Revoked: Instant(t.Revoked), Revoker: ID(t.Revoker),
	}
}

// InPrincipal names a principal in the path.
type InPrincipal struct {
	Principal CommandID `path:"principal" doc:"Id of the principal" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
}

type (
	newToken struct {
		InPrincipal
		Body struct {
			ID      NewID   `json:"id" doc:"Made by the client"`
			Expires Instant `json:"expires" doc:"Within 400 days"`
		} `nameHint:"NewToken"`
	}
	endToken struct {
		Token CommandID `path:"token" doc:"Id of the token" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
		Body  struct{}  `nameHint:"EndToken"`
	}
	tokensInput struct {
		InPrincipal
		InPage
	}
	tokenOutput  struct{ Body Token }
	tokensOutput struct {
		Body struct {
			Tokens []Token `json:"tokens" doc:"In the order of ids"`
			Next
		}
	}
)

func (s *server) tokens(a huma.API) {
	const path = "/v1/principals/{principal}/tokens"
	huma.Register(a, needs(right.TokenIssue, change("issue-token", path, tagParties, "Issue a token for a principal",
		"Its text is shown once. It carries what the principal has now: roles that are given later, and grants that others than the party give later, "+
			"take a later token. It must not let the caller do what he may not do himself: who stands behind the principal has no rights that the "+
			"caller has not, decides about no proposals, and is no client who did not let the caller act for him.")), s.issueToken)
	huma.Register(a, needs(right.PrincipalRead, question("list-tokens", path, tagParties, "List a principal's tokens, never their texts")), s.listTokens)
	huma.Register(a, needs(right.TokenIssue, change("revoke-token", "/v1/tokens/{token}/revoke", tagParties, "Revoke a token", "")), s.revokeToken)
}

func (s *server) issueToken(ctx context.Context, in *newToken) (*tokenOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	t, secret, err := g.Authority.IssueToken(ctx, who(ctx), party.Token{ID: id.ID(in.Body.ID), Principal: id.ID(in.Principal), Expires: int64(in.Body.Expires)})
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	out := &tokenOutput{Body: tokenOf(&t)}
	out.Body.Token = secret.Text()
	return out, nil
}

func (s *server) listTokens(ctx context.Context, in *tokensInput) (*tokensOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	page, err := s.rows(ctx, listOfTokens, &in.InPage)
	if err != nil {
		return nil, err
	}
	if _, err := g.Parties.Principal(ctx, tenant(ctx), id.ID(in.Principal)); err != nil {
		return nil, s.problem(ctx, err)
	}
	list, err := g.Parties.Tokens(ctx, tenant(ctx), id.ID(in.Principal), page)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &tokensOutput{}
	out.Body.Tokens = convert(list, func(t party.Token) Token { return tokenOf(&t) })
	out.Body.Next.Next = rowCursor(listOfTokens, list, page, func(t *party.Token) id.ID { return t.ID })
	return out, nil
}

func (s *server) revokeToken(ctx context.Context, in *endToken) (*tokenOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	t, err := g.Parties.RevokeToken(ctx, by(ctx), id.ID(in.Token))
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &tokenOutput{Body: tokenOf(&t)}, nil
}
