package ground

import (
	"context"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/message"
	"github.com/longmen/longmen/kit/id"
)

// Types of the identifiers by which parties are reached.
const (
	Mobile = "mobile"
	Mail   = "mail"
)

// addresses finds where a party is reached: by its newest identifier of a channel's type; in the app by its id.
type addresses struct{ parties *party.Registry }

// Address gives no language: the party's own counts.
func (a *addresses) Address(ctx context.Context, tenant, of id.ID, channel string) (address, language string, err error) {
	kind := map[string]string{message.SMS: Mobile, message.Mail: Mail}[channel]
	if kind == "" {
		return of.String(), "", nil
	}
	newest := int64(0)
	for page := (party.Page{Limit: party.MaxPage}); ; {
		list, err := a.parties.Identifiers(ctx, tenant, of, page)
		if err != nil {
			return "", "", err
		}
		for _, i := range list {
			if i.Type == kind && i.Removed == 0 && i.Created >= newest {
				address, newest = string(i.Value), i.Created
			}
		}
		if len(list) < page.Limit {
			return address, "", nil
		}
		page.After = list[len(list)-1].ID
	}
}
