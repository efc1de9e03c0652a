package message

import "github.com/longmen/longmen/core/notice"

// The channels.
const (
	SMS  = "sms"
	Mail = "mail"
	App  = "app"
)

// The languages. A party that wants another one, or says none, gets Chinese.
const (
	Chinese = "zh"
	English = "en"
)

// The kinds of notices.
const (
	Code     = "code"     // a one-time code
	Funding  = "funding"  // a listing is fully funded
	Due      = "due"      // a payment falls due
	Overdue  = "overdue"  // it has not come
	Paid     = "paid"     // it has
	Returned = "returned" // a bank sent one back
	Twice    = "twice"    // it looks like one that was made a second time, and was not taken
)

// sort is what a datum is, and so how it is checked and written.
type sort uint8

const (
	text   sort = iota + 1 // 1 to 40 characters on one line
	number                 // whole, 1 to 100,000
	digits                 // 4 to 8 of them
	money                  // Money
	date                   // YYYY-MM-DD
)

// kind is a kind of notice and what it has to be told.
type kind struct {
	notice.Kind
	data map[string]sort
}

var kinds = map[string]kind{
	Code: {notice.Kind{Channels: []string{SMS}, Must: true, Secret: true}, map[string]sort{"code": digits, "minutes": number}},
	Funding: {notice.Kind{Channels: []string{App, Mail}}, map[string]sort{
		"listing": text, "amount": money, "date": date,
	}},
	Due: {notice.Kind{Channels: []string{SMS, App}}, map[string]sort{"loan": text, "amount": money, "date": date}},
	Overdue: {notice.Kind{Channels: []string{SMS, App, Mail}, Must: true}, map[string]sort{
		"loan": text, "amount": money, "date": date, "days": number,
	}},
	Paid:     {notice.Kind{Channels: []string{SMS, App}}, map[string]sort{"loan": text, "amount": money, "date": date}},
	Twice:    {notice.Kind{Channels: []string{SMS, App, Mail}, Must: true}, map[string]sort{"loan": text, "amount": money, "date": date}},
	Returned: {notice.Kind{Channels: []string{SMS, App, Mail}, Must: true}, map[string]sort{"amount": money, "date": date, "reason": text}},
}

// Kinds are the kinds as the outbox wants them.
func Kinds() map[string]notice.Kind {
	m := make(map[string]notice.Kind, len(kinds))
	for name, k := range kinds {
		m[name] = k.Kind
	}
	return m
}
