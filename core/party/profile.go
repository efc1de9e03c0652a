package party

import (
	"context"
	"slices"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// Profile is a party with its identifiers that are not removed.
type Profile struct {
	Party
	Identifiers []Identifier
}

// profilesAtOnce is how many parties one query names.
const profilesAtOnce = 100

// Profiles reads any number of parties of a tenant, as of one instant and in the order in which they are named. One that is
// not there is errs.NotFound.
func (r *Registry) Profiles(ctx context.Context, tenant id.ID, named []id.ID) (list []Profile, err error) {
	if err := checkTenant(tenant); err != nil {
		return nil, err
	}
	found := make(map[id.ID]*Profile, len(named))
	err = r.read(ctx, func(q *query) error {
		for part := range slices.Chunk(named, profilesAtOnce) {
			args := make([]any, 0, 1+len(part))
			args = append(args, tenant[:])
			for i := range part {
				args = append(args, part[i][:])
			}
			in := "(" + store.List(len(part)) + ")"
			people, err := parties.scan(q, parties.from+" WHERE x.tenant = ? AND x.id IN "+in, args...)
			if err != nil {
				return err
			}
			for _, p := range people {
				found[p.ID] = &Profile{Party: p}
			}
			known, err := identifiers.scan(q, identifiers.from+" WHERE x.tenant = ? AND x.party IN "+in+" AND x.removed = 0 ORDER BY x.id", args...)
			if err != nil {
				return err
			}
			for _, i := range known {
				if p := found[i.Party]; p != nil {
					p.Identifiers = append(p.Identifiers, i)
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, failed("read parties", err)
	}
	for _, i := range named {
		p := found[i]
		if p == nil {
			return nil, errs.NotFound.Errorf("there is no party %s", i)
		}
		list = append(list, *p)
	}
	return list, nil
}
