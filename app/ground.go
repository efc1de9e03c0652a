package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/connector/mail"
	"github.com/longmen/longmen/connector/sms"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/document"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/message"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/kit/logging"
)

// openGround opens the rows of core's modules and the fronts: a file in the data folder, or the same PostgreSQL. A node
// that waits for its turn does so too, so that it says at once when it has another lookup key; it writes no rows.
func (p *program) openGround(ctx context.Context) (*ground.Ground, error) {
	key, err := openLookupKey(p.config.Data)
	if err != nil {
		return nil, err
	}
	fonts, err := document.FindFonts()
	if err != nil {
		return nil, err
	}
	if notice := fonts.Notice(); notice != "" {
		p.config.Log.Warn(notice)
	}
	dsn := p.config.DSN
	if dsn == "" {
		dsn = filepath.Join(p.config.Data, longmen.RowsFile)
	}
	clocks := &clocks{backend: &p.backend, log: p.config.Log}
	g, err := ground.Open(ctx, ground.Config{
		DSN: dsn, LookupKey: key.bytes, Clock: clock.Real{}, Random: rand.Reader, Clocks: clocks.of, Totals: &books{&p.backend}, Ledgers: p.backend.marketLedger, Noted: p.backend.noted,
		Sender: sender, Channels: p.simulators(), Files: filepath.Join(p.config.Data, longmen.FilesFolder), Fonts: fonts, Log: p.config.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("%w (the lookup key is looked for in %s; if it is lost: longmen rekey)", errors.Join(err, key.undo()), key.path)
	}
	clocks.parties = g.Parties
	return g, nil
}

// sender is the name under which notices are written.
const sender = "龙门"

// simulators are the channels of notices: there is no contract with a provider behind any of them. What is told in the app
// is read from the outbox: nobody has to be told that it is there.
func (p *program) simulators() map[string]notice.Channel {
	boxes := map[string]*notice.Box{message.SMS: sms.NewSimulator(), message.Mail: mail.NewSimulator()}
	p.backend.boxes.Store(&boxes)
	channels := map[string]notice.Channel{message.App: notice.Inbox{}}
	for name, box := range boxes {
		channels[name] = box
	}
	return channels
}

// Simulated gives what the simulator of a channel was given last, newest first.
func (b *backend) Simulated(channel string, limit int) ([]notice.Message, error) {
	boxes := b.boxes.Load()
	if boxes == nil {
		return nil, errs.Overloaded.Errorf("%v", errOpening)
	}
	box := (*boxes)[channel]
	if box == nil {
		return nil, errs.NotFound.Errorf("there is no simulator of a channel %q", channel)
	}
	return box.Messages(limit), nil
}

// rows gives the ground to the doors once it is open.
func (b *backend) rows() (*ground.Ground, error) {
	if g := b.ground.Load(); g != nil {
		return g, nil
	}
	return nil, errs.Overloaded.Errorf("%v", errOpening)
}

// clocks gives each tenant the clock of his first ledger, and the machine's while there is none.
type clocks struct {
	backend *backend
	log     *slog.Logger
	parties *party.Registry
	first   sync.Map // names by tenant; they never change
}

func (c *clocks) of(tenant id.ID) clock.Clock { return tenantClock{c, tenant} }

type tenantClock struct {
	clocks *clocks
	tenant id.ID
}

// Now is the instant of the tenant's ledger if its clock is simulated, the machine's otherwise, in the ledger's zone. When
// that can't be told it is the zero time, at which nobody counts anything: another instant would be a wrong one.
func (c tenantClock) Now() time.Time {
	now, err := c.clocks.now(context.Background(), c.tenant)
	if err != nil {
		c.clocks.log.Error("the clock of a tenant can't be read", logging.ID, c.tenant.String(), logging.Error, err)
		return time.Time{}
	}
	return now
}

func (c *clocks) now(ctx context.Context, tenant id.ID) (time.Time, error) {
	name, known := c.first.Load(tenant)
	if !known {
		t, err := c.parties.Tenant(ctx, tenant)
		if err != nil {
			return time.Time{}, err
		}
		if t.First == "" {
			return time.Now(), nil
		}
		name = t.First
		c.first.Store(tenant, name)
	}
	l, err := c.backend.Ledger(ctx, name.(string))
	if err != nil {
		return time.Time{}, err
	}
	zone, err := clock.Zone(l.Zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("zone of ledger %s: %w", name, err)
	}
	if l.Clock == ledger.RealClock {
		return time.Now().In(zone), nil
	}
	return l.Now.Time().In(zone), nil
}
