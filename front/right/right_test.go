package right

import (
	"slices"
	"strings"
	"testing"
)

// The table as people read it; docs/doors.md says how they are used.
func TestWhatRolesMay(t *testing.T) {
	for code, want := range map[string]string{
		"administrator": "ledger.read party.read party.write personal.read role.write principal.read principal.write token.issue " +
			"order.read approval.read product.read job.read job.retry notice.read loan.read book.read",
		"operations": "ledger.read party.read party.write personal.read principal.read order.read order.write approval.read " +
			"approval.decide product.read product.propose job.read job.retry notice.read loan.read loan.decide loan.service book.read",
		"finance": "ledger.read ledger.write party.read order.read approval.read approval.decide product.read job.read loan.read book.read book.propose",
		"risk": "ledger.read party.read personal.read attestation.write principal.read order.read approval.read approval.decide " +
			"product.read product.propose job.read notice.read loan.read loan.decide book.read",
		"compliance": "ledger.read party.read party.write personal.read attestation.write principal.read order.read approval.read " +
			"approval.decide product.read job.read notice.read loan.read book.read",
		"service": "ledger.read ledger.write party.read party.write attestation.write order.read order.write product.read job.read notice.read loan.read loan.service",
		"auditor": "ledger.read party.read personal.read principal.read order.read approval.read product.read job.read notice.read loan.read book.read",
		"partner": "product.read", "nobody": "", "": "", "Administrator": "",
	} {
		var got []string
		for r := range All() {
			if Role(code).Has(r) {
				got = append(got, r.String())
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s may\n%s\nwant\n%s", code, strings.Join(got, " "), want)
		}
	}
	if len(Roles()) != 8 || !slices.IsSorted(Roles()) {
		t.Errorf("roles %v", Roles())
	}
}

func TestRightsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for r := range All() {
		subject, act, ok := strings.Cut(r.String(), ".")
		if !ok || subject == "" || act == "" || seen[r.String()] || !Every.Has(r) || Of(r) == 0 {
			t.Errorf("right %d is %q", r, r)
		}
		seen[r.String()] = true
	}
	if count > 64 || Every.Has(count) || count.String() != "no right" {
		t.Errorf("%d rights do not fit a set", count)
	}
}
