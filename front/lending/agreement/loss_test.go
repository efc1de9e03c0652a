package agreement_test

import (
	"reflect"
	"testing"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/agreement"
	"github.com/longmen/longmen/front/lending/servicing"
)

// Who pays for the borrower follows from the product and the loan's guarantors.
func TestLosses(t *testing.T) {
	two := []agreement.Guarantor{{Account: "g1", Share: 60, Limit: 80_00}, {Account: "g2", Share: 40}}
	for name, c := range map[string]struct {
		losses     catalog.Losses
		guarantors []agreement.Guarantor
		want       []servicing.Payer
	}{
		"nobody":            {catalog.Losses{}, two, nil},
		"the reserve":       {catalog.Losses{Order: []catalog.LossPayer{"reserve"}}, two, []servicing.Payer{{Account: "reserve"}}},
		"one after another": {catalog.Losses{Order: []catalog.LossPayer{"reserve", "guarantors"}, Guarantors: "order"}, two, []servicing.Payer{{Account: "reserve"}, {Account: "g1", Rank: 1, Weight: 60, Limit: 80_00}, {Account: "g2", Rank: 2, Weight: 40}}},
		"by shares":         {catalog.Losses{Order: []catalog.LossPayer{"guarantors", "reserve"}, Guarantors: "shares"}, two, []servicing.Payer{{Account: "g1", Weight: 60, Limit: 80_00}, {Account: "g2", Weight: 40}, {Account: "reserve", Rank: 1}}},
		"all together":      {catalog.Losses{Order: []catalog.LossPayer{"guarantors"}}, nil, []servicing.Payer{{Account: "guarantee"}}},
	} {
		t.Run(name, func(t *testing.T) {
			p := product()
			p.Losses = c.losses
			p.Losses.Recovery = []catalog.RecoveryPart{"holders", "costs", "payers"}
			p.Losses.PayerRepaid, p.Losses.WriteOffAfter, p.Losses.ReserveShortWaits = "pro_rata", 180, true
			k, err := (&agreement.Contracts{Products: shelf{p}, Calendars: shelf{}}).Contract(t.Context(),
				deed(agreement.Terms{Amount: 1_200_00, Term: 3, Unit: "months", Grade: "a", Start: day.Of(2026, 1, 15), Guarantors: c.guarantors}))
			if err != nil {
				t.Fatal(err)
			}
			l := k.Losses
			if !reflect.DeepEqual(l.Payers, c.want) {
				t.Errorf("payers %+v, want %+v", l.Payers, c.want)
			}
			if !l.ProRata || !l.Queue || l.WriteOffAfter != 180 || l.Recovery != [3]servicing.Receiver{servicing.ToHolders, servicing.ToCosts, servicing.ToPayers} {
				t.Errorf("%+v", l)
			}
		})
	}
}
