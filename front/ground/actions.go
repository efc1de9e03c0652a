package ground

import (
	"maps"
	"time"

	"github.com/longmen/longmen/front/authority"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/ops"
)

// productLife is how long a proposed version of a product waits for somebody to decide.
const productLife = 30 * 24 * time.Hour

// actions are what may be proposed: what the program was told, and what each front declares. Whoever decides is never who
// proposed.
func (g *Ground) actions(c *Config) map[string]ops.Action {
	all := map[string]ops.Action{
		catalog.ActionVersion: g.Products.Action(productLife, []ops.Level{{Role: "operations"}, {Role: "risk"}, {Role: "compliance"}}),
		catalog.ActionCalendar: g.Products.CalendarAction(productLife, []ops.Level{{Role: "operations"}, {Role: "risk"}, {Role: "compliance"}},
			func() { g.Loans.Forget() }),
	}
	maps.Copy(all, g.Books.Actions("finance"))
	maps.Copy(all, authority.Actions(g.Parties, c.Clock))
	maps.Copy(all, servicing.Actions(g.Plan))
	maps.Copy(all, c.Actions)
	return all
}
