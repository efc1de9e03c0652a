package api

import (
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/accounting"
	"github.com/longmen/longmen/kit/errs"
)

// Purposes of what the fronts write themselves. Who follows a ledger believes what such commands say.
const firstOfFronts, lastOfFronts = 2001, 3999

// purpose refuses to let somebody command what a front alone writes. The operator may: he carries over what others did
// elsewhere.
func purpose(p *Principal, c *ledger.Command) error {
	fronts := c.Purpose >= firstOfFronts && c.Purpose <= lastOfFronts || c.Purpose == accounting.PurposeValue
	if fronts && !p.Operator {
		return errs.Forbidden.Errorf("%d is a purpose of the program itself, from %d to %d and %d: take another one", c.Purpose, firstOfFronts, lastOfFronts, accounting.PurposeValue).On("purpose")
	}
	return nil
}
