package play

import (
	"context"

	"github.com/longmen/longmen/examples/marketplace/client"
	"github.com/longmen/longmen/examples/marketplace/recount"
)

// sweep takes what the platform has earned from the custody bank to its own, in the last month: what stays there is the
// clients', and the reserve.
func (p *Player) sweep(ctx context.Context) error {
	if p.month != p.s.Months-1 {
		return nil
	}
	var fees struct{ Balance client.Amount }
	if err := p.c.Get(ctx, p.staff[finance], at+"/accounts/"+Fees+"/balance", nil, &fees); err != nil || fees.Balance == 0 {
		return err
	}
	c, err := p.command("sweep", 0, PurposeSweep, transfer(Own, Custody, int64(fees.Balance)))
	if err != nil {
		return err
	}
	p.Story.Common = append(p.Story.Common, recount.Fact{Kind: recount.Swept, Day: p.today, Amount: int64(fees.Balance)})
	return p.apply(ctx, []command{c})
}
