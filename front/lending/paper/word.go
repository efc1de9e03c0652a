package paper

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cockroachdb/apd/v3"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/document"
	"github.com/longmen/longmen/kit/id"
)

// phrase is something in Chinese and English.
type phrase [2]string

func word(p phrase, in document.Language) string {
	if in == document.English {
		return p[1]
	}
	return p[0]
}

func name(n catalog.Name, in document.Language) string { return word(phrase{n.Zh, n.En}, in) }

var (
	byCode   = phrase{"短信一次性验证码", "one-time code by SMS"}
	bySystem = phrase{"平台系统自动签署", "automatically, by the platform's system"}
	byOrder  = phrase{"在平台下单确认", "by an order at the Platform"}
	court    = phrase{"平台住所地有管辖权的人民法院", "the people's court that is competent where the Platform has its seat"}

	chargedAt = map[catalog.FeeAt]phrase{
		catalog.AtDisbursement: {"放款时从借款本金中扣除", "kept from the payout"},
		catalog.AtInstallment:  {"随每期还款收取", "with every installment"},
		catalog.AtPayoff:       {"提前结清时收取", "when it is settled early"},
	}
	bases = map[catalog.FeeBase]phrase{
		catalog.OfLent: {"借款本金", "the principal lent"}, catalog.OfBalance: {"剩余本金", "the principal outstanding"},
		catalog.OfPrincipal: {"当期本金", "the installment's principal"}, catalog.OfInterest: {"当期利息", "the installment's interest"},
		catalog.OfPayment: {"当期本息", "the installment's principal and interest"},
	}
	waiting      = phrase{"募集期利息", "Interest before the payout"}
	waitingRules = map[catalog.StartFrom]phrase{
		catalog.FromBid:  {"按借款年利率，自各出借人出借之日起至放款日", "at the interest rate, from the day of each lender's bid until the payout"},
		catalog.FromFull: {"按借款年利率，自募集完成之日起至放款日", "at the interest rate, from the day of the full funding until the payout"},
	}
	late         = phrase{"逾期违约金", "Late payment"}
	whenLate     = phrase{"逾期后", "when it is late"}
	penaltyBases = map[catalog.PenaltyBase]phrase{
		"principal": {"逾期本金", "principal that is late"}, "principal_interest": {"逾期本息", "principal and interest that are late"},
		"all": {"全部逾期款项", "all that is late"},
	}
	rates = map[catalog.RatePer]phrase{"day": {"每日", "a day"}, "year_360": {"每年（按360天计）", "a year of 360 days"}, "year_365": {"每年（按365天计）", "a year of 365 days"}}
)

// chargesOf lists all that a borrower pays beside principal and interest.
func chargesOf(p *catalog.Product, lent int64, in document.Language) ([]document.Charge, error) {
	var list []document.Charge
	_, kept, err := catalog.Payout(p, lent)
	if err != nil {
		return nil, err
	}
	for _, f := range kept {
		list = append(list, document.Charge{Name: name(f.Fee.Name, in), When: word(chargedAt[f.Fee.At], in), Amount: money(p, f.Amount)})
	}
	if p.Start.From != catalog.FromDisbursement && p.Start.PaidBy == catalog.BorrowerPays {
		list = append(list, document.Charge{Name: word(waiting, in), When: word(chargedAt[catalog.AtDisbursement], in), Amount: word(waitingRules[p.Start.From], in)})
	}
	for _, at := range []catalog.FeeAt{catalog.AtInstallment, catalog.AtPayoff} {
		for _, f := range p.FeesAt(at, catalog.FeeByBorrower) {
			list = append(list, document.Charge{Name: name(f.Name, in), When: word(chargedAt[at], in), Amount: feeRule(p, f, in)})
		}
	}
	for i := range p.Penalties {
		list = append(list, document.Charge{Name: word(late, in), When: word(whenLate, in), Amount: penaltyRule(p, &p.Penalties[i], in)})
	}
	return list, nil
}

func money(p *catalog.Product, x int64) string {
	return amount.Format(x, p.Asset.Scale) + " " + p.Asset.Code
}

// feeRule says how a fee is worked out.
func feeRule(p *catalog.Product, f *catalog.Fee, in document.Language) string {
	if f.Amount > 0 {
		return money(p, int64(f.Amount))
	}
	rule := word(phrase{"%[2]s的%[1]s", "%[1]s of %[2]s"}, in)
	rule = fmt.Sprintf(rule, percent(f.Rate), word(bases[f.Of], in))
	if f.Min > 0 {
		rule += fmt.Sprintf(word(phrase{"，最低%s", ", at least %s"}, in), money(p, int64(f.Min)))
	}
	if f.Max > 0 {
		rule += fmt.Sprintf(word(phrase{"，最高%s", ", at most %s"}, in), money(p, int64(f.Max)))
	}
	return rule
}

// penaltyRule says how a penalty is worked out.
func penaltyRule(p *catalog.Product, x *catalog.Penalty, in document.Language) string {
	var rule string
	switch x.Kind {
	case catalog.FlatPenalty:
		rule = fmt.Sprintf(word(phrase{"每期%s", "%s for each installment"}, in), money(p, int64(x.Amount)))
	case catalog.PercentPenalty:
		rule = fmt.Sprintf(word(phrase{"%[2]s的%[1]s，每期一次", "%[1]s of %[2]s, once for each installment"}, in), percent(x.Rate), word(penaltyBases[x.Of], in))
	default:
		rule = fmt.Sprintf(word(phrase{"%[2]s的%[1]s（%[3]s）", "%[1]s %[3]s of %[2]s"}, in), percent(x.Rate), word(penaltyBases[x.Of], in), word(rates[x.Per], in))
	}
	if x.GraceDays > 0 {
		rule += fmt.Sprintf(word(phrase{"，宽限期%d日", ", after %d days of grace"}, in), x.GraceDays)
	}
	if x.Cap > 0 {
		rule += fmt.Sprintf(word(phrase{"，每期最高%s", ", at most %s for each installment"}, in), money(p, int64(x.Cap)))
	}
	if !x.CapShare.IsZero() {
		rule += fmt.Sprintf(word(phrase{"，最高为当期应还款的%s", ", at most %s of the installment"}, in), percent(x.CapShare))
	}
	return rule
}

// percent is a rate as people write it, exactly.
func percent(r catalog.Rate) string {
	if r.IsZero() {
		return "0%"
	}
	var d apd.Decimal
	d.Set(r.Decimal())
	d.Exponent += 2
	return d.Text('f') + "%"
}

// Types of the identifiers that stand in papers.
const (
	idCard       = "id-card"
	registration = "registration" // 统一社会信用代码
)

// platformRole is the role of the organisation that stands in papers as the platform.
const platformRole = "platform"

// person is a party as it stands in papers.
func (w *Papers) person(ctx context.Context, tenant, of id.ID) (document.Party, error) {
	list, err := w.persons(ctx, tenant, []id.ID{of})
	if err != nil {
		return document.Party{}, err
	}
	return list[0], nil
}

// persons are parties as they stand in papers. Of who has no name the id does.
func (w *Papers) persons(ctx context.Context, tenant id.ID, of []id.ID) ([]document.Party, error) {
	profiles, err := w.Parties.Profiles(ctx, tenant, of)
	if err != nil {
		return nil, err
	}
	list := make([]document.Party, len(profiles))
	for n := range profiles {
		p, x := &profiles[n], &list[n]
		if x.Name = clean(string(p.Name)); x.Name == "" {
			x.Name = p.ID.String()
		}
		for _, i := range p.Identifiers {
			if i.Type == idCard || i.Type == registration {
				x.Identifier = stars(clean(string(i.Value)), i.Type == idCard)
			}
		}
	}
	return list, nil
}

// platform is who runs the tenant's platform: the organisation with the role, else what the tenant is called.
func (w *Papers) platform(ctx context.Context, tenant id.ID) (document.Party, error) {
	roles, err := w.Parties.Roles(ctx, tenant, party.RoleFilter{Code: platformRole}, party.Page{Limit: 1})
	if err != nil {
		return document.Party{}, err
	}
	if len(roles) > 0 {
		return w.person(ctx, tenant, roles[0].Party)
	}
	t, err := w.Parties.Tenant(ctx, tenant)
	return document.Party{Name: clean(t.Name)}, err
}

// clean leaves out what can't stand on a line.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)
	letters := []rune(strings.TrimSpace(text))
	return string(letters[:min(len(letters), document.MaxText)])
}

// stars hides the middle of a person's identifier.
func stars(text string, hide bool) string {
	letters := []rune(text)
	if !hide {
		return text
	}
	if len(letters) < 12 {
		return strings.Repeat("*", len(letters))
	}
	return string(letters[:4]) + strings.Repeat("*", len(letters)-8) + string(letters[len(letters)-4:])
}

// masked is a party as others see it who lend beside it.
func masked(p document.Party) document.Party {
	letters := []rune(p.Name)
	p.Name = string(letters[:1]) + "**"
	return document.Party{Name: p.Name, Identifier: p.Identifier}
}
