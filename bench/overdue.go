package bench

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/longmen/longmen/finmath/day"
)

// How many loans are late, over how many days they fell due, and how many of them one statement writes.
const (
	lateLoans = 1_000_000
	lateDays  = 300
	lateSince = 30 // days at least: holidays move a date by fewer
	lateRows  = 500
)

// overdue measures the list of loans that are late as staff see it: its first page, and all of it as CSV.
func overdue(ctx context.Context, b *bench) error {
	s, p, err := b.platform(ctx, "")
	if err != nil {
		return err
	}
	if _, err := p.product(ctx, productName); err != nil {
		return err
	}
	_, token, err := p.person(ctx, "collector", "risk")
	if err != nil {
		return err
	}
	now, err := p.today()
	if err != nil {
		return err
	}
	loans := b.n(lateLoans)
	if err := p.late(ctx, loans, dayOf(now)); err != nil {
		return err
	}
	path, how := "/v1/overdue-loans", fmt.Sprintf("REST; one client with a token; %s loans, all overdue", number(float64(loans)))
	query := "?on=" + now.Format(time.DateOnly)
	page, err := b.reading(ctx, s.as(token), 1, func(*ids) string { return path + query + "&limit=100" })
	if err != nil {
		return err
	}
	if err := b.warm(ctx, page); err != nil {
		return err
	}
	err = b.runs(ctx, s, trial{what: "overdue loans, first page of 100: p99", target: under(20, inMillis), of: "a page", how: how}, false, func() (*load, float64, error) {
		l, err := closedLoop(ctx, b.long()/4, page)
		return l, float64(l.latency.quantile(0.99)) / float64(time.Millisecond), err
	})
	if err != nil {
		return err
	}
	all := step(func() (int, error) {
		lines, err := s.as(token).lines(ctx, path+"/export"+query)
		if err == nil && lines != loans+1 {
			err = fmt.Errorf("the export has %d lines, want %d and a head", lines, loans)
		}
		return loans, err
	})
	return b.runs(ctx, s, trial{what: "overdue loans, all as CSV", target: under(10, inSeconds), of: "an export", how: how}, false, func() (*load, float64, error) {
		l, err := exactly(ctx, 1, []step{all})
		return l, l.took.Seconds(), err
	})
}

// late writes loans that are overdue since some day, straight into the node's rows.
func (p *people) late(ctx context.Context, n int, today day.Date) error {
	borrower := p.id()
	return p.db.Write(ctx, func(tx *sql.Tx) error {
		for left := n; left > 0; {
			rows := min(left, lateRows)
			left -= rows
			var args []any
			for k := range rows {
				loan := p.id().Derive("late", 0)
				args = append(args, p.by.Tenant[:], loan[:], borrower[:], productName, productName+"@1", int64(today)-lateSince-int64((left+k)*7%lateDays), loanAmount)
			}
			if _, err := tx.ExecContext(ctx, p.db.Rebind(`INSERT INTO lending_loan (tenant, id, version, state, borrower, product, days, oldest, principal, credit) VALUES `+
				strings.Repeat(`, (?, ?, 3, 'active', ?, ?, ?, ?, ?, 0)`, rows)[2:]), args...); err != nil {
				return fmt.Errorf("write late loans: %w", err)
			}
		}
		return nil
	})
}

// lines counts the lines of an answer while it comes.
func (s *site) lines(ctx context.Context, path string) (n int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+path, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("GET %s: %s", path, response.Status)
	}
	for buffer := make([]byte, 64<<10); ; {
		k, err := response.Body.Read(buffer)
		n += bytes.Count(buffer[:k], []byte{'\n'})
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, fmt.Errorf("GET %s: %w", path, err)
		}
	}
}
