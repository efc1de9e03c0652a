package rest

import (
	"context"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/kit/id"
)

// rows reads which part of a list of rows is wanted. Such lists go on after a row's id.
func (s *server) rows(ctx context.Context, list byte, in *InPage) (party.Page, error) {
	b, err := s.place(ctx, list, in.Cursor)
	if err != nil {
		return party.Page{}, err
	}
	page := party.Page{Limit: in.Limit}
	if b != nil && len(b) != id.Size {
		return page, s.strange(ctx)
	}
	copy(page.After[:], b)
	return page, nil
}

// rowCursor leads on after the last row of a full page.
func rowCursor[T any](list byte, rows []T, page party.Page, of func(*T) id.ID) string {
	if len(rows) < page.Limit {
		return ""
	}
	last := of(&rows[len(rows)-1])
	return cursor(list, last[:])
}

// microsOfDay: roles are counted in days of UTC, everything else in microseconds.
const microsOfDay = 24 * 3600 * 1_000_000
