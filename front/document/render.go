package document

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"
	"unicode"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/schedule"
	"github.com/longmen/longmen/kit/errs"
)

// Language is what a document is written in.
type Language string

// The languages.
const (
	Chinese Language = "zh"
	English Language = "en"
)

// Data are the data of a kind of document: *Agreement, *Annex, *Assignment or *Disclosure.
type Data interface {
	check(c *checker)
	form() form
}

// form is how a kind of document is made from its data.
type form struct {
	template   string
	number     string
	date       day.Date
	currency   Currency
	tables     func(w writer) (map[string][][]string, error)
	signatures []Signature
}

// Rendered is a document.
type Rendered struct {
	PDF     []byte
	Hash    [32]byte // SHA-256 of PDF
	Digest  [32]byte // SHA-256 of the text that is signed, which a signed copy has too
	Pages   int
	Missing []rune // letters that no font has; they stand as [U+20BB7]
}

//go:embed templates/*.txt
var templateFiles embed.FS

// Render makes a document. The same data, language and fonts give the same bytes.
func (f *Fonts) Render(d Data, in Language) (*Rendered, error) {
	pages, p, digest, err := f.lay(d, in)
	if err != nil {
		return nil, err
	}
	shape := d.form()
	y, m, dom := shape.date.Civil()
	pdf, err := f.write(pages, p, shape.number, time.Date(y, time.Month(m), dom, 0, 0, 0, 0, time.UTC))
	if err != nil {
		return nil, err
	}
	slices.Sort(p.missing)
	return &Rendered{PDF: pdf, Hash: sha256.Sum256(pdf), Digest: digest, Pages: len(pages), Missing: slices.Compact(p.missing)}, nil
}

// lay puts a document on pages.
func (f *Fonts) lay(d Data, in Language) ([]page, *pen, [32]byte, error) {
	var none [32]byte
	var c checker
	d.check(&c)
	if c.err != nil {
		return nil, nil, none, c.err
	}
	shape := d.form()
	text, err := fill(shape, d, in)
	if err != nil {
		return nil, nil, none, err
	}
	if f.chinese == nil && in == Chinese && strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		return nil, nil, none, errs.Invalid.Errorf("the document needs Chinese letters").On("language").Because(ErrNoChinese)
	}
	tables, err := shape.tables(writer{in, shape.currency})
	if err != nil {
		return nil, nil, none, err
	}
	s := &setter{layout: newLayout(f.pen()), in: in, tables: tables, signatures: shape.signatures}
	if err := s.set(text); err != nil {
		return nil, nil, none, err
	}
	if err := s.layout.finish(s.title, shape.number, phrases[in].page); err != nil {
		return nil, nil, none, errs.TooLarge.Errorf("at most %d pages", MaxPages).Because(err)
	}
	return s.layout.pages, s.layout.pen, s.digest, nil
}

// fill executes a template.
func fill(shape form, d Data, in Language) (string, error) {
	if _, ok := phrases[in]; !ok {
		return "", errs.Invalid.Errorf("there is no language %.20q, take zh or en", string(in)).On("language")
	}
	name := "templates/" + shape.template + "." + string(in) + ".txt"
	raw, err := templateFiles.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("read template: %w", err)
	}
	w := writer{in, shape.currency}
	t, err := template.New(name).Option("missingkey=error").Funcs(template.FuncMap{
		"money": w.money, "capital": w.capital, "date": w.date, "percent": percent, "method": w.method, "hex": hexText,
	}).Parse(string(raw))
	if err != nil {
		return "", fmt.Errorf("parse template: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, d); err != nil {
		return "", fmt.Errorf("fill template: %w", err)
	}
	return out.String(), nil
}

// writer writes values in a language.
type writer struct {
	in       Language
	currency Currency
}

// plain is an amount with its thousands apart.
func (w writer) plain(minor int64) string {
	text := amount.Format(minor, w.currency.Digits)
	end := strings.IndexByte(text, '.')
	if end < 0 {
		end = len(text)
	}
	for i := end - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func (w writer) money(minor int64) string {
	if w.in == Chinese && w.currency.Code == "CNY" {
		return "¥" + w.plain(minor)
	}
	return w.currency.Code + " " + w.plain(minor)
}

// capital is the amount in words where the currency has such: else nothing.
func (w writer) capital(minor int64) string {
	if w.in != Chinese || w.currency != (Currency{"CNY", 2}) {
		return ""
	}
	return "（大写：人民币" + capital(minor) + "）"
}

func (w writer) date(d day.Date) string {
	y, m, dom := d.Civil()
	if w.in == Chinese {
		return fmt.Sprintf("%d年%d月%d日", y, m, dom)
	}
	return fmt.Sprintf("%d %s %d", dom, time.Month(m), y)
}

// percent writes millionths as a percentage with at least two digits.
func percent(ppm int64) string {
	text := amount.Format(ppm, 4)
	for strings.HasSuffix(text, "0") && len(text)-strings.IndexByte(text, '.') > 3 {
		text = text[:len(text)-1]
	}
	return text + "%"
}

var methods = map[schedule.Method][2]string{
	schedule.EqualInstallment: {"等额本息", "equal installments"}, schedule.EqualPrincipal: {"等额本金", "equal principal"},
	schedule.Flat: {"等本等息", "flat interest"}, schedule.InterestOnly: {"先息后本", "interest only, principal at the end"},
	schedule.BulletSimple: {"一次性还本付息", "bullet"}, schedule.BulletCompound: {"一次性还本付息（复利）", "bullet, compounded"},
	schedule.FixedInstallment: {"固定还款额", "fixed installment"}, schedule.Custom: {"按约定还款计划", "agreed amounts"},
}

func (w writer) method(m schedule.Method) string {
	if w.in == Chinese {
		return methods[m][0]
	}
	return methods[m][1]
}

// hexText writes a hash in two halves, between which a line may end.
func hexText(b [32]byte) string { return hex.EncodeToString(b[:16]) + " " + hex.EncodeToString(b[16:]) }

func (a *Agreement) form() form {
	template := "agreement"
	if a.Form > 1 {
		template += "-" + strconv.Itoa(a.Form)
	}
	return form{template, a.Number, a.Date, a.Currency, func(w writer) (map[string][][]string, error) {
		rows := make([][]string, 0, len(a.Schedule)+1)
		for _, r := range a.Schedule {
			rows = append(rows, []string{
				strconv.Itoa(r.N), r.Due.String(), w.plain(r.Principal), w.plain(r.Interest), w.plain(r.Fee),
				w.plain(r.Principal + r.Interest + r.Fee), w.plain(r.Balance),
			})
		}
		return map[string][][]string{"schedule": rows, "charges": chargeRows(a.Charges)}, nil
	}, a.Signatures}
}

func chargeRows(list []Charge) (rows [][]string) {
	for _, c := range list {
		rows = append(rows, []string{c.Name, c.When, c.Amount})
	}
	return rows
}

func (d *Disclosure) form() form {
	return form{"disclosure", d.Number, d.Date, d.Currency, func(writer) (map[string][][]string, error) {
		return map[string][][]string{"charges": chargeRows(d.Charges)}, nil
	}, nil}
}

func (a *Annex) form() form {
	return form{"annex", a.Number, a.Date, a.Currency, func(w writer) (map[string][][]string, error) {
		rows := make([][]string, 0, len(a.Lenders))
		for i, l := range a.Lenders {
			share, err := amount.HalfEven.MulDiv(l.Amount, 1_000_000, uint64(a.Funded))
			if err != nil {
				return nil, fmt.Errorf("share of lender %d: %w", l.Number, err)
			}
			rows = append(rows, []string{strconv.Itoa(i + 1), strconv.Itoa(l.Number), l.Name, l.Identifier, w.plain(l.Amount), percent(share)})
		}
		return map[string][][]string{"lenders": rows}, nil
	}, a.Signed}
}

func (a *Assignment) form() form {
	return form{"assignment", a.Number, a.Date, a.Currency, func(w writer) (map[string][][]string, error) {
		return map[string][][]string{"claim": {{
			a.Agreement, w.plain(a.Principal), w.plain(a.Accrued), w.plain(a.Price), w.plain(a.Fee),
		}}}, nil
	}, a.Signatures}
}
