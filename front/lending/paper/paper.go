// Package paper makes the documents of an application, the cost that is told before anything is signed, the agreement,
// its signed copy and the annex of those who lend, the note of each claim that is sold on, and keeps what applicants
// send. Each paper is made once, from data that are kept with it; its file lies under its hash.
//
// The package must not know when a paper is needed, who may see it, or how a document looks.
package paper

import (
	"context"
	"embed"
	"io/fs"
	"slices"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/document"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/front/lending/sign"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

//go:embed migrations
var migrations embed.FS

// An annex has a row for each who may hold a loan.
var _ [document.MaxLenders - application.MaxLenders]struct{}

// Kinds of papers.
const (
	Disclosure = "disclosure" // what the loan costs in all
	Agreement  = "agreement"  // as it was offered
	Signed     = "signed"     // the agreement with its signatures
	Annex      = "annex"      // of those who lend
)

// Paper is a document that was made.
type Paper struct {
	Kind       string
	Language   document.Language
	Digest     [32]byte // of its text
	Hash       [32]byte // of its file
	Pages      int
	Size       int64
	Made       int64
	Signatures []document.Signature
}

// Parties are who stands in papers.
type Parties interface {
	Profiles(ctx context.Context, tenant id.ID, named []id.ID) ([]party.Profile, error)
	Roles(ctx context.Context, tenant id.ID, f party.RoleFilter, p party.Page) ([]party.Role, error)
	Tenant(ctx context.Context, tenant id.ID) (party.Tenant, error)
}

// Signatures are those that were given.
type Signatures interface {
	Signature(ctx context.Context, tenant, subject, party id.ID) (sign.Signature, error)
}

// Schedules work out what an offer comes to.
type Schedules interface {
	Schedule(ctx context.Context, a *application.Application, p *catalog.Product) (*loan.Agreement, *loan.State, error)
}

// Ledgers say who holds a loan, and what time it is.
type Ledgers interface {
	Now(ctx context.Context, ledger string) (time.Time, error)
	View(ctx context.Context, ledger string, read func(*ledger.Engine)) error
}

// Config is what papers are made with.
type Config struct {
	DB         *store.DB
	Plan       *plan.Plan
	Fonts      *document.Fonts
	Files      *document.Files
	Parties    Parties
	Signatures Signatures
	Schedules  Schedules
	Ledgers    Ledgers

	Sales        Sales
	Loans        Loans
	Applications Applications
	// Language is that in which a party wants to read.
	Language func(ctx context.Context, tenant, party id.ID) (string, error)
}

// Papers are those of all tenants in one database.
type Papers struct{ Config }

// Open brings the tables up to date.
func Open(ctx context.Context, c Config) (*Papers, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := c.DB.Migrate(ctx, "paper", files); err != nil {
		return nil, err
	}
	return &Papers{c}, nil
}

// language is the one of a party's papers: Chinese unless it wants English, or Chinese can't be written here.
func (w *Papers) language(ctx context.Context, tenant, of id.ID) (document.Language, error) {
	wants, err := w.Language(ctx, tenant, of)
	if err != nil {
		return "", err
	}
	if wants == string(document.English) || w.Fonts.Notice() != "" {
		return document.English, nil
	}
	return document.Chinese, nil
}

// Contract makes the agreement by an offer, with what it costs, and gives the digest of its text.
func (w *Papers) Contract(ctx context.Context, a *application.Application, p *catalog.Product) ([32]byte, error) {
	in, err := w.language(ctx, a.Tenant, a.Borrower)
	if err != nil {
		return [32]byte{}, err
	}
	d, err := w.offered(ctx, a, p, in)
	if err != nil {
		return [32]byte{}, err
	}
	made, err := w.Fonts.Render(d.agreement, in)
	if err != nil {
		return [32]byte{}, err
	}
	if err := w.keep(ctx, a, made.Digest, Agreement, in, made, d.agreement); err != nil {
		return [32]byte{}, err
	}
	cost, err := w.Fonts.Render(d.disclosure, in)
	if err != nil {
		return [32]byte{}, err
	}
	return made.Digest, w.keep(ctx, a, made.Digest, Disclosure, in, cost, d.disclosure)
}

// Signed makes the copy of the agreement that has the signatures.
func (w *Papers) Signed(ctx context.Context, a *application.Application) error {
	contract, err := a.Digest()
	if err != nil {
		return err
	}
	if _, err := w.find(ctx, a.Tenant, a.ID, contract, Signed); !errs.Is(err, errs.NotFound) {
		return err
	}
	row, err := w.find(ctx, a.Tenant, a.ID, contract, Agreement)
	if err != nil {
		return err
	}
	var data document.Agreement
	if err := row.read(&data); err != nil {
		return err
	}
	if data.Signatures, err = w.signatures(ctx, a, &data, row.Language); err != nil {
		return err
	}
	made, err := w.Fonts.Render(&data, row.Language)
	if err != nil {
		return err
	}
	if made.Digest != contract {
		return errs.Internal.Errorf("the agreement of application %s has another text now than when it was signed", a.ID)
	}
	return w.keep(ctx, a, contract, Signed, row.Language, made, &data)
}

// signatures are the borrower's, those of his guarantors, and the platform's, which signs by itself when he has.
func (w *Papers) signatures(ctx context.Context, a *application.Application, data *document.Agreement, in document.Language) ([]document.Signature, error) {
	at, err := w.signedAt(ctx, a, a.Borrower)
	if err != nil {
		return nil, err
	}
	list := []document.Signature{{Role: "borrower", Name: data.Borrower.Name, At: at, Method: word(byCode, in)}}
	for i, g := range a.Guarantors {
		signed, err := w.signedAt(ctx, a, g.Party)
		if err != nil {
			return nil, err
		}
		list = append(list, document.Signature{Role: "guarantor", Name: data.Guarantors[i].Name, At: signed, Method: word(byCode, in)})
	}
	return append(list, document.Signature{Role: "platform", Name: data.Platform.Name, At: at, Method: word(bySystem, in)}), nil
}

// signedAt is when a party signed the agreement as it was offered, in the ledger's zone.
func (w *Papers) signedAt(ctx context.Context, a *application.Application, of id.ID) (at time.Time, err error) {
	contract, err := a.Digest()
	if err != nil {
		return at, err
	}
	s, err := w.Signatures.Signature(ctx, a.Tenant, a.ID, of)
	if err != nil {
		return at, err
	}
	if s.At == 0 || s.Hash != contract {
		return at, errs.Internal.Errorf("application %s was not signed by %s as it was offered", a.ID, of)
	}
	now, err := w.Ledgers.Now(ctx, a.Ledger)
	return time.UnixMicro(s.At).In(now.Location()), err
}

// Completed makes the annex of those who hold the loan when it is funded.
func (w *Papers) Completed(ctx context.Context, a *application.Application, p *catalog.Product) error {
	contract, err := a.Digest()
	if err != nil {
		return err
	}
	if _, err := w.find(ctx, a.Tenant, a.ID, contract, Annex); !errs.Is(err, errs.NotFound) {
		return err
	}
	row, err := w.find(ctx, a.Tenant, a.ID, contract, Signed)
	if err != nil {
		return err
	}
	var data document.Agreement
	if err := row.read(&data); err != nil {
		return err
	}
	annex, err := w.annex(ctx, a, p, &data, row.Language)
	if err != nil {
		return err
	}
	made, err := w.Fonts.Render(annex, row.Language)
	if err != nil {
		return err
	}
	return w.keep(ctx, a, contract, Annex, row.Language, made, annex)
}

// List gives the papers of an application that belong to its agreement, in the order in which they were made.
func (w *Papers) List(ctx context.Context, a *application.Application) ([]Paper, error) {
	if a.Contract == "" {
		return nil, nil
	}
	contract, err := a.Digest()
	if err != nil {
		return nil, err
	}
	rows, err := w.rows(ctx, "tenant = ? AND application = ? AND contract = ?", a.Tenant[:], a.ID[:], contract[:])
	if err != nil {
		return nil, err
	}
	list := make([]Paper, len(rows))
	for i := range rows {
		if list[i], err = rows[i].paper(); err != nil {
			return nil, err
		}
	}
	kinds := []string{Disclosure, Agreement, Signed, Annex}
	slices.SortFunc(list, func(a, b Paper) int { return slices.Index(kinds, a.Kind) - slices.Index(kinds, b.Kind) })
	return list, nil
}

// Get gives a paper with its file.
func (w *Papers) Get(ctx context.Context, a *application.Application, kind string) (Paper, []byte, error) {
	if a.Contract == "" {
		return Paper{}, nil, errs.NotFound.Errorf("there is no such paper yet")
	}
	contract, err := a.Digest()
	if err != nil {
		return Paper{}, nil, err
	}
	row, err := w.find(ctx, a.Tenant, a.ID, contract, kind)
	if err != nil {
		return Paper{}, nil, err
	}
	p, err := row.paper()
	if err != nil {
		return Paper{}, nil, err
	}
	_, raw, err := w.Files.Get(a.Tenant, p.Hash)
	return p, raw, err
}
