package rest

import (
	"context"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
)

// Day is what counts from one day.
type Day struct {
	Date  Date     `json:"date"`
	Lines []Bucket `json:"lines" doc:"By asset, debits and credits are equal"`
}

// DayCommand is what a command booked on an account code.
type DayCommand struct {
	Sequence uint64 `json:"sequence"`
	ID       ID     `json:"id"`
	Purpose  uint32 `json:"purpose,omitempty"`
	Booked   Date   `json:"date" doc:"Booking date"`
	Debits   Total  `json:"debits"`
	Credits  Total  `json:"credits"`
}

type (
	daysInput struct {
		InLedger
		InEffective
	}
	daysOutput struct {
		Body struct {
			Days []Day `json:"days" doc:"Those on which something counts from"`
			At
		} `nameHint:"Days"`
	}
	dayInput struct {
		InLedger
		InPage
		Date     DateParam `path:"date" doc:"Effective date" example:"2026-03-01"`
		Asset    string    `query:"asset" required:"true" maxLength:"16" doc:"Code of the asset" example:"CNY"`
		Code     uint32    `query:"code" required:"true" doc:"Account code" example:"2001"`
		Sequence uint64    `query:"sequence" doc:"As it was known when this command was the last"`
	}
	dayOutput struct {
		Body struct {
			Commands []DayCommand `json:"commands" doc:"In the ledger's order; a page may be short, even empty, and have a next"`
			Next
			At
		}
	}
)

func (s *server) listDays(ctx context.Context, in *daysInput) (*daysOutput, error) {
	q, err := s.effectiveDays(ctx, &in.InEffective)
	if err != nil {
		return nil, err
	}
	days, position, err := s.node.Days(ctx, in.Ledger, q)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &daysOutput{}
	out.Body.At = at(position)
	out.Body.Days = convert(days, func(d api.Day) Day { return Day{Date: Date(d.Date), Lines: convert(d.Totals, bucketOf)} })
	return out, nil
}

func (s *server) listDayCommands(ctx context.Context, in *dayInput) (*dayOutput, error) {
	after, err := s.sequence(ctx, listOfDayCommands, in.Cursor)
	if err != nil {
		return nil, err
	}
	list, next, as, err := s.node.DayCommands(ctx, in.Ledger, api.DayQuery{
		Date: ledger.Date(in.Date.Date), Asset: in.Asset, Code: in.Code, Sequence: in.Sequence, After: after, Limit: in.Limit,
	})
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &dayOutput{}
	out.Body.Next.Next, out.Body.At = numberCursor(listOfDayCommands, next), at(as)
	out.Body.Commands = convert(list, func(c api.DayCommand) DayCommand {
		return DayCommand{
			Sequence: c.Sequence, ID: ID(c.ID), Purpose: c.Purpose, Booked: Date(c.Booked), Debits: Total{c.Debits}, Credits: Total{c.Credits},
		}
	})
	return out, nil
}
