package document

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"

	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/schedule"
	"github.com/longmen/longmen/kit/errs"
)

var (
	update = flag.Bool("update", false, "write the golden files anew")
	keep   = flag.String("keep", "", "a folder in which the documents of the tests are kept, to be looked at")
)

func fonts(t testing.TB) *Fonts {
	t.Helper()
	f, err := FindFonts()
	if err != nil {
		t.Fatal(err)
	}
	if n := f.Notice(); n != "" {
		t.Fatal(n)
	}
	return f
}

var (
	cny      = Currency{"CNY", 2}
	borrower = Party{"欧阳晓峰 Xiaofeng Ouyang", "3101**********1234", "上海市浦东新区世纪大道100号2201室"}
	platform = Party{"龙门信息服务（上海）有限公司", "91310000MA1TEST00X", "上海市黄浦区中山东一路18号"}
	signed   = time.Date(2026, 3, 2, 10, 15, 30, 0, time.FixedZone("", 8*3600))
)

func agreement(t testing.TB) *Agreement {
	t.Helper()
	plan, err := schedule.Plan(schedule.Terms{
		Principal: 100_000_00, AnnualRate: apd.New(12, -2), Installments: 36,
		Due: calendar.Due{Start: day.Of(2026, 3, 2), Every: calendar.Frequency{N: 1, Unit: calendar.Months}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &Agreement{
		Number: "LM-2026-000123", Date: day.Of(2026, 3, 2), Currency: cny, Borrower: borrower, Platform: platform,
		UpTo: 100_000_00, Purpose: "装修 home renovation", AnnualRate: 120_000, AllInRate: 135_500, PenaltyRate: 500,
		Method: schedule.EqualInstallment, Schedule: plan.Rows, Jurisdiction: "上海市浦东新区人民法院", Charges: charges,
		Form: AgreementForm, GraceDays: 3, Penalties: true, Prepayable: true, Payoff: "to_the_day", Beyond: "installments",
		Signatures: []Signature{
			{Role: "borrower", Name: borrower.Name, At: signed, Method: "短信一次性验证码 (one-time code)"},
			{Role: "platform", Name: platform.Name},
		},
	}
}

var charges = []Charge{
	{"撮合服务费 Origination fee", "放款时 at the payout", "2000.00"},
	{"逾期罚息 Penalty", "逾期 when late", "逾期本息的0.05%/日，宽限3日 0.05% a day of principal and interest that is late, after 3 days"},
}

func disclosure() *Disclosure {
	return &Disclosure{
		Number: "LM-2026-000123-D", Agreement: "LM-2026-000123", Date: day.Of(2026, 3, 2), Currency: cny, Borrower: borrower, Platform: platform,
		Product: "个人消费贷款 Consumer loan", Amount: 100_000_00, Payout: 98_000_00, Interest: 19_571_48, Fees: 2_000_00, Installment: 3_321_43, Rows: 36,
		Method: schedule.EqualInstallment, First: day.Of(2026, 4, 2), Last: day.Of(2029, 3, 2), AnnualRate: 120_000, AllInRate: 134_271, Effective: 142_846,
		Charges: charges,
	}
}

func annex(lenders int) *Annex {
	a := &Annex{
		Number: "LM-2026-000123-A1", Agreement: "LM-2026-000123", Digest: [32]byte{1, 2, 3}, Date: day.Of(2026, 3, 5), Currency: cny,
		Borrower: borrower, Platform: platform,
	}
	for i := range lenders {
		l := Lender{Number: i + 1, Name: fmt.Sprintf("王*%s", ordinal(i%99+1)), Identifier: "4403**********" + fmt.Sprintf("%04d", i%10000), Amount: int64(100_00 + i%7*50_00)}
		a.Lenders, a.Funded = append(a.Lenders, l), a.Funded+l.Amount
	}
	return a
}

func assignment() *Assignment {
	return &Assignment{
		Number: "LM-T-2026-000045", Agreement: "LM-2026-000123", Date: day.Of(2026, 6, 18), Currency: cny,
		Seller: Party{"李*", "4403**********0002", ""}, Buyer: Party{"Zhang Wei 张*", "1101**********0003", ""}, Borrower: borrower,
		Principal: 9_210_55, Accrued: 48_31, Price: 9_150_00, Fee: 18_42, Effective: day.Of(2026, 6, 18),
	}
}

// guaranteed is an agreement with two guarantors, each of whom pays his share.
func guaranteed(t testing.TB) *Agreement {
	t.Helper()
	a := agreement(t)
	a.Guarantors = []Guarantor{{Party{"李建国 Li Jianguo", "3101**********5678", ""}, 60, 50_000_00}, {Party{"东海融资担保有限公司", "91310000MA1TEST01X", ""}, 40, 0}}
	a.Signatures = append(a.Signatures, Signature{Role: "guarantor", Name: a.Guarantors[0].Name, At: signed.Add(-time.Hour), Method: "短信一次性验证码 (one-time code)"},
		Signature{Role: "guarantor", Name: a.Guarantors[1].Name})
	return a
}

// first is an agreement as they were first written.
func first(t testing.TB) *Agreement {
	t.Helper()
	a := agreement(t)
	a.Form, a.GraceDays, a.Penalties, a.Prepayable, a.Payoff, a.Beyond = 0, 0, false, false, "", ""
	return a
}

func samples(t testing.TB) map[string]Data {
	return map[string]Data{"agreement": agreement(t), "agreement-1": first(t), "guaranteed": guaranteed(t), "annex": annex(1234), "assignment": assignment(), "disclosure": disclosure()}
}

// TestPages compares what stands on the pages with golden files, of which people can see a document's text.
func TestPages(t *testing.T) {
	f := fonts(t)
	for name, d := range samples(t) {
		for _, in := range []Language{Chinese, English} {
			pages, _, _, err := f.lay(d, in)
			if err != nil {
				t.Fatal(name, in, err)
			}
			var b strings.Builder
			for i, p := range pages {
				if i > 1 && i < len(pages)-1 {
					continue // the pages between are like the second
				}
				fmt.Fprintf(&b, "=== %d\n%s", i+1, p.text())
			}
			file := filepath.Join("testdata", name+"."+string(in)+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("%s in %s differs from %s; see it with -update and git diff", name, in, file)
			}
			if *keep != "" {
				r, err := f.Render(d, in)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(*keep, name+"."+string(in)+".pdf"), r.PDF, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// TestRender shows that the same data give the same bytes, that a signed copy has the digest of the unsigned one, and that
// other data have another.
func TestRender(t *testing.T) {
	f, again := fonts(t), fonts(t)
	for name, d := range samples(t) {
		for _, in := range []Language{Chinese, English} {
			a, err := f.Render(d, in)
			if err != nil {
				t.Fatal(name, err)
			}
			b, err := again.Render(d, in)
			if err != nil || a.Hash != b.Hash || a.Digest != b.Digest || !bytes.Equal(a.PDF, b.PDF) {
				t.Errorf("%s in %s differs from itself: %v", name, in, err)
			}
			if a.Hash != sha256.Sum256(a.PDF) || len(a.Missing) > 0 || a.Digest == [32]byte{} {
				t.Errorf("%s in %s: hash, digest or letters are missing: %q", name, in, a.Missing)
			}
		}
	}
	whole := agreement(t)
	before := render(t, f, whole)
	whole.Signatures = nil
	blank := render(t, f, whole)
	whole.Purpose += "。"
	other := render(t, f, whole)
	if before.Digest != blank.Digest || before.Hash == blank.Hash || other.Digest == blank.Digest {
		t.Error("the digest must stand for the text without its signatures, the hash for the file")
	}
}

func render(t *testing.T, f *Fonts, d Data) *Rendered {
	t.Helper()
	r, err := f.Render(d, Chinese)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestReadable shows that a reader of the PDF finds the text that was set, in both scripts, with every page's number.
func TestReadable(t *testing.T) {
	r := render(t, fonts(t), annex(3000))
	file := filepath.Join(t.TempDir(), "annex.pdf")
	if err := os.WriteFile(file, r.PDF, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", "-layout", file, "-").CombinedOutput()
	if err != nil {
		t.Fatalf("pdftotext (poppler-utils): %v: %s", err, out)
	}
	pages := strings.Split(strings.TrimSuffix(string(out), "\f"), "\f")
	if len(pages) != r.Pages || r.Pages < 60 {
		t.Fatalf("%d pages, want %d", len(pages), r.Pages)
	}
	for i, p := range pages {
		head := strings.Contains(p, "持有编号") && strings.Contains(p, "出借人") || i == len(pages)-1
		if !head || !strings.Contains(p, fmt.Sprintf("第 %d 页，共 %d 页", i+1, r.Pages)) {
			t.Errorf("page %d has no head or number:\n%s", i+1, p)
		}
	}
	if !strings.Contains(string(out), "3000") || !strings.Contains(pages[0], "大写：人民币") {
		t.Error("rows are missing")
	}
}

// TestSignedTextsStay shows that a text by which agreements were signed is never changed: another wording is another form, with
// templates of its own and a line here.
func TestSignedTextsStay(t *testing.T) {
	for name, want := range map[string]string{
		"agreement.zh": "313efa8df6a0e4cb", "agreement.en": "9756d50c28567e7b", "agreement-2.zh": "74d1bb0c4ffe4d94", "agreement-2.en": "6678a3c16c575a14",
	} {
		raw, err := templateFiles.ReadFile("templates/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:8]) != want {
			t.Errorf("%s is %x: what was signed by it could not be written again", name, sum[:8])
		}
	}
}

// TestAgreementFollowsTheProduct shows that the clauses on early and late payment say what was agreed.
func TestAgreementFollowsTheProduct(t *testing.T) {
	f := fonts(t)
	for want, change := range map[string]func(a *Agreement){
		"may pay off the loan at any time. Interest is then owed for the days until then":                               func(*Agreement) {},
		"Interest is then owed until the next due date":                                                                 func(a *Agreement) { a.Payoff = "to_the_due_date" },
		"Interest is then owed for all installments":                                                                    func(a *Agreement) { a.Payoff = "to_the_end" },
		"cannot be paid off before its last due date":                                                                   func(a *Agreement) { a.Prepayable = false },
		"pays installments to come, whose interest does not change":                                                     func(*Agreement) {},
		"repays principal, which bears no interest from then on":                                                        func(a *Agreement) { a.Beyond = "principal" },
		"repays principal, which bears no interest from the next due date on":                                           func(a *Agreement) { a.Beyond = "principal_on_due_date" },
		"lies on the loan's account":                                                                                    func(a *Agreement) { a.Beyond = "credit" },
		"Money beyond what is due is not taken":                                                                         func(a *Agreement) { a.Beyond = "none" },
		"0.05% a day is charged from the day after the due date until it is paid; nothing, if it is paid within 3 days": func(*Agreement) {},
		"from the day after the due date until it is paid.":                                                             func(a *Agreement) { a.GraceDays = 0 },
		"Late payment costs nothing":                                                                                    func(a *Agreement) { a.PenaltyRate, a.Penalties = 0, false },
		"What late payment costs is named in full":                                                                      func(a *Agreement) { a.PenaltyRate = 0 },
	} {
		a := agreement(t)
		change(a)
		pages, _, _, err := f.lay(a, English)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, p := range pages {
			text.WriteString(p.text())
		}
		if !strings.Contains(strings.Join(strings.Fields(text.String()), " "), want) {
			t.Errorf("it does not say %q", want)
		}
	}
}

// TestInterestAlone shows that a claim of which only interest is left is noted too.
func TestInterestAlone(t *testing.T) {
	d := assignment()
	d.Principal, d.Accrued, d.Price = 0, 16, 16
	render(t, fonts(t), d)
}

// TestLatinOnly shows what becomes of documents where no Chinese font is: those in English are made, with
// Chinese letters as their codes, others refused.
func TestLatinOnly(t *testing.T) {
	f, err := FindFonts(filepath.Join(t.TempDir(), "none.ttf"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(f.Notice(), "fonts-droid-fallback") {
		t.Errorf("notice %q", f.Notice())
	}
	d := assignment()
	if _, err := f.Render(d, Chinese); !errors.Is(err, ErrNoChinese) {
		t.Error(err)
	}
	if r, err := f.Render(d, English); err != nil || len(r.Missing) == 0 {
		t.Error("a Chinese name: ", err)
	}
	d.Borrower.Name, d.Seller.Name, d.Buyer.Name = "A. Borrower", "B. Seller", "C. Buyer"
	r, err := f.Render(d, English)
	if err != nil || r.Pages != 1 {
		t.Fatal(err)
	}
	// What is signed is the text, whatever the fonts.
	if got := hex.EncodeToString(r.Digest[:8]); got != "8f8b37cc9139cbcf" {
		t.Errorf("digest %s", got)
	}
}

// TestFontFiles shows that a font that cannot be used is refused when the program starts.
func TestFontFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.ttf")
	if err := os.WriteFile(file, []byte("OTTO, not really"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := FindFonts(file); err == nil || !strings.Contains(err.Error(), "x.ttf") {
		t.Error(err)
	}
}

// TestRareLetters shows that a letter that no font has stands as its code, and is reported.
func TestRareLetters(t *testing.T) {
	d := assignment()
	d.Buyer.Name = "吉𠮷𪛖"
	r := render(t, fonts(t), d)
	if string(r.Missing) != "𠮷𪛖" {
		t.Errorf("missing %q", r.Missing)
	}
	pages, _, _, err := fonts(t).lay(d, Chinese)
	if err != nil || !strings.Contains(pages[0].text(), "吉[U+20BB7][U+2A6D6]") {
		t.Error(err)
	}
}

func TestWrap(t *testing.T) {
	p := fonts(t).pen()
	s := style{size: 10}
	for _, c := range []struct {
		text  string
		width float64 // in Chinese letters
		want  []string
	}{
		{"借款人应当按期还款", 4, []string{"借款人应", "当按期还", "款"}},
		{"借款人应，按期还款", 4, []string{"借款人", "应，按期", "还款"}},    // no comma first
		{"借款（甲方）", 3, []string{"借款", "（甲", "方）"}},          // no bracket last, none first
		{"按年利率 twelve 计", 5, []string{"按年利率", "twelve 计"}}, // words stay whole
		{"abcdefghijklmnopqrstuvwxyz", 4, []string{"abcdefg", "hijklmno", "pqrstuvw", "xyz"}},
		{"借（借 ，", 3, []string{"借", "（借", "，"}}, // nothing else fits
		{"", 4, []string{""}},
	} {
		got := p.wrap(c.text, s, c.width*10+0.5)
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("借款人，。（）《》ab c1¥%")), 0, 60, -1).Draw(t, "text")
		width := rapid.Float64Range(30, 200).Draw(t, "width")
		lines := p.wrap(text, s, width)
		if a, b := strings.ReplaceAll(strings.Join(lines, ""), " ", ""), strings.ReplaceAll(text, " ", ""); a != b {
			t.Fatalf("%q became %q", text, lines)
		}
		for _, x := range lines {
			if w := p.measure(x, s); w > width+1e-6 {
				t.Fatalf("%q is %.1f wide, at most %.1f", x, w, width)
			}
		}
	})
}

func TestCapital(t *testing.T) {
	for fen, want := range map[int64]string{
		0: "零元整", 1: "壹分", 10: "壹角整", 1_00: "壹元整", 1_05: "壹元零伍分", 10_50: "壹拾元伍角整", 1003_50: "壹仟零叁元伍角整",
		100_000_00: "壹拾万元整", 100_500_00: "壹拾万零伍佰元整", 1_0000_0001_00: "壹亿零壹元整", 1_2345_0000_00: "壹亿贰仟叁佰肆拾伍万元整",
		1_0000_0000_0000_00: "壹万亿元整", 1_0001_0000_0000_00: "壹万零壹亿元整", 6007_14: "陆仟零柒元壹角肆分", -5_00: "负伍元整",
		1680_32: "壹仟陆佰捌拾元叁角贰分", 107_000_53: "壹拾万柒仟元伍角叁分",
	} {
		if got := capital(fen); got != want {
			t.Errorf("%d: %s, want %s", fen, got, want)
		}
	}
	for n, want := range map[int]string{1: "一", 10: "十", 11: "十一", 20: "二十", 35: "三十五"} {
		if got := ordinal(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

// TestDataRefused shows that what is wrong is named by its field.
func TestDataRefused(t *testing.T) {
	f := fonts(t)
	for field, change := range map[string]func(a *Agreement, x *Annex, s *Assignment) Data{
		"form":             func(a *Agreement, _ *Annex, _ *Assignment) Data { a.Form = AgreementForm + 1; return a },
		"all_in_rate":      func(a *Agreement, _ *Annex, _ *Assignment) Data { a.AllInRate = MaxRate + 1; return a },
		"number":           func(a *Agreement, _ *Annex, _ *Assignment) Data { a.Number = ""; return a },
		"borrower.name":    func(a *Agreement, _ *Annex, _ *Assignment) Data { a.Borrower.Name = "王\n# 伪造"; return a },
		"borrower.address": func(a *Agreement, _ *Annex, _ *Assignment) Data { a.Borrower.Address = "a\u202eb"; return a },
		"purpose": func(a *Agreement, _ *Annex, _ *Assignment) Data {
			a.Purpose = strings.Repeat("长", MaxText+1)
			return a
		},
		"platform.name": func(a *Agreement, _ *Annex, _ *Assignment) Data { a.Platform.Name = "\xff"; return a },
		"up_to":         func(a *Agreement, _ *Annex, _ *Assignment) Data { a.UpTo = 0; return a },
		"annual_rate":   func(a *Agreement, _ *Annex, _ *Assignment) Data { a.AnnualRate = -1; return a },
		"method":        func(a *Agreement, _ *Annex, _ *Assignment) Data { a.Method = 99; return a },
		"schedule":      func(a *Agreement, _ *Annex, _ *Assignment) Data { a.UpTo++; return a },
		"schedule[1]":   func(a *Agreement, _ *Annex, _ *Assignment) Data { a.Schedule[1].Interest = -1; return a },
		"guarantors": func(a *Agreement, _ *Annex, _ *Assignment) Data {
			a.Guarantors = make([]Guarantor, MaxGuarantors+1)
			return a
		},
		"guarantors[0].name": func(a *Agreement, _ *Annex, _ *Assignment) Data {
			a.Guarantors = []Guarantor{{Limit: 1}}
			return a
		},
		"guarantors[0].limit": func(a *Agreement, _ *Annex, _ *Assignment) Data {
			a.Guarantors = []Guarantor{{Party: borrower, Limit: -1}}
			return a
		},
		"jurisdiction":       func(a *Agreement, _ *Annex, _ *Assignment) Data { a.Jurisdiction = ""; return a },
		"signatures[0].role": func(a *Agreement, _ *Annex, _ *Assignment) Data { a.Signatures[0].Role = ""; return a },
		"currency.digits":    func(a *Agreement, _ *Annex, _ *Assignment) Data { a.Currency.Digits = 9; return a },
		"funded":             func(_ *Agreement, x *Annex, _ *Assignment) Data { x.Funded--; return x },
		"lenders":            func(_ *Agreement, x *Annex, _ *Assignment) Data { x.Lenders = nil; return x },
		"lenders[2].amount":  func(_ *Agreement, x *Annex, _ *Assignment) Data { x.Lenders[2].Amount = 0; return x },
		"seller.name":        func(_ *Agreement, _ *Annex, s *Assignment) Data { s.Seller.Name = ""; return s },
		"effective":          func(_ *Agreement, _ *Annex, s *Assignment) Data { s.Effective = day.Max + 1; return s },
		"price":              func(_ *Agreement, _ *Annex, s *Assignment) Data { s.Price = -1; return s },
	} {
		_, err := f.Render(change(agreement(t), annex(5), assignment()), Chinese)
		var e *errs.Error
		if !errors.As(err, &e) || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	var e *errs.Error
	if _, err := f.Render(assignment(), "fr"); !errors.As(err, &e) || e.Field != "language" {
		t.Error(err)
	}
}

// BenchmarkAnnex renders an annex of 1,000 lenders.
func BenchmarkAnnex(b *testing.B) {
	f, d := fonts(b), annex(1000)
	for b.Loop() {
		if _, err := f.Render(d, Chinese); err != nil {
			b.Fatal(err)
		}
	}
}
