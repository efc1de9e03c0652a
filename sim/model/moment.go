package model

import "github.com/longmen/longmen/core/ledger"

// Posted is what was booked on an account.
type Posted struct{ Debits, Credits int64 }

// Plus adds.
func (p Posted) Plus(o Posted) Posted { return Posted{p.Debits + o.Debits, p.Credits + o.Credits} }

// Minus subtracts.
func (p Posted) Minus(o Posted) Posted { return Posted{p.Debits - o.Debits, p.Credits - o.Credits} }

// Moment is what was booked on all accounts at some time.
type Moment struct {
	Date   ledger.Date // of the last command
	posted []Posted    // by number − 1
}

// Posted is what was booked on an account.
func (m *Moment) Posted(account uint32) Posted {
	if account == 0 || int(account) > len(m.posted) {
		return Posted{}
	}
	return m.posted[account-1]
}

// Moment keeps what is booked now.
func (m *Model) Moment() Moment {
	now := Moment{Date: m.date, posted: make([]Posted, len(m.state.accounts))}
	for _, a := range m.state.accounts {
		now.posted[a.Number-1] = Posted{a.Debits, a.Credits}
	}
	return now
}
