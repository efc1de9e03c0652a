package paper_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/core/node/nodetest"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/document"
	"github.com/longmen/longmen/front/lending/agreement"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/front/lending/paper"
	"github.com/longmen/longmen/front/lending/sign"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func uid(group string, n int) (i id.ID) {
	binary.BigEndian.PutUint64(i[:], uint64(noon.UnixMilli())<<16)
	return i.Derive(group, uint64(n))
}

var tenant, borrower = uid("tenant", 1), uid("party", 0)

// world is what papers are made from.
type world struct {
	*paper.Papers
	testing.TB
	ledger   *node.Ledger
	product  *catalog.Product
	wants    string // the borrower's language
	signed   sign.Signature
	platform bool // an organisation has the role
}

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	file, err := catalog.ShippedFile("consumer-loan")
	must(err)
	w := &world{TB: t}
	w.product, err = catalog.Read(file)
	must(err)
	w.product.Documents = []catalog.Document{{Code: "income", Name: catalog.Name{Zh: "收入证明", En: "Payslip"}}}
	w.ledger = nodetest.Start(t, storetest.SQLite(t), storetest.SQLite(t), clock.NewManual(noon)).Ledger("main", "Asia/Shanghai", ledger.InstantOf(noon))
	p, err := plan.Open(t.Context(), db, clock.NewManual(noon))
	must(err)
	fonts, err := document.FindFonts()
	must(err)
	files, err := document.OpenFiles(filepath.Join(t.TempDir(), "files"))
	must(err)
	w.Papers, err = paper.Open(t.Context(), paper.Config{
		DB: db, Plan: p, Fonts: fonts, Files: files, Parties: w, Signatures: w, Schedules: w, Ledgers: w, Sales: trades{}, Loans: lent{}, Applications: led{},
		Language: func(context.Context, id.ID, id.ID) (string, error) { return w.wants, nil },
	})
	must(err)
	return w
}

func (w *world) Profiles(_ context.Context, _ id.ID, named []id.ID) (list []party.Profile, err error) {
	for _, of := range named {
		p := party.Profile{Party: party.Party{ID: of, Name: nameOf(of)}, Identifiers: []party.Identifier{
			{Type: "mobile", Value: "13800138000"}, {Type: "id-card", Value: "110101199001011234"},
		}}
		if of == uid("platform", 1) {
			p.Identifiers = []party.Identifier{{Type: "registration", Value: "91310000MA1TEST00X"}}
		}
		list = append(list, p)
	}
	return list, nil
}

func nameOf(of id.ID) party.Personal {
	if of == borrower {
		return "欧阳晓峰\x07"
	}
	for n := range 20 {
		if of == uid("party", n) {
			return party.Personal(fmt.Sprintf("王小%d", n))
		}
	}
	return "龙门信息服务有限公司"
}

func (w *world) Roles(_ context.Context, _ id.ID, f party.RoleFilter, _ party.Page) ([]party.Role, error) {
	if !w.platform || f.Code != "platform" {
		return nil, nil
	}
	return []party.Role{{Party: uid("platform", 1)}}, nil
}

func (w *world) Tenant(context.Context, id.ID) (party.Tenant, error) {
	return party.Tenant{Name: "north"}, nil
}

func (w *world) Signature(context.Context, id.ID, id.ID, id.ID) (sign.Signature, error) {
	return w.signed, nil
}

func (w *world) Schedule(_ context.Context, a *application.Application, p *catalog.Product) (*loan.Agreement, *loan.State, error) {
	terms, events, err := catalog.Contract(p, &catalog.Application{
		Amount: a.Offer.Amount, Term: catalog.Duration{N: a.Term, Unit: a.Unit}, Grade: a.Offer.Grade, Start: a.Offer.Start,
	})
	if err != nil {
		return nil, nil, err
	}
	s, err := loan.Replay(terms, events, a.Offer.Start)
	return &terms, s, err
}

func (w *world) Now(context.Context, string) (time.Time, error) {
	return noon.In(time.FixedZone("", 8*3600)), nil
}

func (w *world) View(ctx context.Context, _ string, read func(*ledger.Engine)) error {
	return w.ledger.View(ctx, 0, read)
}

// offered is an application with an offer of 12,000.00.
func offered() *application.Application {
	a := &application.Application{Order: order.Order{Tenant: tenant, ID: uid("application", 1), State: application.Offered}, Borrower: borrower, Asked: 12_000_00, Asset: "CNY"}
	a.Ledger, a.Term, a.Unit, a.Purpose = "main", 12, "months", "装修 home"
	a.Offer = &application.Offer{
		Amount: 12_000_00, Grade: "b", Rate: "0.108", Rows: 12, Installment: 1_059_53, Payout: 11_760_00, Interest: 714_31, Fees: 240_00,
		AllIn: "0.148000", Effective: "0.158500", Start: day.Of(2026, 3, 2),
	}
	return a
}

// text is what a reader of a PDF finds.
func text(t *testing.T, pdf []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "paper.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", "-layout", file, "-").CombinedOutput()
	if err != nil {
		t.Fatalf("pdftotext (poppler-utils): %v: %s", err, out)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

// The papers of an application, from the offer to the annex: each is made once, and says what was agreed.
func TestPapers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.platform = true
		a := offered()
		digest := w.contract(a)
		if again := w.contract(a); again != digest {
			t.Error("the same offer makes another agreement")
		}
		a.Contract = hex.EncodeToString(digest[:])
		if err := w.Signed(t.Context(), a); !errs.Is(err, errs.Internal) {
			t.Errorf("a copy is made without a signature: %v", err)
		}
		w.signed = sign.Signature{Hash: digest, At: noon.UnixMicro()}
		w.fund(a, 7_000_00, 5_000_00)
		for range 2 {
			if err := errors.Join(w.Signed(t.Context(), a), w.Completed(t.Context(), a, w.product)); err != nil {
				t.Fatal(err)
			}
		}
		list, err := w.List(t.Context(), a)
		if err != nil || len(list) != 4 {
			t.Fatal(list, err)
		}
		for kind, want := range map[string][]string{
			paper.Agreement:  {"欧阳晓峰", "1101**********1234", "龙门信息服务有限公司", "91310000MA1TEST00X", "12,000.00", "10.80%", "14.80%", "240.00 CNY", "逾期本息的0.05%（每日），宽限期3日"},
			paper.Signed:     {"2026-03-02 20:00:00 +08:00", "短信一次性验证码", "平台系统自动签署"},
			paper.Disclosure: {"11,760.00", "714.31", "15.85%", "个人消费贷款", "剩余本金的1%，最高500.00 CNY"},
			paper.Annex:      {"欧**", "王**", "7,000.00", "5,000.00", "58.3333%", a.Contract[:32]},
		} {
			p, pdf, err := w.Get(t.Context(), a, kind)
			if err != nil || p.Hash != sha256.Sum256(pdf) || p.Language != document.Chinese || p.Made != noon.UnixMicro() {
				t.Fatalf("%s: %+v %v", kind, p, err)
			}
			got := text(t, pdf)
			for _, words := range want {
				if !strings.Contains(strings.ReplaceAll(got, " ", ""), strings.ReplaceAll(words, " ", "")) {
					t.Errorf("%s has no %q: %s", kind, words, got)
				}
			}
			if kind == paper.Annex && strings.Contains(got, "王小") {
				t.Error("the annex has a lender's whole name")
			}
			if (kind == paper.Signed || kind == paper.Agreement) != (p.Digest == digest) {
				t.Errorf("the digest of %s is %x", kind, p.Digest)
			}
			if signatures := map[string]int{paper.Signed: 2, paper.Annex: 1}[kind]; len(p.Signatures) != signatures {
				t.Errorf("%s has the signatures %v", kind, p.Signatures)
			}
		}
		if lends, err := w.Lends(t.Context(), a, uid("party", 1)); err != nil || !lends {
			t.Error("who lends doesn't", err)
		}
		if lends, err := w.Lends(t.Context(), a, uid("party", 9)); err != nil || lends {
			t.Error("who doesn't lend does", err)
		}
	})
}

// What was signed by an older text of the agreement is made by that one, to the letter.
func TestSignedAcrossARelease(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		a := offered()
		digest := w.contract(a)
		var raw []byte
		if err := db.Reader().QueryRow(db.Rebind(`SELECT data FROM paper_made WHERE contract = ? AND kind = ?`), digest[:], paper.Agreement).Scan(&raw); err != nil {
			t.Fatal(err)
		}
		var data map[string]any
		if err := json.Unmarshal(raw, &data); err != nil {
			t.Fatal(err)
		}
		for _, later := range []string{"Form", "GraceDays", "Penalties", "Prepayable", "Payoff", "Beyond"} {
			delete(data, later)
		}
		raw, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		var before document.Agreement
		if err := json.Unmarshal(raw, &before); err != nil {
			t.Fatal(err)
		}
		made, err := w.Fonts.Render(&before, document.Chinese)
		if err != nil || made.Digest == digest {
			t.Fatalf("%x %v", made.Digest, err)
		}
		if _, err := db.Writer().Exec(db.Rebind(`INSERT INTO paper_made (tenant, application, contract, kind, language, digest, hash, pages, size, made, data)
			SELECT tenant, application, ?, kind, language, ?, hash, pages, size, made, ? FROM paper_made WHERE contract = ? AND kind = ?`),
			made.Digest[:], made.Digest[:], string(raw), digest[:], paper.Agreement); err != nil {
			t.Fatal(err)
		}
		a.Contract, w.signed = hex.EncodeToString(made.Digest[:]), sign.Signature{Hash: made.Digest, At: noon.UnixMicro()}
		if err := w.Signed(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		if p, pdf, err := w.Get(t.Context(), a, paper.Signed); err != nil || p.Digest != made.Digest || !strings.Contains(text(t, pdf), "甲方可以随时提前偿还全部或部分借款") {
			t.Errorf("%+v %v", p, err)
		}
	})
}

// The agreement says of early and late money what the product does with it, and of its cost whatever it is.
func TestAgreementSaysWhatTheProductDoes(t *testing.T) {
	daily := func(grace ...int) (list []catalog.Penalty) {
		r, err := catalog.NewRate("0.0005")
		if err != nil {
			t.Fatal(err)
		}
		for _, days := range grace {
			list = append(list, catalog.Penalty{Kind: catalog.DailyPenalty, Rate: r, Per: "day", Of: "principal_interest", GraceDays: days, Mode: "half_even"})
		}
		return list
	}
	for name, c := range map[string]struct {
		change    func(p *catalog.Product)
		says, not string
	}{
		"nothing early":         {func(p *catalog.Product) { p.Prepayment.Allowed = false }, "cannot be paid off before its last due date. 4.2 Money beyond what is due is not taken", "may pay off"},
		"early money waits":     {func(p *catalog.Product) { p.Overpayment = catalog.Credit }, "Money beyond what is due lies on the loan's account", "pays installments"},
		"three days of grace":   {func(p *catalog.Product) { p.Penalties = daily(3, 3) }, "0.10% a day is charged from the day after the due date until it is paid; nothing, if it is paid within 3 days", "costs nothing"},
		"several days of grace": {func(p *catalog.Product) { p.Penalties = daily(3, 5) }, "What late payment costs is named in full among the charges above", "a day is charged"},
		"no penalty":            {func(p *catalog.Product) { p.Penalties = nil }, "Late payment costs nothing", "a day is charged"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, storetest.SQLite(t))
			w.wants = "en"
			c.change(w.product)
			a := offered()
			a.Offer.Effective, a.Offer.AllIn = "148.050000", "5.283000" // as of a week with a fee of 10 %
			digest := w.contract(a)
			a.Contract = hex.EncodeToString(digest[:])
			_, pdf, err := w.Get(t.Context(), a, paper.Agreement)
			if err != nil {
				t.Fatal(err)
			}
			if got := text(t, pdf); !strings.Contains(got, c.says) || strings.Contains(got, c.not) {
				t.Errorf("it says: %s", got[max(strings.Index(got, "Early repayment"), 0):])
			}
		})
	}
}

func (w *world) contract(a *application.Application) [32]byte {
	w.Helper()
	digest, err := w.Contract(context.Background(), a, w.product)
	if err != nil {
		w.Fatal(err)
	}
	return digest
}

// fund lets people hold an application's loan.
func (w *world) fund(a *application.Application, amounts ...int64) {
	w.Helper()
	operations := []ledger.Operation{
		&ledger.OpenAsset{Code: "CNY", Scale: 2},
		&ledger.OpenAccount{Address: "unclaimed", Asset: "CNY", Side: ledger.CreditNormal, Type: ledger.Liability, Code: 1, Constraint: ledger.Nonnegative},
		&ledger.OpenRegister{Address: a.Register(), Asset: "CNY", Cap: 1e6, Tranches: []string{"principal"}, Unclaimed: "unclaimed"},
	}
	for n, x := range amounts {
		cash := market.Cash(uid("party", n+1))
		operations = append(operations,
			&ledger.OpenAccount{Address: cash, Asset: "CNY", Side: ledger.CreditNormal, Type: ledger.Liability, Code: 1, Constraint: ledger.Nonnegative},
			&ledger.Issue{Register: a.Register(), Account: cash, Units: uint64(x / 100)})
		a.Raised += x
	}
	answers, err := w.ledger.Apply(context.Background(), []*ledger.Command{{ID: ledger.ID(uid("command", 1)), Operations: operations}})
	if err != nil || answers[0].Result.Code != ledger.Applied {
		w.Fatal(answers, err)
	}
}

// Who wants English gets it, and a platform without an organisation stands there as the tenant.
func TestEnglish(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	w.wants = "en"
	a := offered()
	digest := w.contract(a)
	a.Contract = hex.EncodeToString(digest[:])
	_, pdf, err := w.Get(t.Context(), a, paper.Disclosure)
	if err != nil {
		t.Fatal(err)
	}
	got := text(t, pdf)
	for _, words := range []string{"Consumer loan", "Platform north", "kept from the payout", "1% of the principal outstanding, at most 500.00 CNY", "0.05% a day of principal and interest that are late, after 3 days of grace, at most 24% of the installment"} {
		if !strings.Contains(strings.ReplaceAll(got, " ", ""), strings.ReplaceAll(words, " ", "")) {
			t.Errorf("no %q: %s", words, got)
		}
	}
}

// Files are what they are said to be, and each counts once.
func TestUploads(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		a := offered()
		a.State = application.Documents
		content := []byte("%PDF-1.4\n%%EOF\n")
		good := paper.Upload{ID: uid("upload", 1), Kind: "income", Type: "application/pdf", Hash: sha256.Sum256(content), Uploader: uid("principal", 1)}
		missing := func() string {
			t.Helper()
			list, err := w.Missing(t.Context(), a, w.product)
			if err != nil {
				t.Fatal(err)
			}
			return strings.Join(list, " ")
		}
		keep := func(change func(*paper.Upload)) error {
			u := good
			if change != nil {
				change(&u)
			}
			_, err := w.Keep(t.Context(), a, w.product, u, content)
			return err
		}
		if missing() != "income" {
			t.Errorf("missing %q", missing())
		}
		for field, change := range map[string]func(*paper.Upload){
			"id":      func(u *paper.Upload) { u.ID[6] = 0 },
			"kind":    func(u *paper.Upload) { u.Kind = "selfie" },
			"hash":    func(u *paper.Upload) { u.Hash[0]++ },
			"type":    func(u *paper.Upload) { u.Type = "text/html" },
			"content": func(u *paper.Upload) { u.Type = "image/png" },
		} {
			if err := keep(change); !errs.Is(err, errs.Invalid) || errs.Of(err).Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		for range 2 {
			if err := keep(nil); err != nil {
				t.Error(err)
			}
		}
		if err := keep(func(u *paper.Upload) { u.Kind = paper.Other }); !errs.Is(err, order.IDTaken) {
			t.Errorf("another file under the same id: %v", err)
		}
		u, _, raw, err := w.File(t.Context(), a, good.ID)
		if err != nil || missing() != "" || !bytes.Equal(raw, content) || u.Size != int64(len(content)) {
			t.Errorf("%+v %v, missing %q", u, err, missing())
		}
		if _, _, _, err := w.File(t.Context(), a, uid("upload", 2)); !errs.Is(err, errs.NotFound) {
			t.Errorf("no such file: %v", err)
		}
		for n := 2; n <= paper.MaxUploads; n++ {
			if err := keep(func(u *paper.Upload) { u.ID = uid("upload", n) }); err != nil {
				t.Fatal(err)
			}
		}
		if err := keep(func(u *paper.Upload) { u.ID = uid("upload", 99) }); !errs.Is(err, errs.Conflict) {
			t.Errorf("one more than is kept: %v", err)
		}
		a.State = application.Offered
		if err := keep(func(u *paper.Upload) { u.ID = uid("upload", 100) }); !errs.Is(err, order.WrongState) {
			t.Errorf("after it was decided: %v", err)
		}
	})
}

// Of files that are sent at the same time so many are kept as there is room for.
func TestUploadsAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		a := offered()
		a.State = application.Documents
		content := []byte("%PDF-1.4\n%%EOF\n")
		keep := func(n int) error {
			_, err := w.Keep(t.Context(), a, w.product, paper.Upload{ID: uid("upload", n), Kind: "income", Type: "application/pdf", Hash: sha256.Sum256(content), Uploader: uid("principal", 1)}, content)
			return err
		}
		var sending sync.WaitGroup
		var full atomic.Int32
		for n := range paper.MaxUploads + 10 {
			if n < paper.MaxUploads-2 {
				if err := keep(n); err != nil {
					t.Fatal(err)
				}
				continue
			}
			sending.Go(func() {
				if err := keep(n); errs.Is(err, errs.Conflict) {
					full.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		sending.Wait()
		if list, err := w.Uploads(t.Context(), a); err != nil || len(list) != paper.MaxUploads || full.Load() != 10 {
			t.Errorf("%d are kept, %d not: %v", len(list), full.Load(), err)
		}
	})
}

// Guarantors stand in the agreement, which all sign: its copy has their signatures.
func TestGuaranteed(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	a := offered()
	a.Guarantors = []agreement.Guarantor{{Party: uid("party", 3), Limit: 5_000_00}, {Party: uid("party", 4)}}
	digest := w.contract(a)
	a.Contract = hex.EncodeToString(digest[:])
	_, pdf, err := w.Get(t.Context(), a, paper.Agreement)
	if err != nil {
		t.Fatal(err)
	}
	said := strings.ReplaceAll(text(t, pdf), " ", "")
	for _, words := range []string{"保证人（丁方）", "王小3，证件号码：1101**********1234，保证金额上限：¥5,000.00", "王小4", "按所列顺序依次代为清偿"} {
		if !strings.Contains(said, words) {
			t.Errorf("the agreement does not say %q: %s", words, said)
		}
	}
	w.signed = sign.Signature{Hash: digest, At: noon.UnixMicro()}
	if err := w.Signed(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	p, _, err := w.Get(t.Context(), a, paper.Signed)
	if err != nil || len(p.Signatures) != 4 || p.Signatures[1].Role != "guarantor" || p.Signatures[1].Name != "王小3" || p.Digest != digest {
		t.Errorf("%+v %v", p, err)
	}
}

// The agreement of a product that gives its installment or its principal names the method and has every row of its schedule.
func TestGivenPapers(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	for n, c := range []struct {
		product, grade string
		term           int
		language       string
		want           []string
	}{
		{"salary-loan", "b", 24, "", []string{
			"还款方式为固定还款额，共24期", "2026-04-02 360.00 240.00 0.00 600.00 11,640.00", "2028-02-02 556.55 43.45 0.00 600.00 1,615.82",
			"2028-03-02 1,615.82 32.32 0.00 1,648.14 0.00",
		}},
		{"crop-loan", "farmer", 12, "", []string{"还款方式为按约定还款计划，共4期", "2026-06-02 0.00 181.48 0.00 181.48 12,000.00", "2026-12-02 8,400.00 179.51 0.00 8,579.51 3,600.00"}},
		{"crop-loan", "farmer", 12, "en", []string{"The loan is repaid by agreed amounts in 4 installments", "2027-03-02 3,600.00 53.26 0.00 3,653.26 0.00"}},
	} {
		file, err := os.ReadFile(filepath.Join("..", "..", "catalog", "testdata", c.product+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if w.product, err = catalog.Read(file); err != nil {
			t.Fatal(err)
		}
		a := offered()
		a.ID, a.Term, a.Offer.Grade, w.wants = uid("application", 10+n), c.term, c.grade, c.language
		digest := w.contract(a)
		a.Contract = hex.EncodeToString(digest[:])
		_, pdf, err := w.Get(t.Context(), a, paper.Agreement)
		if err != nil {
			t.Fatal(err)
		}
		got := text(t, pdf)
		for _, words := range c.want {
			if !strings.Contains(strings.ReplaceAll(got, " ", ""), strings.ReplaceAll(words, " ", "")) {
				t.Errorf("%s has no %q: %s", c.product, words, got)
			}
		}
	}
}
