package market

import (
	"context"
	"sync"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// usedFor is how long it is remembered at least under which ids was bid: longer than an id's own time may lie ahead.
const usedFor = 15 * time.Second

// used remembers on which listing was bid here under an id. Ids are a ledger's own, and another ledger would not know it.
type used struct {
	mu         sync.Mutex
	young, old map[key]id.ID
	turned     time.Time // when young was begun
	since      time.Time // all bids from then on are here
}

func (u *used) add(k key, listing id.ID, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.begin(now)
	u.young[k] = listing
}

// begin forgets what is old. What was before the first time that it is asked, another process may have done.
func (u *used) begin(now time.Time) {
	switch {
	case u.young == nil:
		u.since = now
	case now.Sub(u.turned) < usedFor:
		return
	default:
		u.since = u.turned
	}
	u.young, u.old, u.turned = map[key]id.ID{}, u.young, now
}

// find says on which listing was bid under an id; sure: or that on none was.
func (u *used) find(k key, now time.Time) (listing id.ID, sure bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.begin(now)
	for _, bids := range []map[key]id.ID{u.young, u.old} {
		if listing, there := bids[k]; there {
			return listing, true
		}
	}
	return listing, node.FromFuture(ledger.ID(k.id), u.since) // then nobody could bid under it before
}

// unused refuses an id under which was bid on another listing. Only of an id that is older than what is remembered the rows are asked.
func (m *Market) unused(ctx context.Context, b *Bid) error {
	listing, sure := m.used.find(key{b.Tenant, b.ID}, m.Clock.Now())
	if !sure {
		switch there, err := m.bid(ctx, m.DB.Reader(), b.Tenant, b.ID); {
		case err == nil:
			listing = there.Listing
		case !errs.Is(err, errs.NotFound):
			return err
		}
	}
	if !listing.IsZero() && listing != b.Listing {
		return idTaken()
	}
	return nil
}

// remember keeps a bid in mind that was made here.
func (m *Market) remember(b Bid) {
	m.recent.add(b)
	m.used.add(key{b.Tenant, b.ID}, b.Listing, m.Clock.Now())
}
