package paper

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/document"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// Other is the kind of a document that the product does not ask for.
const Other = "other"

// MaxUploads is the most files of one application.
const MaxUploads = 50

// Upload is a file that somebody sent.
type Upload struct {
	ID       id.ID // made by who sends it: the same again changes nothing
	Kind     string
	Type     string // of the content, as it is declared
	Hash     [32]byte
	Size     int64
	Uploader id.ID // the principal
	At       int64
}

// Missing lists the documents that the product asks for and nobody sent.
func (w *Papers) Missing(ctx context.Context, a *application.Application, p *catalog.Product) ([]string, error) {
	if len(p.Documents) == 0 {
		return nil, nil
	}
	there, err := w.Uploads(ctx, a)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, d := range p.Documents {
		if !slices.ContainsFunc(there, func(u Upload) bool { return u.Kind == d.Code }) {
			missing = append(missing, d.Code)
		}
	}
	return missing, nil
}

// Keep keeps a file, if it is what its sender says of it, and plans that the application is looked at.
func (w *Papers) Keep(ctx context.Context, a *application.Application, p *catalog.Product, u Upload, content []byte) (Upload, error) {
	if err := u.ID.Check(); err != nil {
		return u, errs.Invalid.Errorf("%v", err).On("id")
	}
	if u.Kind != Other && !slices.ContainsFunc(p.Documents, func(d catalog.Document) bool { return d.Code == u.Kind }) {
		return u, errs.Invalid.Errorf("the product asks for no such document; there is %q for what it does not ask for", Other).On("kind")
	}
	if sum := sha256.Sum256(content); u.Hash != sum {
		return u, errs.Invalid.Errorf("the content has the SHA-256 %x: it did not arrive as it was sent", sum).On("hash")
	}
	now, err := w.Ledgers.Now(ctx, a.Ledger)
	if err != nil {
		return u, err
	}
	list, err := w.Uploads(ctx, a)
	if err != nil {
		return u, err
	}
	if i := slices.IndexFunc(list, func(x Upload) bool { return x.ID == u.ID }); i >= 0 {
		return list[i], list[i].again(&u)
	}
	switch a.State {
	case application.Documents, application.Applied, application.Review:
	default:
		return u, order.WrongState.Errorf("no more documents are taken: it is %s", a.State)
	}
	if err := room(len(list)); err != nil {
		return u, err
	}
	file, err := w.Files.Put(a.Tenant, u.Type, bytes.NewReader(content))
	if err != nil {
		return u, err
	}
	u.Type, u.Size, u.At = string(file.Type), file.Size, now.UnixMicro()
	return u, w.upload(ctx, a, &u)
}

// again compares a file with one that was sent under the same id.
func (u *Upload) again(with *Upload) error {
	if u.Kind != with.Kind || u.Hash != with.Hash {
		return order.IDTaken.Errorf("id %s was used for another file: make a new one", u.ID).On("id")
	}
	return nil
}

// room refuses one more file than are kept.
func room(sent int) error {
	if sent >= MaxUploads {
		return errs.Conflict.Errorf("%d files were sent, at most %d are kept", sent, MaxUploads)
	}
	return nil
}

func (w *Papers) upload(ctx context.Context, a *application.Application, u *Upload) error {
	return w.DB.Write(ctx, func(tx *sql.Tx) error {
		if err := w.DB.Alone(ctx, tx, "paper_upload"); err != nil {
			return err
		}
		sent := 0
		err := tx.QueryRowContext(ctx, w.DB.Rebind(`SELECT count(*) FROM paper_upload WHERE tenant = ? AND application = ?`), a.Tenant[:], a.ID[:]).Scan(&sent)
		if err != nil {
			return fmt.Errorf("count files of application %s: %w", a.ID, err)
		}
		if err := room(sent); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, w.DB.Rebind(`INSERT INTO paper_upload (tenant, application, id, kind, type, hash, size, uploader, at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`), a.Tenant[:], a.ID[:], u.ID[:], u.Kind, u.Type, u.Hash[:], u.Size, u.Uploader[:], u.At)
		if store.IsDuplicate(err) {
			return order.IDTaken.Errorf("another file comes under the id %s at the same time: send it again", u.ID).On("id")
		}
		if err != nil {
			return fmt.Errorf("keep a file of application %s: %w", a.ID, err)
		}
		return w.Plan.AddIn(ctx, tx, plan.Event{
			Tenant: a.Tenant, ID: u.ID.Derive("uploaded", 0), Ledger: a.Ledger, Due: 1, Kind: application.EventKind, Subject: a.ID,
		})
	})
}

// Uploads are the files of an application, oldest first.
func (w *Papers) Uploads(ctx context.Context, a *application.Application) (list []Upload, err error) {
	rows, err := w.DB.Reader().QueryContext(ctx, w.DB.Rebind(`SELECT id, kind, type, hash, size, uploader, at FROM paper_upload
		WHERE tenant = ? AND application = ? ORDER BY at, id`), a.Tenant[:], a.ID[:])
	if err != nil {
		return nil, fmt.Errorf("read files of application %s: %w", a.ID, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var u Upload
		var own, hash, uploader []byte
		if err := rows.Scan(&own, &u.Kind, &u.Type, &hash, &u.Size, &uploader, &u.At); err != nil {
			return nil, fmt.Errorf("read files of application %s: %w", a.ID, err)
		}
		copy(u.ID[:], own)
		copy(u.Hash[:], hash)
		copy(u.Uploader[:], uploader)
		list = append(list, u)
	}
	return list, rows.Err()
}

// File gives a file that was sent, with its content.
func (w *Papers) File(ctx context.Context, a *application.Application, upload id.ID) (Upload, document.File, []byte, error) {
	list, err := w.Uploads(ctx, a)
	if err != nil {
		return Upload{}, document.File{}, nil, err
	}
	i := slices.IndexFunc(list, func(u Upload) bool { return u.ID == upload })
	if i < 0 {
		return Upload{}, document.File{}, nil, errs.NotFound.Errorf("the application has no such document").On("document")
	}
	f, raw, err := w.Files.Get(a.Tenant, list[i].Hash)
	return list[i], f, raw, err
}
