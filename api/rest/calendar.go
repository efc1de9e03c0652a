package rest

import (
	"context"
	"encoding/hex"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/id"
)

// CalendarHead is a version of a calendar without its days.
type CalendarHead struct {
	Code     string  `json:"code" example:"CN"`
	Name     Words   `json:"name"`
	Version  uint64  `json:"version" doc:"1, 2, 3… of the calendar; the newest counts, for every loan"`
	Hash     string  `json:"hash" doc:"SHA-256 of the calendar as it was approved" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	Approved Instant `json:"approved" doc:"It counts from then on"`
	Proposal ID      `json:"proposal,omitzero" doc:"For who has the right product.read"`
	Proposer ID      `json:"proposer,omitzero" doc:"The principal; for who has the right product.read"`
	Approver ID      `json:"approver,omitzero" doc:"The principal; for who has the right product.read"`
}

// CalendarVersion is a version of a calendar with its days.
type CalendarVersion struct {
	CalendarHead
	Holidays []string `json:"holidays" doc:"Days without business beside the weekend that a product names: a day, or the first and last of several" example:"[\"2026-02-15..2026-02-23\"]"`
	Workdays []string `json:"workdays" doc:"Days of weekends on which business is done all the same" example:"[\"2026-02-14\"]"`
}

// InCalendar names a version of a calendar.
type InCalendar struct {
	Calendar string `path:"calendar" maxLength:"16" doc:"Code of the calendar" example:"CN"`
	Version  uint64 `query:"version" minimum:"1" maximum:"9007199254740991" doc:"The version of this number; the newest if absent"`
}

type (
	calendarsOutput struct {
		Body struct {
			Calendars []CalendarHead `json:"calendars" doc:"By code"`
			Next
		} `nameHint:"Calendars"`
	}
	calendarOutput struct{ Body CalendarVersion }
	newCalendar    struct {
		Body struct {
			ID     NewID  `json:"id" doc:"Of the proposal, made by the client: the same again changes nothing"`
			File   string `json:"file" minLength:"1" maxLength:"65536" doc:"The calendar's file, YAML"`
			Reason string `json:"reason" minLength:"1" maxLength:"1000" doc:"For those who decide"`
		} `nameHint:"NewCalendarVersion"`
	}
)

const calendarPath = "/v1/calendars/{calendar}"

func (s *server) calendars(a huma.API) {
	huma.Register(a, offered(question("list-calendars", "/v1/calendars", tagProducts, "List the calendars of holidays, as they are known now")), s.listCalendars)
	huma.Register(a, offered(question("get-calendar", calendarPath, tagProducts, "Tell the holidays of a calendar")), s.getCalendar)
	huma.Register(a, offered(raw(question("get-calendar-file", calendarPath+"/file", tagProducts, "Write a version of a calendar as a file"), yamlType)), s.getCalendarFile)
	propose := change("propose-calendar", "/v1/calendars", tagProducts, "Propose a version of a calendar, which another person approves",
		"It counts from its approval on for every loan whose product names it. A refusal names the line of the file and the field.")
	propose.MaxBodyBytes = maxProposal
	huma.Register(a, decides(right.ProductPropose, propose), s.proposeCalendar)
}

func calendarHeadOf(ctx context.Context, v *catalog.CalendarVersion) CalendarHead {
	h := CalendarHead{Code: v.Calendar.Code, Name: Words(v.Calendar.Name), Version: v.Number, Hash: hex.EncodeToString(v.Hash[:]), Approved: Instant(v.Approved)}
	if holds(ctx, right.ProductRead) {
		h.Proposal, h.Proposer, h.Approver = ID(v.Proposal), ID(v.Proposer), ID(v.Approver)
	}
	return h
}

func (s *server) listCalendars(ctx context.Context, in *InPage) (*calendarsOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	after, err := s.place(ctx, listOfCalendars, in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := g.Products.Calendars(ctx, tenant(ctx), string(after), in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &calendarsOutput{}
	out.Body.Calendars = convert(list, func(v catalog.CalendarVersion) CalendarHead { return calendarHeadOf(ctx, &v) })
	if len(list) == in.Limit {
		out.Body.Next.Next = cursor(listOfCalendars, []byte(list[len(list)-1].Calendar.Code))
	}
	return out, nil
}

// calendar finds the version that is asked for.
func (s *server) calendar(ctx context.Context, in *InCalendar) (v catalog.CalendarVersion, err error) {
	var g *ground.Ground
	if g, err = s.ground(ctx); err != nil {
		return v, err
	}
	if v, err = g.Products.Calendar(ctx, tenant(ctx), in.Calendar, in.Version); err != nil {
		return v, s.problem(ctx, err)
	}
	return v, nil
}

func (s *server) getCalendar(ctx context.Context, in *InCalendar) (*calendarOutput, error) {
	v, err := s.calendar(ctx, in)
	if err != nil {
		return nil, err
	}
	text := func(days catalog.Span) string { return string(days) }
	return &calendarOutput{Body: CalendarVersion{
		CalendarHead: calendarHeadOf(ctx, &v), Holidays: convert(v.Calendar.Holidays, text), Workdays: convert(v.Calendar.Workdays, text),
	}}, nil
}

func (s *server) getCalendarFile(ctx context.Context, in *InCalendar) (*fileOutput, error) {
	v, err := s.calendar(ctx, in)
	if err != nil {
		return nil, err
	}
	file, err := v.Calendar.File()
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &fileOutput{ContentType: yamlType, Body: file}, nil
}

func (s *server) proposeCalendar(ctx context.Context, in *newCalendar) (*proposedOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	if len(in.Body.Reason) > ops.MaxReason {
		return nil, s.longReason(ctx)
	}
	p, err := g.Products.ProposeCalendar(ctx, g.Approvals, catalog.Draft{
		Tenant: tenant(ctx), Proposal: id.ID(in.Body.ID), Proposer: by(ctx).Actor, File: []byte(in.Body.File), Reason: in.Body.Reason,
	})
	if err != nil {
		return nil, s.inFile(ctx, inBodyOf(err, "calendar", "body.file"))
	}
	return proposedOf(&p), nil
}
