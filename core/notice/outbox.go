package notice

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

//go:embed migrations
var migrations embed.FS

// EventKind is the kind of the planned events by which notices are sent.
const EventKind = "notice"

// Addresses tells where a party is reached over a channel, and in which language: "" for the one that it chose. No
// address: "".
type Addresses interface {
	Address(ctx context.Context, tenant, party id.ID, channel string) (address, language string, err error)
}

// Texts makes a notice's text.
type Texts interface {
	// Check says what is wrong with what a notice is told: with it, Text would fail in some language or on some channel.
	Check(kind string, data []byte) error
	Text(kind, channel, language string, data []byte) (subject, body string, err error)
}

// Channel sends messages. An error is tried again later, unless it is marked with plan.Permanent.
type Channel interface {
	Send(ctx context.Context, m Message) error
}

// Config is what an outbox works with.
type Config struct {
	Plan      *plan.Plan
	Clock     clock.Clock
	Kinds     map[string]Kind
	Channels  map[string]Channel
	Addresses Addresses
	Texts     Texts
}

// Outbox is the notices of all tenants in one database, the same as the plan's.
type Outbox struct {
	Config
	db *store.DB
}

// Open brings the tables up to date.
func Open(ctx context.Context, db *store.DB, c Config) (*Outbox, error) {
	for name, k := range c.Kinds {
		for _, channel := range k.Channels {
			if c.Channels[channel] == nil {
				return nil, fmt.Errorf("kind of notice %q: there is no channel %q", name, channel)
			}
			if _, inbox := c.Channels[channel].(Inbox); inbox && k.Secret {
				return nil, fmt.Errorf("kind of notice %q: of a secret nothing is kept, so it can't be read in the inbox %q", name, channel)
			}
		}
		if len(name) > maxCode {
			return nil, fmt.Errorf("kind of notice %q: at most %d characters", name, maxCode)
		}
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, "notice", files); err != nil {
		return nil, err
	}
	return &Outbox{Config: c, db: db}, nil
}

// Tell keeps a notice on every channel that the party wants it on, within the caller's transaction: in the inbox as sent,
// elsewhere planned.
func (o *Outbox) Tell(ctx context.Context, tx *sql.Tx, n Notice) error {
	p, err := o.prepare(ctx, tx, n)
	if err != nil {
		return err
	}
	return o.Keep(ctx, tx, p)
}

// Prepared is a notice that Keep keeps.
type Prepared struct {
	Notice
	over []*Sent // each channel
}

// Prepare does of Tell what needs no transaction, so that nobody waits for it who writes: Keep does the rest.
func (o *Outbox) Prepare(ctx context.Context, n Notice) (*Prepared, error) {
	return o.prepare(ctx, o.db.Reader(), n)
}

// prepare reads by q what the party wishes.
func (o *Outbox) prepare(ctx context.Context, q querier, n Notice) (*Prepared, error) {
	kind, known := o.Kinds[n.Kind]
	if !known {
		return nil, errs.Invalid.Errorf("notice: there is no kind %q", n.Kind)
	}
	if err := n.check(); err != nil {
		return nil, err
	}
	wanted, language, err := o.wishes(ctx, q, n.Tenant, n.Party, n.Kind)
	if err != nil {
		return nil, err
	}
	p := &Prepared{Notice: n}
	for _, channel := range kind.Channels {
		if on, said := wanted[channel]; said && !on && !kind.Must {
			continue
		}
		s, err := o.over(ctx, channel, &n, language)
		if err != nil {
			return nil, err
		}
		if s != nil {
			p.over = append(p.over, s)
		}
	}
	return p, nil
}

// over makes a notice for one channel, nil where nobody is reached. What the inbox can't take now is planned as for the
// others, and waits there for whoever mends what it lacks.
func (o *Outbox) over(ctx context.Context, channel string, n *Notice, language string) (*Sent, error) {
	s := &Sent{Tenant: n.Tenant, ID: n.ID.Derive(channel, 0), Party: n.Party, Kind: n.Kind, Channel: channel, Data: n.Data, Created: o.Clock.Now().UnixMicro()}
	_, inbox := o.Channels[channel].(Inbox)
	if n.Reachable || inbox {
		address, theirs, err := o.Addresses.Address(ctx, n.Tenant, n.Party, channel)
		if err != nil {
			return nil, err
		}
		if n.Reachable && address == "" {
			return nil, nil
		}
		if inbox && address != "" && o.write(s, cmp.Or(theirs, language)) == nil {
			s.At = s.Created
		}
	}
	if s.At == 0 {
		if err := o.Texts.Check(n.Kind, n.Data); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// kept are the columns of notices.
var kept = store.NewValues("tenant blob, id blob, party blob, kind text, channel text, data blob, subject text, body text, language text, created integer, sent integer")

// Keep keeps notices within the caller's transaction, and plans those that are not sent.
func (o *Outbox) Keep(ctx context.Context, tx *sql.Tx, list ...*Prepared) error {
	var rows [][]any
	for _, p := range list {
		for _, n := range p.over {
			rows = append(rows, []any{
				n.Tenant[:], n.ID[:], n.Party[:], n.Kind, n.Channel, []byte(n.Data), n.Subject, n.Body, n.Language, n.Created, n.At,
			})
		}
	}
	added, err := kept.Pairs(ctx, tx, o.db.Dialect(), `INSERT INTO notice (`+kept.Names()+`) SELECT `+kept.Names()+` FROM v WHERE true
		ON CONFLICT (tenant, id) DO NOTHING RETURNING tenant, id`, rows)
	if err != nil {
		return fmt.Errorf("keep notices: %w", err)
	}
	var later []plan.Event
	for _, p := range list {
		for _, n := range p.over {
			k := [2]id.ID{n.Tenant, n.ID}
			isNew := added[k]
			delete(added, k) // whoever else has this id must tell the same
			switch {
			case !isNew:
				if err := o.same(ctx, tx, n); err != nil {
					return err
				}
			case n.At == 0:
				later = append(later, plan.Event{Tenant: n.Tenant, ID: n.ID, Ledger: p.Ledger, Due: p.At, Kind: EventKind, Subject: n.Party})
			}
		}
	}
	return o.Plan.AddIn(ctx, tx, later...)
}

// same makes sure that a notice that is there tells the same.
func (o *Outbox) same(ctx context.Context, tx *sql.Tx, n *Sent) error {
	there, err := o.find(ctx, tx, "tenant = ? AND id = ?", n.Tenant[:], n.ID[:])
	if err == nil && (len(there) != 1 || there[0].Party != n.Party || there[0].Kind != n.Kind) {
		err = errs.Conflict.Errorf("notice %s tells somebody else, or something else", n.ID)
	}
	return err
}

// write makes the text.
func (o *Outbox) write(n *Sent, language string) error {
	subject, body, err := o.Texts.Text(n.Kind, n.Channel, language, n.Data)
	if err != nil {
		return fmt.Errorf("the text of notice kind %q: %w", n.Kind, err)
	}
	if len(body) > MaxText || len(subject) > MaxText {
		return fmt.Errorf("the text of notice kind %q is longer than %d bytes", n.Kind, MaxText)
	}
	n.Subject, n.Body, n.Language = subject, body, language
	return nil
}

// Send is the handler of the planned events of EventKind.
func (o *Outbox) Send(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
	list, err := o.find(ctx, o.db.Reader(), "tenant = ? AND id = ?", e.Tenant[:], e.ID[:])
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, plan.Permanent(errs.NotFound.Errorf("there is no notice %s", e.ID))
	}
	n := &list[0]
	channel := o.Channels[n.Channel]
	if channel == nil {
		return nil, plan.Permanent(fmt.Errorf("there is no channel %q any more", n.Channel))
	}
	address, language, err := o.Addresses.Address(ctx, n.Tenant, n.Party, n.Channel)
	if err != nil {
		return nil, err
	}
	if address == "" {
		return nil, plan.Permanent(fmt.Errorf("the party has no address for channel %q", n.Channel))
	}
	if language == "" {
		if language, err = o.Language(ctx, n.Tenant, n.Party); err != nil {
			return nil, err
		}
	}
	if err := o.write(n, language); err != nil {
		return nil, plan.Permanent(err)
	}
	if err := channel.Send(ctx, Message{ID: n.ID, Address: address, Subject: n.Subject, Body: n.Body}); err != nil {
		return nil, err
	}
	if o.Kinds[n.Kind].Secret {
		n.Subject, n.Body, n.Data = "", "", []byte{}
	}
	return func(tx *sql.Tx) error { return o.sent(ctx, tx, n) }, nil
}

func (o *Outbox) sent(ctx context.Context, tx *sql.Tx, n *Sent) error {
	_, err := tx.ExecContext(ctx, o.db.Rebind("UPDATE notice SET subject = ?, body = ?, data = ?, language = ?, sent = ? WHERE tenant = ? AND id = ?"),
		n.Subject, n.Body, []byte(n.Data), n.Language, o.Clock.Now().UnixMicro(), n.Tenant[:], n.ID[:])
	if err != nil {
		return fmt.Errorf("keep that notice %s was sent: %w", n.ID, err)
	}
	return nil
}

// querier is a transaction or a pool.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// List gives what was told to a party, newest first, before the one named (none: from the newest on). limit is 1 to MaxPage.
func (o *Outbox) List(ctx context.Context, tenant, party, before id.ID, limit int) ([]Sent, error) {
	if limit < 1 || limit > MaxPage {
		return nil, errs.Invalid.Errorf("limit %d: want 1 to %d", limit, MaxPage)
	}
	where, args := "tenant = ? AND party = ?", []any{tenant[:], party[:]}
	if !before.IsZero() {
		where, args = where+" AND id < ?", append(args, before[:])
	}
	return o.find(ctx, o.db.Reader(), where+" ORDER BY id DESC LIMIT ?", append(args, limit)...)
}

func (o *Outbox) find(ctx context.Context, q querier, where string, args ...any) (list []Sent, err error) {
	rows, err := q.QueryContext(ctx, o.db.Rebind("SELECT tenant, id, party, kind, channel, data, subject, body, language, created, sent FROM notice WHERE "+where), args...)
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var n Sent
		var tenant, own, party, data []byte
		if err := rows.Scan(&tenant, &own, &party, &n.Kind, &n.Channel, &data, &n.Subject, &n.Body, &n.Language, &n.Created, &n.At); err != nil {
			return nil, fmt.Errorf("read notices: %w", err)
		}
		copy(n.Tenant[:], tenant)
		copy(n.ID[:], own)
		copy(n.Party[:], party)
		n.Data = data
		list = append(list, n)
	}
	return list, rows.Err()
}
