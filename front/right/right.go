// Package right says what each role of a tenant's people and programs may do. Roles are codes that core keeps without
// knowing what they mean; here each of them is a set of rights, as data.
//
// The package must not know who has a role, or which request needs a right.
package right

import (
	"iter"
	"slices"
)

// Right is one thing that somebody may do, or not.
type Right uint8

// The rights. What one may do for a party of one's own needs none of them.
const (
	LedgerRead       Right = iota // accounts, registers, the journal and the past of the tenant's ledgers
	LedgerWrite                   // send commands to them
	PartyRead                     // parties, their roles, attestations and grants
	PartyWrite                    // make, change and close parties, their identifiers
	PersonalRead                  // names and identifiers as they are
	AttestationWrite              // vouch for something about a party
	RoleWrite                     // give and end roles
	PrincipalRead                 // principals and their tokens, never the text
	PrincipalWrite                // make and close principals, grant for whom they act
	TokenIssue                    // issue and revoke tokens
	OrderRead                     // all orders
	OrderWrite                    // open and change orders for others
	ApprovalRead                  // proposals and what they would change
	ApprovalDecide                // approve and refuse
	ProductRead                   // products and their versions
	ProductPropose                // propose a product or a version
	JobRead                       // planned events
	JobRetry                      // retry and cancel planned events, move a simulated clock
	NoticeRead                    // what was told to parties
	LoanRead                      // all loans
	LoanDecide                    // decide on applications that were referred to a person
	LoanService                   // count payments of others, take them back
	BookRead                      // charts, closings and corrections of the books, and their export
	BookPropose                   // propose a chart and the closing of a period
	count
)

var names = [count]string{
	LedgerRead: "ledger.read", LedgerWrite: "ledger.write", PartyRead: "party.read", PartyWrite: "party.write",
	PersonalRead: "personal.read", AttestationWrite: "attestation.write", RoleWrite: "role.write",
	PrincipalRead: "principal.read", PrincipalWrite: "principal.write", TokenIssue: "token.issue",
	OrderRead: "order.read", OrderWrite: "order.write", ApprovalRead: "approval.read", ApprovalDecide: "approval.decide",
	ProductRead: "product.read", ProductPropose: "product.propose", JobRead: "job.read", JobRetry: "job.retry",
	NoticeRead: "notice.read", LoanRead: "loan.read", LoanDecide: "loan.decide", LoanService: "loan.service",
	BookRead: "book.read", BookPropose: "book.propose",
}

// String is the right's name, e.g. "party.read".
func (r Right) String() string {
	if r < count {
		return names[r]
	}
	return "no right"
}

// All gives each right.
func All() iter.Seq[Right] {
	return func(yield func(Right) bool) {
		for r := range count {
			if !yield(r) {
				return
			}
		}
	}
}

// Set is a set of rights.
type Set uint64

// Has says whether the right is in the set.
func (s Set) Has(r Right) bool { return r < count && s&(1<<r) != 0 }

// Of makes a set.
func Of(rights ...Right) (s Set) {
	for _, r := range rights {
		s |= 1 << r
	}
	return s
}

// Every is the set of all rights.
const Every Set = 1<<count - 1

// reading is to see everything of a tenant.
var reading = Of(LedgerRead, PartyRead, PersonalRead, PrincipalRead, OrderRead, ApprovalRead, ProductRead, JobRead, NoticeRead, LoanRead, BookRead)

// Reading is the set of those that change nothing.
func Reading() Set { return reading }

// roles says what each shipped role may do. A party without any of them acts for itself alone.
var roles = map[string]Set{
	// Runs the tenant's own affairs here: who there is and who may do what. Moves no money and decides nothing.
	"administrator": reading | Of(PartyWrite, RoleWrite, PrincipalWrite, TokenIssue, JobRetry),
	"operations":    reading | Of(LoanDecide, LoanService, PartyWrite, OrderWrite, ApprovalDecide, ProductPropose, JobRetry),
	"finance":       Of(LedgerRead, LedgerWrite, PartyRead, OrderRead, ApprovalRead, ApprovalDecide, ProductRead, JobRead, LoanRead, BookRead, BookPropose),
	"risk":          reading | Of(LoanDecide, ApprovalDecide, ProductPropose, AttestationWrite),
	"compliance":    reading | Of(ApprovalDecide, AttestationWrite, PartyWrite),
	// A program of the tenant.
	"service": Of(LedgerRead, LedgerWrite, PartyRead, PartyWrite, AttestationWrite, OrderRead, OrderWrite, ProductRead, JobRead, NoticeRead, LoanRead, LoanService),
	"auditor": reading,
	// Somebody else's program, which acts for the parties that granted it.
	"partner": Of(ProductRead),
}

// Known says whether there is such a role.
func Known(code string) bool {
	_, known := roles[code]
	return known
}

// Role is what a role may do. A code that is no role here may do nothing.
func Role(code string) Set { return roles[code] }

// Roles lists the codes of the roles, sorted.
func Roles() []string {
	codes := make([]string, 0, len(roles))
	for code := range roles {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}
