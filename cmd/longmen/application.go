package main

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

func applicationCommands() []*cobra.Command {
	return append([]*cobra.Command{
		newLoanApply(), newLoanList(), newLoanShow(), newLoanDecide(), newLoanCode(), newLoanSign(), newLoanWithdraw(), newLoanClose(),
	}, paperCommands()...)
}

// loanOffer is what a borrower is offered.
type loanOffer struct {
	Amount, Grade, Rate, Installment, Payout, Interest, Fees, Effective, Start, Expires string
	Rows                                                                                int
	AllIn                                                                               string `json:"all_in"`
}

// lendingDecision is what was decided, and why.
type lendingDecision struct {
	Outcome, By, Reason string
	Failed              []struct {
		Rule  string
		Says  struct{ En string }
		Facts []struct{ Fact, Value string }
	}
}

// loanApplication is what of an application is shown.
type loanApplication struct {
	ID, Borrower, State, Ledger, Product, Asset, Amount, Raised, Purpose, Region, Contract, Listing, Loan, Created, Changed string
	Terms                                                                                                                   uint32 `json:"product_version"`
	Payout                                                                                                                  *int64 `json:"payout_seconds"`
	Term                                                                                                                    loanTerm
	Missing                                                                                                                 []string
	Decision                                                                                                                *lendingDecision
	Offer                                                                                                                   *loanOffer
	Guarantors                                                                                                              []struct {
		Party, Limit, Signed string
		Share                int64
	}
	Track []struct {
		State, Since, Reason string
		Seconds              int64
	}
}

type loanTerm struct {
	N    int
	Unit string
}

func (t loanTerm) String() string { return fmt.Sprintf("%d %s", t.N, t.Unit) }

// scaleOf is the scale of a product's asset, which everybody may know.
func (c *client) scaleOf(product string, version uint32) (int, error) {
	query := url.Values{}
	if version != 0 {
		query.Set("version", fmt.Sprint(version))
	}
	var answer struct {
		Product struct{ Asset struct{ Scale int } }
	}
	_, err := c.get(path("products", product), query, &answer)
	return answer.Product.Asset.Scale, err
}

// scaleNow is that of the product's version in force.
func (c *client) scaleNow(product string) (int, error) { return c.scaleOf(product, 0) }

// showApplication prints an application. What was done is done, also if its scale can't be told.
func (c *client) showApplication(text []byte, a *loanApplication) error {
	return c.show(text, func() error {
		scale, err := c.scaleOf(a.Product, a.Terms)
		if err != nil {
			scale = unknown
		}
		return a.print(c, scale)
	})
}

func (a *loanApplication) print(c *client, scale int) error {
	amount := func(minor string) string { return decimal(minor, scale) + " " + a.Asset }
	words := []string{
		"id", a.ID, "borrower", a.Borrower, "state", a.State, "product", fmt.Sprintf("%s, version %d", a.Product, a.Terms), "asked for", amount(a.Amount),
		"term", a.Term.String(), "purpose", a.Purpose, "region", a.Region, "missing", strings.Join(a.Missing, ", "),
	}
	if d := a.Decision; d != nil {
		words = append(words, "decision", strings.TrimSpace(d.Outcome+" by "+d.By+" "+d.Reason))
		for _, f := range d.Failed {
			words = append(words, "  rule", f.Rule+": "+f.Says.En)
			for _, x := range f.Facts {
				words = append(words, "    fact", x.Fact+"="+cmp.Or(x.Value, "?"))
			}
		}
	}
	if o := a.Offer; o != nil {
		words = append(words, "offer", amount(o.Amount)+" at grade "+o.Grade, "interest a year", percent(o.Rate), "cost in all a year", percent(o.AllIn)+", compounded "+percent(o.Effective),
			"paid out", amount(o.Payout), "installments", fmt.Sprintf("%d, the first of %s", o.Rows, amount(o.Installment)), "interest in all", amount(o.Interest),
			"fees in all", amount(o.Fees), "stands until", o.Expires)
	}
	for _, g := range a.Guarantors {
		says := g.Party
		if g.Share > 0 {
			says += fmt.Sprintf(", share %d", g.Share)
		}
		if g.Limit != "" {
			says += ", up to " + amount(g.Limit)
		}
		words = append(words, "guarantor", says+", "+signedOr(g.Signed))
	}
	if a.Raised != "" {
		words = append(words, "raised", amount(a.Raised))
	}
	words = append(words, "contract", a.Contract, "listing", a.Listing, "loan", a.Loan)
	if a.Payout != nil {
		words = append(words, "paid out after", fmt.Sprintf("%d s", *a.Payout))
	}
	if err := pairs(c.out, words...); err != nil {
		return err
	}
	t := newTable("STATE", "SINCE", ">SECONDS", "REASON")
	for _, s := range a.Track {
		t.add(s.State, s.Since, fmt.Sprint(s.Seconds), s.Reason)
	}
	return t.print(c.out)
}

func signedOr(at string) string {
	if at == "" {
		return "not signed"
	}
	return "signed " + at
}

// percent writes a rate such as 0.12 as 12%.
func percent(rate string) string {
	x, err := strconv.ParseFloat(rate, 64)
	if err != nil {
		return rate
	}
	return strconv.FormatFloat(x*100, 'f', 2, 64) + "%"
}

func newLoanApply() *cobra.Command {
	var amount, term, purpose, region, borrower, ledger, own string
	var facts, guarantors []string
	return reader("apply PRODUCT", "Apply for a loan",
		"  longmen loan apply consumer-loan --amount 12000.00 --term \"12 months\" --purpose study --region CN-31 --fact applicant.monthly_income=1200000",
		cobra.ExactArgs(1), func(c *cobra.Command) {
			f := c.Flags()
			f.StringVar(&amount, "amount", "", "what is asked for")
			f.StringVar(&term, "term", "", "for how long, as in \"12 months\"")
			f.StringVar(&purpose, "purpose", "", "as it is to stand in the contract")
			f.StringVar(&region, "region", "", "code of the region")
			f.StringVar(&borrower, "borrower", "", "party that borrows, if it is not the one for which one acts")
			f.StringVarP(&ledger, "ledger", "l", "", "name of the ledger; the tenant's first if empty")
			f.StringVar(&own, "id", "", "id of the application, a UUIDv7; a new one if empty. The same again changes nothing")
			f.StringArrayVar(&facts, "fact", nil, "what is stated, NAME=VALUE, money in minor units; may stand several times")
			f.StringArrayVar(&guarantors, "guarantor", nil, "party that pays when the borrower does not, PARTY[,share=N][,limit=AMOUNT]; may stand several times")
			for _, name := range []string{"amount", "term", "purpose"} {
				_ = c.MarkFlagRequired(name)
			}
		}, func(c *client, args []string) error {
			scale, err := c.scaleOf(args[0], 0)
			if err != nil {
				return err
			}
			body := map[string]any{"product": args[0], "purpose": purpose}
			if body["amount"], err = minor(amount, scale); err != nil {
				return err
			}
			if body["term"], err = termOf(term); err != nil {
				return err
			}
			if body["facts"], err = factsOf(facts); err != nil {
				return err
			}
			if len(guarantors) > 0 {
				if body["guarantors"], err = guarantorsOf(guarantors, scale); err != nil {
					return err
				}
			}
			for name, value := range map[string]string{"region": region, "borrower": borrower, "ledger": ledger} {
				if value != "" {
					body[name] = value
				}
			}
			return c.actOn("/v1/applications", own, body)
		})
}

func termOf(text string) (map[string]any, error) {
	var t loanTerm
	if _, err := fmt.Sscanf(text, "%d %s", &t.N, &t.Unit); err != nil {
		return nil, fmt.Errorf("--term %q: want a number and days, weeks or months, as in \"12 months\"", text)
	}
	return map[string]any{"n": t.N, "unit": t.Unit}, nil
}

// guarantorsOf reads guarantors as they stand on the command line.
func guarantorsOf(list []string, scale int) ([]map[string]any, error) {
	var all []map[string]any
	for _, text := range list {
		party, rest, _ := strings.Cut(text, ",")
		g := map[string]any{"party": party}
		for word := range strings.SplitSeq(rest, ",") {
			if word == "" {
				continue
			}
			name, value, _ := strings.Cut(word, "=")
			var err error
			switch name {
			case "share":
				g["share"], err = strconv.ParseInt(value, 10, 64)
			case "limit":
				g["limit"], err = minor(value, scale)
			default:
				err = fmt.Errorf("there is no %q", name)
			}
			if err != nil {
				return nil, fmt.Errorf("--guarantor %q: write PARTY[,share=N][,limit=AMOUNT]: %w", text, err)
			}
		}
		all = append(all, g)
	}
	return all, nil
}

func factsOf(list []string) ([]map[string]string, error) {
	facts := []map[string]string{}
	for _, text := range list {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, fmt.Errorf("--fact %q: write NAME=VALUE, as in applicant.monthly_income=1200000", text)
		}
		facts = append(facts, map[string]string{"fact": name, "value": value})
	}
	return facts, nil
}

// actOn sends something that is done to an application, under an id, and shows what it led to.
func (c *client) actOn(path, own string, body map[string]any) error {
	own, err := keyOr(own)
	if err != nil {
		return err
	}
	body["id"] = own
	var a loanApplication
	text, err := c.post(path, "", body, &a)
	if err != nil {
		return err
	}
	return c.showApplication(text, &a)
}

func applicationPath(parts ...string) string {
	return path(append([]string{"applications"}, parts...)...)
}

func newLoanList() *cobra.Command {
	p, state, of, as := &page{}, "", "", ""
	return reader("list", "List applications, newest first", "  longmen loan list --state review\n  longmen loan list --json", cobra.NoArgs, func(c *cobra.Command) {
		c.Flags().StringVar(&state, "state", "", "only in this state")
		c.Flags().StringVar(&of, "of", "", "only of this party, a borrower unless --as says otherwise")
		c.Flags().StringVar(&as, "as", "", "what the party is in them: borrower or guarantor")
		p.flags(c)
	}, func(c *client, _ []string) error {
		query := p.query()
		for name, value := range map[string]string{"state": state, "party": of, "as": as} {
			if value != "" {
				query.Set(name, value)
			}
		}
		type item struct {
			ID, State, Product, Asset, Amount, Created string
			Term                                       loanTerm
		}
		of := scales(c.scaleNow)
		return listing(c, p, "/v1/applications", query, "applications", newTable("ID", "STATE", "PRODUCT", ">AMOUNT", "ASSET", "TERM", "CREATED"), func(t *table, a item) {
			t.add(a.ID, a.State, a.Product, decimal(a.Amount, of(a.Product)), a.Asset, a.Term.String(), a.Created)
		})
	})
}

func newLoanShow() *cobra.Command {
	return reader("show APPLICATION", "Show an application: decision, offer, where it waited, how long it took",
		"  longmen loan show 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081", cobra.ExactArgs(1), nil, func(c *client, args []string) error {
			var a loanApplication
			text, err := c.get(applicationPath(args[0]), nil, &a)
			if err != nil {
				return err
			}
			return c.showApplication(text, &a)
		})
}

func newLoanDecide() *cobra.Command {
	var amount, grade, reason, own string
	return reader("decide APPLICATION accept|decline", "Decide on an application that was referred to a person",
		"  LONGMEN_TOKEN=… longmen loan decide 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081 accept --grade b --amount 8000.00\n"+
			"  LONGMEN_TOKEN=… longmen loan decide 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081 decline --reason over-indebted",
		cobra.ExactArgs(2), func(c *cobra.Command) {
			f := c.Flags()
			f.StringVar(&grade, "grade", "", "of what is offered")
			f.StringVar(&amount, "amount", "", "that is offered, at most what was asked for, which it is if empty")
			f.StringVar(&reason, "reason", "", "why it is declined, a code")
			f.StringVar(&own, "id", "", "id of the decision, a UUIDv7; a new one if empty. The same again changes nothing")
		}, func(c *client, args []string) error {
			outcome, ok := map[string]string{"accept": "accepted", "decline": "declined"}[args[1]]
			if !ok {
				return fmt.Errorf("%q: write accept or decline", args[1])
			}
			body := map[string]any{"outcome": outcome}
			if amount != "" {
				var a loanApplication
				if _, err := c.get(applicationPath(args[0]), nil, &a); err != nil {
					return err
				}
				scale, err := c.scaleOf(a.Product, a.Terms)
				if err != nil {
					return err
				}
				if body["amount"], err = minor(amount, scale); err != nil {
					return err
				}
			}
			for name, value := range map[string]string{"grade": grade, "reason": reason} {
				if value != "" {
					body[name] = value
				}
			}
			return c.actOn(applicationPath(args[0], "decision"), own, body)
		})
}

func newLoanCode() *cobra.Command {
	return reader("code APPLICATION", "Have a code sent to the mobile of the one for whom one acts, borrower or guarantor, with which he signs", "  longmen loan code 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081",
		cobra.ExactArgs(1), nil, func(c *client, args []string) error {
			text, err := c.post(applicationPath(args[0], "code"), "", map[string]any{}, nil)
			if err != nil {
				return err
			}
			return c.show(text, func() error {
				_, err := fmt.Fprintln(c.out, "a code is on its way; it is good for 10 minutes")
				return err
			})
		})
}

func newLoanSign() *cobra.Command {
	own := ""
	return reader("sign APPLICATION CODE", "Sign the agreement with the code that was sent: guarantors first, then the borrower", "  longmen loan sign 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081 123456",
		cobra.ExactArgs(2), func(c *cobra.Command) {
			c.Flags().StringVar(&own, "id", "", "id of the signature, a UUIDv7; a new one if empty. The same again changes nothing")
		}, func(c *client, args []string) error {
			return c.actOn(applicationPath(args[0], "signature"), own, map[string]any{"code": args[1]})
		})
}

func newLoanClose() *cobra.Command {
	reason, own := "", ""
	return reader("close APPLICATION", "Close an application whose loan is settled or was written off: nothing is counted or taken back any more",
		"  LONGMEN_TOKEN=… longmen loan close 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081 --reason paid-up", cobra.ExactArgs(1), func(c *cobra.Command) {
			c.Flags().StringVar(&reason, "reason", "", "why, a code")
			c.Flags().StringVar(&own, "id", "", "id of the closure, a UUIDv7; a new one if empty. The same again changes nothing")
			_ = c.MarkFlagRequired("reason")
		}, func(c *client, args []string) error {
			return c.actOn(applicationPath(args[0], "closure"), own, map[string]any{"reason": reason})
		})
}

func newLoanWithdraw() *cobra.Command {
	own := ""
	return reader("withdraw APPLICATION", "Withdraw an application that was not signed", "  longmen loan withdraw 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081",
		cobra.ExactArgs(1), func(c *cobra.Command) {
			c.Flags().StringVar(&own, "id", "", "id of the withdrawal, a UUIDv7; a new one if empty. The same again changes nothing")
		}, func(c *client, args []string) error {
			return c.actOn(applicationPath(args[0], "withdrawal"), own, map[string]any{})
		})
}
