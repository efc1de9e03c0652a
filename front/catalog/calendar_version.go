package catalog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// ActionCalendar is the action by which a version of a calendar comes to count.
const ActionCalendar = "calendar-version"

// CalendarVersion is a version of a calendar, for ever as it was approved. It counts from then on, for all loans, until
// there is a later one.
type CalendarVersion struct {
	Number   uint64 // 1, 2, 3… of the calendar
	Calendar *Calendar
	Hash     [sha256.Size]byte // of the calendar's JSON
	Proposal id.ID
	Proposer id.ID // principal
	Approver id.ID // principal
	Approved int64 // microseconds since 1970
}

// Days are the holidays and workdays of a calendar as it is known now: none if no such calendar is kept.
func (c *Catalog) Days(ctx context.Context, tenant id.ID, code string) (holidays, workdays []day.Date, err error) {
	if code == "" {
		return nil, nil, nil
	}
	v, err := c.Calendar(ctx, tenant, code, 0)
	if errs.Is(err, errs.NotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	holidays, workdays = v.Calendar.Days()
	return holidays, workdays, nil
}

// Calendar gives a version of a calendar by its number, 0 for the newest.
func (c *Catalog) Calendar(ctx context.Context, tenant id.ID, code string, number uint64) (CalendarVersion, error) {
	where, args := "tenant = ? AND code = ?", []any{tenant[:], code}
	if number > 0 {
		where, args = where+" AND number = ?", append(args, int64(number))
	}
	list, err := c.findCalendars(ctx, where+" ORDER BY number DESC LIMIT 1", args...)
	if err == nil && len(list) == 0 {
		err = errs.NotFound.Errorf("there is no such version of a calendar")
	}
	if err != nil {
		return CalendarVersion{}, err
	}
	return list[0], nil
}

// Calendars lists the newest version of each calendar of a tenant, by code, after a code.
func (c *Catalog) Calendars(ctx context.Context, tenant id.ID, after string, limit int) ([]CalendarVersion, error) {
	if limit < 1 || limit > MaxPage {
		return nil, errs.Invalid.Errorf("want 1 to %d", MaxPage).On("limit")
	}
	return c.findCalendars(ctx, `tenant = ? AND code > ? AND number = (SELECT max(n.number) FROM catalog_calendar n
		WHERE n.tenant = catalog_calendar.tenant AND n.code = catalog_calendar.code) ORDER BY code LIMIT ?`, tenant[:], after, limit)
}

func (c *Catalog) findCalendars(ctx context.Context, where string, args ...any) (list []CalendarVersion, err error) {
	rows, err := c.db.Reader().QueryContext(ctx, c.db.Rebind(`SELECT code, number, content, hash, proposal, proposer, approver, approved
		FROM catalog_calendar WHERE `+where), args...)
	if err != nil {
		return nil, fmt.Errorf("read calendars: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var v CalendarVersion
		var code string
		var number int64
		var content, hash, proposal, proposer, approver []byte
		if err := rows.Scan(&code, &number, &content, &hash, &proposal, &proposer, &approver, &v.Approved); err != nil {
			return nil, fmt.Errorf("read calendars: %w", err)
		}
		v.Number = uint64(number)
		copy(v.Proposal[:], proposal)
		copy(v.Proposer[:], proposer)
		copy(v.Approver[:], approver)
		if v.Hash = sha256.Sum256(content); string(v.Hash[:]) != string(hash) {
			return nil, errs.Internal.Errorf("version %d of the calendar %s is not what was approved: its hash differs", number, code)
		}
		if err := json.Unmarshal(content, &v.Calendar); err != nil {
			return nil, fmt.Errorf("read version %d of the calendar %s: %w", number, code, err)
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// calendarSubject is the same for all versions of a calendar.
func calendarSubject(code string) (s id.ID) {
	sum := sha256.Sum256([]byte("calendar " + code))
	copy(s[:], sum[:])
	return s
}

// ProposeCalendar proposes a version of a calendar. It counts once another person has approved it; the draft's date is
// not looked at.
func (c *Catalog) ProposeCalendar(ctx context.Context, office Office, d Draft) (ops.Proposal, error) {
	k, err := ReadCalendar(d.File)
	if err != nil {
		return ops.Proposal{}, refusedAs("calendar", err)
	}
	becomes, err := json.Marshal(k)
	if err != nil {
		return ops.Proposal{}, fmt.Errorf("write the calendar: %w", err)
	}
	there, err := office.Get(ctx, d.Tenant, d.Proposal)
	if err == nil && bytes.Equal(there.Becomes, becomes) && there.Reason == d.Reason && there.Proposer == d.Proposer {
		return there, nil // the same again, though a version may have come in between
	}
	if err != nil && !errs.Is(err, errs.NotFound) {
		return ops.Proposal{}, err
	}
	proposal := ops.Proposal{
		Tenant: d.Tenant, ID: d.Proposal, Action: ActionCalendar, Subject: calendarSubject(k.Code), Becomes: becomes, Reason: d.Reason, Proposer: d.Proposer,
	}
	newest, err := c.Calendar(ctx, d.Tenant, k.Code, 0)
	switch {
	case err == nil:
		proposal.Version = newest.Number
		if proposal.Was, err = json.Marshal(newest.Calendar); err != nil {
			return ops.Proposal{}, fmt.Errorf("write the calendar: %w", err)
		}
	case !errs.Is(err, errs.NotFound):
		return ops.Proposal{}, err
	}
	return office.Propose(ctx, proposal)
}

// CalendarAction is how a proposal becomes a version of a calendar, for those who may approve it. kept is told when one
// may have.
func (c *Catalog) CalendarAction(life time.Duration, levels []ops.Level, kept func()) ops.Action {
	return ops.Action{Rule: ops.Rule{Life: life, Levels: levels}, Keep: c.keepCalendar, Kept: func(*ops.Proposal) { kept() }}
}

// keepCalendar makes an approved proposal a version. It trusts nothing of the proposal.
func (c *Catalog) keepCalendar(ctx context.Context, tx *sql.Tx, p *ops.Proposal) error {
	k, err := ReadCalendar(p.Becomes)
	if err != nil {
		return refusedAs("calendar", err)
	}
	if calendarSubject(k.Code) != p.Subject {
		return errs.Invalid.Errorf("the proposal is about another calendar").On("calendar.code")
	}
	var newest int64
	if err := tx.QueryRowContext(ctx, c.db.Rebind(`SELECT coalesce(max(number), 0) FROM catalog_calendar WHERE tenant = ? AND code = ?`),
		p.Tenant[:], k.Code).Scan(&newest); err != nil {
		return fmt.Errorf("read calendars: %w", err)
	}
	if uint64(newest) != p.Version {
		return errs.Conflict.Errorf("version %d was made meanwhile: propose it anew, against that one", newest)
	}
	content, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("write the calendar: %w", err)
	}
	hash := sha256.Sum256(content)
	if _, err := tx.ExecContext(ctx, c.db.Rebind(`INSERT INTO catalog_calendar (tenant, code, number, content, hash, proposal, proposer, approver, approved)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`), p.Tenant[:], k.Code, newest+1, content, hash[:], p.ID[:], p.Proposer[:], p.Decider[:], p.Decided); err != nil {
		return fmt.Errorf("keep version %d of the calendar %s: %w", newest+1, k.Code, err)
	}
	return nil
}
