package admission

import (
	"strconv"
	"sync"
	"time"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/kit/id"
)

// What is vouched for, as attestations call it.
const (
	AboutIdentity  = "identity"   // level: a number, the higher the better it is known who it is
	AboutRisk      = "risk"       // level: 1 (careful) to 5
	AboutClass     = "class"      // level: the class of investors
	AboutNetAssets = "net-assets" // level: minor units
)

// profile is what is known of an investor.
type profile struct {
	kind     string
	closed   bool
	attested []party.Attestation
	read     time.Time
}

// into adds the facts that hold at an instant. Of identity the highest level counts, of the rest what was said last.
func (p *profile) into(f catalog.Facts, now int64) {
	if p.kind != "" {
		f["investor.kind"] = p.kind
	}
	last := map[string]*party.Attestation{}
	for i := range p.attested {
		a := &p.attested[i]
		if before := last[a.About]; a.Holds(now) && a.About != AboutIdentity && (before == nil || a.From >= before.From) {
			last[a.About] = a
		}
	}
	for i := range p.attested {
		a := &p.attested[i]
		if !a.Holds(now) || a.About != AboutIdentity && a != last[a.About] {
			continue
		}
		number, err := strconv.ParseInt(a.Level, 10, 64)
		switch {
		case a.About == AboutClass:
			f["investor.class"] = a.Level
		case err != nil:
			// a level that is no number says nothing to a rule that counts
		case a.About == AboutIdentity:
			before, _ := f["investor.level"].(int64)
			f["investor.level"] = max(before, number)
		case a.About == AboutRisk:
			f["investor.risk"] = number
		case a.About == AboutNetAssets:
			f["investor.net_assets"] = number
		}
	}
}

// Bounds of what is kept. What another node has changed is seen after fresh.
const (
	fresh       = 5 * time.Second
	maxProfiles = 1 << 16
)

// profiles keeps what was read of investors, for a while.
type profiles struct {
	mu      sync.Mutex
	known   map[who]*profile
	changes uint64 // how often something was forgotten
}

type who struct{ tenant, party id.ID }

// get gives what is known and fresh, and a ticket for who reads it anew.
func (c *profiles) get(tenant, party id.ID, now time.Time) (*profile, uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.known[who{tenant, party}]; p != nil && now.Sub(p.read).Abs() < fresh {
		return p, c.changes
	}
	return nil, c.changes
}

// put keeps a reading unless something was forgotten since its ticket. When it is full, any goes.
func (c *profiles) put(tenant, party id.ID, p *profile, ticket uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes != ticket {
		return
	}
	if c.known == nil {
		c.known = map[who]*profile{}
	}
	if len(c.known) >= maxProfiles {
		for k := range c.known {
			delete(c.known, k)
			break
		}
	}
	c.known[who{tenant, party}] = p
}

func (c *profiles) forget(tenant, party id.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	delete(c.known, who{tenant, party})
}
