// Package sign lets a party sign a document by a one-time code, sent over a channel that is known to be his: click-sign.
// It stands behind the port that any other service of electronic signatures can stand behind.
//
// The package must not know what a document says or what follows from a signature.
package sign

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"time"

	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

//go:embed migrations
var migrations embed.FS

// How long a code is good, how many wrong ones end it, and how many are sent for one document.
const (
	minutes     = 10
	maxAttempts = 5
	maxAsked    = 10
	codeDigits  = 6
)

var (
	// Wrong means that a code is not the one that was sent last, or is no longer good.
	Wrong = errs.Define("sign_code", 403, "The code is wrong or no longer good")
	// UsedUp means that no more codes are sent for a document.
	UsedUp = errs.Define("sign_codes_used_up", 409, "No more codes are sent for this document")
)

// Notices tell parties something.
type Notices interface {
	Prepare(ctx context.Context, n notice.Notice) (*notice.Prepared, error)
	Keep(ctx context.Context, tx *sql.Tx, list ...*notice.Prepared) error
}

// Desk asks for signatures and takes them.
type Desk struct {
	db      *store.DB
	notices Notices
	random  io.Reader
}

// Open brings the tables up to date.
func Open(ctx context.Context, db *store.DB, notices Notices, random io.Reader) (*Desk, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, "sign", files); err != nil {
		return nil, err
	}
	return &Desk{db: db, notices: notices, random: random}, nil
}

// Request is what a party is asked to sign.
type Request struct {
	Tenant  id.ID
	Subject id.ID // that the document is about
	Party   id.ID
	Hash    [32]byte // of the document
	Ledger  string   // by whose clock the notice is sent
	Now     int64    // of that clock, microseconds since 1970
	Kind    string   // of the notice that carries the code
}

// Ask sends a new code; the one before is no longer good. What was signed is not asked for again.
func (d *Desk) Ask(ctx context.Context, r Request) error {
	code, salt, err := d.code()
	if err != nil {
		return err
	}
	notice, err := r.notice(code, salt)
	if err != nil {
		return err
	}
	// Who writes holds a connection: he waits for no second one.
	tell, err := d.notices.Prepare(ctx, notice)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(append(salt, code...))
	return d.db.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, d.db.Rebind(`INSERT INTO sign_request (tenant, subject, party, hash, salt, code, expires, attempts, signed)
			VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0) ON CONFLICT (tenant, subject, party) DO UPDATE SET hash = excluded.hash, salt = excluded.salt,
			code = excluded.code, expires = excluded.expires, attempts = 0, asked = sign_request.asked + 1
			WHERE sign_request.signed = 0 AND sign_request.asked < ?`),
			r.Tenant[:], r.Subject[:], r.Party[:], r.Hash[:], salt, digest[:], r.Now+minutes*time.Minute.Microseconds(), maxAsked)
		if err != nil {
			return fmt.Errorf("ask for a signature: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, d.notSent(ctx, tx, &r))
		}
		return d.notices.Keep(ctx, tx, tell)
	})
}

// notSent says why no code is sent: nothing is to be said of what is signed.
func (d *Desk) notSent(ctx context.Context, tx *sql.Tx, r *Request) error {
	signed, err := d.signed(ctx, tx, r.Tenant, r.Subject, r.Party)
	if err == nil && signed.At == 0 {
		err = UsedUp.Errorf("%d were sent, and each had its attempts", maxAsked)
	}
	return err
}

// Signature is what a party signed, and when.
type Signature struct {
	Hash [32]byte
	At   int64 // microseconds since 1970, 0: not yet
}

// Signature gives a party's signature under a document about a subject; without one its At is 0.
func (d *Desk) Signature(ctx context.Context, tenant, subject, party id.ID) (Signature, error) {
	return d.signed(ctx, d.db.Reader(), tenant, subject, party)
}

// querier is a transaction or a pool.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (d *Desk) signed(ctx context.Context, q querier, tenant, subject, party id.ID) (s Signature, err error) {
	var hash []byte
	err = q.QueryRowContext(ctx, d.db.Rebind(`SELECT hash, signed FROM sign_request WHERE tenant = ? AND subject = ? AND party = ?`),
		tenant[:], subject[:], party[:]).Scan(&hash, &s.At)
	if errors.Is(err, sql.ErrNoRows) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("read a signature: %w", err)
	}
	copy(s.Hash[:], hash)
	return s, nil
}

func (r *Request) notice(code, salt []byte) (notice.Notice, error) {
	data, err := json.Marshal(map[string]any{"code": string(code), "minutes": minutes})
	return notice.Notice{
		Tenant: r.Tenant, ID: r.Subject.Derive("sign "+string(salt), uint64(r.Now)), Ledger: r.Ledger, At: r.Now, Party: r.Party, Kind: r.Kind, Data: data,
	}, err
}

func (d *Desk) code() (code, salt []byte, err error) {
	b := make([]byte, 32)
	if _, err := io.ReadFull(d.random, b); err != nil {
		return nil, nil, fmt.Errorf("make a code: %w", err)
	}
	// Of 128 bits modulo a million no code is likelier than another by more than 2^-108.
	n := new(big.Int).SetBytes(b[:16])
	n.Mod(n, big.NewInt(1_000_000))
	return fmt.Appendf(nil, "%0*d", codeDigits, n), b[16:], nil
}

// Sign takes a code as the party's signature under the document of that hash. The same signature again changes nothing.
func (d *Desk) Sign(ctx context.Context, r Request, code string) error {
	var refusal error
	err := d.db.Write(ctx, func(tx *sql.Tx) error {
		var hash, salt, digest []byte
		var expires, attempts, signed int64
		err := tx.QueryRowContext(ctx, d.db.Rebind(`SELECT hash, salt, code, expires, attempts, signed FROM sign_request
			WHERE tenant = ? AND subject = ? AND party = ?`)+d.db.Dialect().ForUpdate(), r.Tenant[:], r.Subject[:], r.Party[:]).
			Scan(&hash, &salt, &digest, &expires, &attempts, &signed)
		if errors.Is(err, sql.ErrNoRows) {
			return errs.NotFound.Errorf("this party was not asked to sign this")
		}
		if err != nil {
			return fmt.Errorf("read a request to sign: %w", err)
		}
		given := sha256.Sum256(append(salt, code...))
		right := subtle.ConstantTimeCompare(given[:], digest) == 1 && string(hash) == string(r.Hash[:])
		switch {
		case signed > 0 && right:
			return nil
		case signed > 0 || attempts >= maxAttempts || r.Now >= expires:
			return Wrong.Errorf("it is no longer good: ask for a new one").On("code")
		case !right:
			refusal = Wrong.Errorf("it is not the one that was sent last").On("code")
			return d.note(ctx, tx, &r, "attempts = attempts + ?", 1) // also kept although it is refused
		}
		return d.note(ctx, tx, &r, "signed = ?", r.Now)
	})
	return errors.Join(err, refusal)
}

func (d *Desk) note(ctx context.Context, tx *sql.Tx, r *Request, set string, value int64) error {
	_, err := tx.ExecContext(ctx, d.db.Rebind(`UPDATE sign_request SET `+set+` WHERE tenant = ? AND subject = ? AND party = ?`),
		value, r.Tenant[:], r.Subject[:], r.Party[:])
	return err
}
