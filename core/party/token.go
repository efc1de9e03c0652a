package party

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// Token lets a principal in. Of its text only SHA-256 is kept.
type Token struct {
	ID        id.ID
	Principal id.ID
	Expires   int64 // microseconds since 1970, the first instant at which it no longer lets in
	Created   int64
	Creator   id.ID
	Revoked   int64 // when it was revoked, 0 if it was not
	Revoker   id.ID
}

// Secret is the text of a token. It prints, logs and marshals as a mask; Text gives it to the one who is to have it.
type Secret struct{ text string }

// Text is what a client sends.
func (s Secret) Text() string { return s.text }

// String gives a mask.
func (Secret) String() string { return "[secret]" }

// Format gives a mask for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[secret]")) }

// MarshalText gives a mask.
func (Secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }

// LogValue gives a mask.
func (Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// TokenPrefix begins the text of every token, so that scanners find one where it doesn't belong.
const TokenPrefix = "longmen_"

// The text of a token has 24 random bytes and 8 that are their tag: HMAC-SHA-256 under a key that lies in the rows. Who
// makes texts up makes none with the right tag, so they are refused without a look at the rows.
const (
	randomBytes = 24
	tagBytes    = 8
	secretBytes = randomBytes + tagBytes
	secretText  = len(TokenPrefix) + (secretBytes*8+5)/6
)

// tagOf makes the tag of the random bytes of a token.
func (r *Registry) tagOf(random []byte) []byte {
	h := hmac.New(sha256.New, r.tag)
	_, _ = h.Write(random)
	return h.Sum(nil)[:tagBytes]
}

// tagged says whether a text may be that of a token: all that were issued are, and hardly any other.
func (r *Registry) tagged(text string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(text[len(TokenPrefix):])
	return err == nil && len(raw) == secretBytes && hmac.Equal(raw[randomBytes:], r.tagOf(raw[:randomBytes]))
}

// hashOf is what is kept of a token's text. What cannot be one has none.
func hashOf(text string) (hash [sha256.Size]byte, ok bool) {
	if len(text) != secretText || !strings.HasPrefix(text, TokenPrefix) {
		return hash, false
	}
	var b [secretText]byte
	copy(b[:], text)
	return sha256.Sum256(b[:]), true
}

var tokens = record[Token]{
	what: "token", key: "id",
	from: "SELECT x.id, x.principal, x.expires, x.created, x.creator, x.revoked, x.revoker FROM party_token x",
	dest: func(t *Token) []any {
		return []any{column{&t.ID}, column{&t.Principal}, &t.Expires, &t.Created, column{&t.Creator}, &t.Revoked, column{&t.Revoker}}
	},
}

// Reach is what a new token of a principal would carry: the roles of the person behind it, past and to come, and the
// grants of the principal that are not over.
type Reach struct {
	Person id.ID
	Roles  []Role
	Grants []Grant
}

// IssueToken makes a token and shows its text, this once. A repeat with the same id cannot show it again and says so:
// revoke that token and issue another one. It carries the roles and grants that are there now; see GiveRole and Grant.
func (r *Registry) IssueToken(ctx context.Context, by By, t Token) (Token, Secret, error) {
	return r.IssueTokenIf(ctx, by, t, nil)
}

// IssueTokenIf makes a token if may says so of what the token would carry. Nobody changes that meanwhile.
func (r *Registry) IssueTokenIf(ctx context.Context, by By, t Token, may func(*Reach) error) (Token, Secret, error) {
	now := r.now()
	if err := first(by.check(), checkID(t.ID)); err != nil {
		return Token{}, Secret{}, err
	}
	if t.Expires <= now || t.Expires > now+MaxTokenLife {
		return Token{}, Secret{}, errs.Invalid.Errorf("is not within the next 400 days").On("expires")
	}
	secret, err := r.newSecret()
	if err != nil {
		return Token{}, Secret{}, err
	}
	hash, _ := hashOf(secret.text)
	err = r.write(ctx, func(q *query) error {
		if _, found, err := tokens.find(q, by.Tenant, t.ID, ""); found || err != nil {
			return first(err, shown(t.ID))
		}
		if err := q.active(by.Tenant, t.Principal); err != nil {
			return err
		}
		if may != nil {
			reach, err := q.reach(by.Tenant, t.Principal, now)
			if err == nil {
				err = may(reach)
			}
			if err != nil {
				return err
			}
		}
		now = r.now() // after the locks: what is given from here on is later
		if err := q.room(MaxTokens, "tokens of this principal",
			"SELECT count(*) FROM party_token WHERE tenant = ? AND principal = ? AND revoked = 0 AND expires > ?",
			by.Tenant[:], t.Principal[:], now); err != nil {
			return err
		}
		err := q.exec(`INSERT INTO party_token (tenant, id, principal, hash, expires, created, creator, revoked, revoker)
			VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)`, by.Tenant[:], t.ID[:], t.Principal[:], hash[:], t.Expires, now, by.Actor[:], none)
		if err != nil {
			return err
		}
		t, err = tokens.get(q, by.Tenant, t.ID, "")
		return err
	})
	if store.IsDuplicate(err) {
		err = shown(t.ID) // 192 random bits do not repeat, so it is the id
	}
	if err != nil {
		return Token{}, Secret{}, failed("issue token", err)
	}
	return t, secret, nil
}

func (r *Registry) newSecret() (Secret, error) {
	raw := make([]byte, randomBytes, secretBytes)
	if _, err := io.ReadFull(r.random, raw); err != nil {
		return Secret{}, fmt.Errorf("issue token: read random bytes: %w", err)
	}
	return Secret{TokenPrefix + base64.RawURLEncoding.EncodeToString(append(raw, r.tagOf(raw)...))}, nil
}

// reach reads what a principal has and keeps others from adding to it until the transaction ends. The principal is locked.
func (q *query) reach(tenant, principal id.ID, now int64) (*Reach, error) {
	p, err := principals.get(q, tenant, principal, "")
	if err != nil {
		return nil, err
	}
	if _, err := parties.get(q, tenant, p.Person, q.locking()); err != nil {
		return nil, err
	}
	reach := &Reach{Person: p.Person}
	reach.Roles, err = roles.scan(q, roles.from+" WHERE x.tenant = ? AND x.party = ? AND x.stops > x.starts", tenant[:], p.Person[:])
	if err != nil {
		return nil, err
	}
	reach.Grants, err = grants.scan(q, grants.from+" WHERE x.tenant = ? AND x.principal = ? AND x.revoked = 0 AND x.ends > ?",
		tenant[:], principal[:], now)
	return reach, err
}

func shown(token id.ID) error {
	return TokenShown.Errorf("the token %s was issued already and its text is not kept; revoke it and issue one with a new id", token).On("id")
}

// Token reads what is known of a token.
func (r *Registry) Token(ctx context.Context, tenant, token id.ID) (Token, error) {
	return tokens.one(ctx, r, tenant, token)
}

// Tokens lists a principal's tokens, those that let nobody in any more too.
func (r *Registry) Tokens(ctx context.Context, tenant, principal id.ID, p Page) ([]Token, error) {
	return tokens.list(ctx, r, tenant, new(where).of("party_token", "principal", tenant, principal), p)
}

// RevokeToken ends a token now. Revoking it again changes nothing.
func (r *Registry) RevokeToken(ctx context.Context, by By, token id.ID) (Token, error) {
	var principal id.ID
	defer func() { r.cache.drop(principal) }()
	return end(ctx, r, by, &tokens, token, func(q *query, t *Token) error {
		principal = t.Principal // known also when the outcome of the commit is not
		if t.Revoked != 0 {
			return nil
		}
		t.Revoked, t.Revoker = r.now(), by.Actor
		return q.exec("UPDATE party_token SET revoked = ?, revoker = ? WHERE tenant = ? AND id = ?",
			t.Revoked, by.Actor[:], by.Tenant[:], token[:])
	})
}
