package catalog

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"cel.dev/cel-go/cel"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/kit/errs"
)

// Kind is the type of a fact.
type Kind uint8

// The kinds. Money is counted in minor units of the product's asset.
const (
	MoneyFact  Kind = iota // int64
	NumberFact             // int64
	DoubleFact             // float64
	TextFact               // string
	FlagFact               // bool
)

var kindNames = [...]string{"money", "int", "double", "text", "bool"}

// String is the kind's name.
func (k Kind) String() string { return kindNames[k] }

// Fact is something that rules may ask for.
type Fact struct {
	Name string
	Kind Kind
	Is   string
}

// The facts of an application and of a bid. This is the only place where they are declared.
var (
	applicationFacts = []Fact{
		{"applicant.kind", TextFact, "person or organisation"},
		{"applicant.age", NumberFact, "in years; of an organisation since it was founded"},
		{"applicant.region", TextFact, "code of the region"},
		{"applicant.level", NumberFact, "highest level of attestation of who it is"},
		{"applicant.score", NumberFact, "credit score"},
		{"applicant.default_probability", DoubleFact, "for one year, as the scoring model gives it"},
		{"applicant.monthly_income", MoneyFact, "net"},
		{"applicant.monthly_debt", MoneyFact, "what is paid on other debt a month"},
		{"applicant.annual_turnover", MoneyFact, "of a business"},
		{"applicant.overdue_days", NumberFact, "days past due of the worst loan now"},
		{"applicant.defaults", NumberFact, "loans written off in the last five years"},
		{"application.amount", MoneyFact, "what is asked for"},
		{"application.days", NumberFact, "days from the start to the last due date"},
		{"application.rows", NumberFact, "number of due dates"},
		{"application.grade", TextFact, "code of the grade"},
		{"application.purpose", TextFact, "code of the purpose"},
		{"application.largest_due", MoneyFact, "the most that falls due on one day, the last day aside unless there is only one"},
		{"application.invoice_amount", MoneyFact, "of the invoices assigned; 0 for none"},
		{"application.invoice_days", NumberFact, "days until the last of the invoices is due"},
		{"application.invoice_confirmed", FlagFact, "whether the debtor of the invoices confirmed them"},
		{"portfolio.borrower_loans", NumberFact, "open loans of the applicant"},
		{"portfolio.borrower_outstanding", MoneyFact, "principal that the applicant owes on this platform"},
		{"portfolio.borrower_elsewhere", MoneyFact, "principal that the applicant owes on other platforms"},
		{"portfolio.product_outstanding", MoneyFact, "principal of all loans of this product"},
	}
	bidFacts = []Fact{
		{"investor.kind", TextFact, "person or organisation"},
		{"investor.class", TextFact, "code of the class of investors"},
		{"investor.level", NumberFact, "highest level of attestation of who it is"},
		{"investor.risk", NumberFact, "risk class of the investor, 1 (careful) to 5"},
		{"investor.net_assets", MoneyFact, "as declared"},
		{"investor.invested", MoneyFact, "outstanding over all products"},
		{"investor.in_product", MoneyFact, "outstanding in this product"},
		{"investor.in_borrower", MoneyFact, "outstanding with the borrower of the loan, other loans too"},
		{"bid.amount", MoneyFact, "of the bid"},
		{"bid.held_after", MoneyFact, "what the investor would hold of the loan"},
		{"loan.amount", MoneyFact, "of the loan"},
		{"loan.days", NumberFact, "days from the start to the last due date"},
		{"loan.grade", TextFact, "code of the grade"},
	}
)

// ApplicationFacts are the facts that rules of eligibility may ask for.
func ApplicationFacts() []Fact { return slices.Clone(applicationFacts) }

// BidFacts are the facts that limits may ask for.
func BidFacts() []Fact { return slices.Clone(bidFacts) }

// Facts are the values of facts by name: int64 for money and numbers, float64, string or bool. What is not there is not
// known, and a rule that asks for it does not hold.
type Facts map[string]any

const maxTextFact = 64

// check refuses facts that are not declared or have another type.
func (f Facts) check(declared map[string]Fact) error {
	for name, v := range f {
		d, known := declared[name]
		if !known {
			return errs.Invalid.Errorf("there is no such fact").On("facts." + name)
		}
		if !d.takes(v) {
			return errs.Invalid.Errorf("want a value of the kind %s, not %v", d.Kind, v).On("facts." + name)
		}
	}
	return nil
}

func (d *Fact) takes(v any) bool {
	switch x := v.(type) {
	case int64:
		return d.Kind == NumberFact || d.Kind == MoneyFact && x >= -amount.Max && x <= amount.Max
	case float64:
		return d.Kind == DoubleFact && !math.IsNaN(x) && !math.IsInf(x, 0)
	case string:
		return d.Kind == TextFact && len(x) <= maxTextFact
	case bool:
		return d.Kind == FlagFact
	}
	return false
}

// vocabulary is the facts of one kind of rule with the environment that compiles over them.
type vocabulary struct {
	facts map[string]Fact
	env   *cel.Env
}

func newVocabulary(list []Fact) (*vocabulary, error) {
	v := &vocabulary{facts: map[string]Fact{}}
	types := [...]*cel.Type{cel.IntType, cel.IntType, cel.DoubleType, cel.StringType, cel.BoolType}
	options := []cel.EnvOption{cel.ClearMacros()}
	for _, f := range list {
		v.facts[f.Name] = f
		options = append(options, cel.VariableWithDoc(f.Name, types[f.Kind], f.Is))
	}
	var err error
	v.env, err = cel.NewEnv(options...)
	return v, err
}

// ReadFacts reads facts as they come as text by name: money in minor units, everything as it is written in JSON.
func ReadFacts(values map[string]string, declared []Fact) (Facts, error) {
	facts := Facts{}
	for name, text := range values {
		i := slices.IndexFunc(declared, func(f Fact) bool { return f.Name == name })
		if i < 0 {
			return nil, errs.Invalid.Errorf("there is no such fact").On("facts." + name)
		}
		v, err := declared[i].read(text)
		if err != nil {
			return nil, errs.Invalid.Errorf("%.64q is no %s", text, declared[i].Kind).On("facts." + name)
		}
		facts[name] = v
	}
	return facts, nil
}

func (d *Fact) read(text string) (any, error) {
	var v any
	var err error
	switch d.Kind {
	case TextFact:
		v = text
	case FlagFact:
		v, err = strconv.ParseBool(text)
	case DoubleFact:
		v, err = strconv.ParseFloat(text, 64)
	default:
		v, err = strconv.ParseInt(text, 10, 64)
	}
	if err == nil && !d.takes(v) {
		err = fmt.Errorf("out of range")
	}
	return v, err
}
