package paper

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/longmen/longmen/front/document"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// row is a paper with the data from which it was made.
type row struct {
	Paper
	data []byte
}

func (r *row) read(data any) error {
	if err := json.Unmarshal(r.data, data); err != nil {
		return fmt.Errorf("read the data of a paper: %w", err)
	}
	return nil
}

// paper is the row with the signatures that stand in it.
func (r *row) paper() (Paper, error) {
	p := r.Paper
	if p.Kind != Signed && p.Kind != Annex {
		return p, nil
	}
	var data struct {
		Signatures []document.Signature // of an agreement
		Signed     []document.Signature // of an annex
	}
	err := r.read(&data)
	p.Signatures = append(data.Signatures, data.Signed...)
	return p, err
}

// keep writes a paper's file and then its row. The one that was there first stays.
func (w *Papers) keep(ctx context.Context, a *application.Application, contract [32]byte, kind string, in document.Language, made *document.Rendered, from document.Data) error {
	data, err := json.Marshal(from)
	if err != nil {
		return fmt.Errorf("write the data of a paper: %w", err)
	}
	now, err := w.Ledgers.Now(ctx, a.Ledger)
	if err != nil {
		return err
	}
	file, err := w.Files.Put(a.Tenant, string(document.PDF), bytes.NewReader(made.PDF))
	if err != nil {
		return err
	}
	return w.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, w.DB.Rebind(`INSERT INTO paper_made (tenant, application, contract, kind, language, digest, hash, pages, size, made, data)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`),
			a.Tenant[:], a.ID[:], contract[:], kind, string(in), made.Digest[:], file.Hash[:], made.Pages, file.Size, now.UnixMicro(), string(data))
		if err != nil {
			return fmt.Errorf("keep the %s of application %s: %w", kind, a.ID, err)
		}
		return nil
	})
}

// find gives a paper.
func (w *Papers) find(ctx context.Context, tenant, application id.ID, contract [32]byte, kind string) (*row, error) {
	list, err := w.rows(ctx, "tenant = ? AND application = ? AND contract = ? AND kind = ?", tenant[:], application[:], contract[:], kind)
	if err == nil && len(list) == 0 {
		err = errs.NotFound.Errorf("there is no such paper yet")
	}
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

func (w *Papers) rows(ctx context.Context, where string, args ...any) (list []row, err error) {
	found, err := w.DB.Reader().QueryContext(ctx, w.DB.Rebind(`SELECT kind, language, digest, hash, pages, size, made, data FROM paper_made WHERE `+where), args...)
	if err != nil {
		return nil, fmt.Errorf("read papers: %w", err)
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	for found.Next() {
		var r row
		var digest, hash []byte
		if err := found.Scan(&r.Kind, &r.Language, &digest, &hash, &r.Pages, &r.Size, &r.Made, &r.data); err != nil {
			return nil, fmt.Errorf("read papers: %w", err)
		}
		copy(r.Digest[:], digest)
		copy(r.Hash[:], hash)
		list = append(list, r)
	}
	return list, found.Err()
}
