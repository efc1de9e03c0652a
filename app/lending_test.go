package app

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/market"
)

// studyLoan lends 1,000 to 20,000 yuan, asks for a document, keeps 2 % (half of it for the reserve), takes 10 % of the
// investors' interest, and lets one investor have half of a loan.
const studyLoan = `code: study-loan
name: {zh: 助学贷款, en: Study loan}
asset: {code: CNY}
amount: {min: "1000.00", max: "20000.00"}
terms: [{unit: months, min: 3, max: 12, step: 3, every: 1}]
repayment: {method: equal_installment}
grades: [{code: a, rate: "0.12"}]
fees:
  - {code: origination, name: {zh: 撮合服务费, en: Origination fee}, paid_by: borrower, at: disbursement, of: lent, rate: "0.02", shares: [{to: platform, share: "0.5"}, {to: reserve, share: "0.5"}]}
  - {code: service, name: {zh: 平台服务费, en: Service fee}, paid_by: investor, at: payment, of: interest, rate: "0.10", split: after}
funding: {unit: "1.00", min: "100.00", max_share: "0.5", days: 7}
documents: [{code: enrolment, name: {zh: 在读证明, en: Proof of enrolment}}]
eligibility:
  - {code: known, when: applicant.level >= 2 && applicant.age >= 18, says: {zh: 请先完成实名认证, en: Identity is not verified}}
  - {code: affordable, when: application.largest_due * 2 <= applicant.monthly_income, says: {zh: 收入不足, en: The income is too small}}
`

// lender is a tenant who lends by one product, with people whom he knows.
type lender struct {
	*apitest.World
	testing.TB
	staff     *apitest.Caller
	borrower  *apitest.Caller
	investors []*apitest.Caller
}

const mainLedger = "/v1/ledgers/main"

func (l *lender) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// newLender furnishes a served program: the product is approved, the borrower is known, each investor has 3,000.00.
func newLender(t testing.TB, w *apitest.World, by party.By, effective string, investors int) *lender {
	t.Helper()
	l := &lender{World: w, TB: t}
	w.Post(mainLedger+"/assets", `{"code":"CNY","scale":2}`).OK()
	w.Post(mainLedger+"/accounts", `{"address":"bank","asset":"CNY","side":"debit","type":"asset","code":1001,"constraint":"unbounded"}`).OK()
	ann, bo, proposal := w.Caller(by, "ann", "operations"), w.Caller(by, "bo", "risk"), w.ID().String()
	l.staff = ann
	w.As(ann, http.MethodPost, "/v1/products", map[string]any{"id": proposal, "file": studyLoan, "effective": effective, "reason": "new"}).OK()
	w.As(bo, http.MethodPost, "/v1/proposals/"+proposal+"/approval", `{}`).OK()
	l.borrower = w.Caller(by, "wang")
	for kind, value := range map[string]string{"mobile": "13800138000", "id-card": "11010120010101123X"} {
		_, err := w.Ground.Parties.AddIdentifier(t.Context(), by, party.Identifier{ID: w.ID(), Party: l.borrower.Party, Type: kind, Value: party.Personal(value)})
		l.must(err)
	}
	_, err := w.Ground.Parties.Attest(t.Context(), by, party.Attestation{
		ID: w.ID(), Party: l.borrower.Party, About: "identity", Level: "2", Source: "bank", From: time.Now().Add(-time.Hour).UnixMicro(),
	})
	l.must(err)
	for i := range investors {
		c := w.Caller(by, fmt.Sprintf("li.%d", i))
		w.Post(mainLedger+"/accounts", fmt.Sprintf(`{"address":%q,"asset":"CNY","side":"credit","type":"liability","code":2001}`, market.Cash(c.Party))).OK()
		w.Post(mainLedger+"/transfers", fmt.Sprintf(`{"debit":"bank","credit":%q,"amount":"300000","purpose":1}`, market.Cash(c.Party))).OK()
		l.investors = append(l.investors, c)
	}
	return l
}

// balance is what an account has.
func (l *lender) balance(address string) string {
	l.Helper()
	return l.Get(mainLedger + "/accounts/" + address).OK().At("balance")
}

func (l *lender) cash(c *apitest.Caller) string { l.Helper(); return l.balance(market.Cash(c.Party)) }

// apply applies for 6,000.00 over 12 months.
func (l *lender) apply(income string) string {
	l.Helper()
	i := l.World.ID().String()
	l.As(l.borrower, http.MethodPost, "/v1/applications", fmt.Sprintf(`{"id":%q,"product":"study-loan","amount":"600000","term":{"n":12,"unit":"months"},
		"purpose":"学费 tuition","region":"CN-11","facts":[{"fact":"applicant.monthly_income","value":%q}]}`, i, income)).OK()
	return i
}

const proofOfEnrolment = "%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n"

func (l *lender) send(application string) {
	l.Helper()
	l.sends(application).OK()
}

func (l *lender) sends(application string) *apitest.Answer {
	l.Helper()
	hash := sha256.Sum256([]byte(proofOfEnrolment))
	return l.As(l.borrower, http.MethodPost, "/v1/applications/"+application+"/documents", map[string]any{
		"id": l.World.ID().String(), "kind": "enrolment", "type": "application/pdf", "hash": hex.EncodeToString(hash[:]),
		"content": base64.StdEncoding.EncodeToString([]byte(proofOfEnrolment)),
	})
}

func (l *lender) application(i string) *apitest.Answer {
	l.Helper()
	return l.As(l.borrower, http.MethodGet, "/v1/applications/"+i, nil).OK()
}

// await waits until an application is in a state, which the node brings about by itself.
func (l *lender) await(i, state string) *apitest.Answer {
	l.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; pause() {
		a := l.application(i)
		if a.At("state") == state {
			return a
		}
		if time.Now().After(deadline) {
			l.Fatalf("it is not %s: %s\n%s\n%s", state, a.Body, l.As(l.staff, http.MethodGet, "/v1/jobs?limit=1000", nil).Body, l.World.Log)
		}
	}
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// sign has a code sent and signs with it.
func (l *lender) sign(application string) {
	l.Helper()
	before := len(l.texts())
	asked := l.As(l.borrower, http.MethodPost, "/v1/applications/"+application+"/code", `{}`).OK()
	for deadline := time.Now().Add(30 * time.Second); len(l.texts()) == before; pause() {
		if time.Now().After(deadline) {
			l.Fatalf("no code comes: %s", l.As(l.staff, http.MethodGet, "/v1/jobs?limit=1000", nil).Body)
		}
	}
	code := sixDigits.FindString(l.texts()[0])
	signed := l.As(l.borrower, http.MethodPost, "/v1/applications/"+application+"/signature", fmt.Sprintf(`{"id":%q,"code":%q}`, l.World.ID(), code)).OK()
	notices := l.As(l.borrower, http.MethodGet, "/v1/parties/"+l.borrower.Party.String()+"/notices", nil).OK()
	for what, text := range map[string]string{"an answer": string(asked.Body) + string(signed.Body), "the notices": string(notices.Body), "the log": l.World.Log.String()} {
		if code == "" || strings.Contains(text, code) {
			l.Errorf("the code %q stands in %s", code, what)
		}
	}
}

// texts are what the simulator of short messages was given, newest first.
func (l *lender) texts() (list []string) {
	l.Helper()
	var answer struct {
		Messages []struct{ Body, Address string }
	}
	l.Get("/v1/simulators/sms/messages").OK().Into(&answer)
	for _, m := range answer.Messages {
		list = append(list, m.Body)
	}
	return list
}

// bid lets each investor bid for his part of a listing that takes bids.
func (l *lender) bid(listing string, amounts ...int) {
	l.Helper()
	for deadline := time.Now().Add(30 * time.Second); l.As(l.borrower, http.MethodGet, "/v1/listings/"+listing, nil).At("state") != "open"; pause() {
		if time.Now().After(deadline) {
			l.Fatal("the listing does not open")
		}
	}
	for n, amount := range amounts {
		l.As(l.investors[n], http.MethodPost, "/v1/listings/"+listing+"/bids", fmt.Sprintf(`{"amount":"%d"}`, amount), "Idempotency-Key", fmt.Sprintf("%s-%d", listing, n)).OK()
	}
}

// TestLending walks a loan's whole way through the served program: applied for, decided, signed, funded by five, paid
// out, and repaid, to the cent.
func TestLending(t *testing.T) {
	w, by := whole(t)
	l := newLender(t, w, by, "2026-03-30", 5)
	i := l.apply("200000")
	if a := l.application(i); a.At("state") != "documents" || a.At("missing", 0) != "enrolment" {
		t.Fatalf("%s", a.Body)
	}
	l.send(i)
	offered := l.await(i, "offered")
	var offer struct {
		Installment, Payout, Interest, Fees, Start string
		AllIn                                      string `json:"all_in"`
	}
	readOffer(t, offered, &offer)
	if offer.Installment != "53309" || offer.Payout != "588000" || offer.Interest != "39711" || offer.Fees != "12000" || offer.AllIn < "0.15" || offer.AllIn > "0.17" {
		t.Errorf("%+v", offer)
	}
	l.sign(i)
	l.await(i, "listed")
	l.bid(i, 300_000, 100_000, 100_000, 60_000, 40_000)
	done := l.await(i, "repaying")
	if done.At("payout_seconds") == "" || done.At("raised") != "600000" || done.At("loan") == "" {
		t.Errorf("%s", done.Body)
	}
	for address, want := range map[string]string{
		market.Cash(l.borrower.Party): "588000", "platform:cny:fees": "6000", "platform:cny:reserve": "6000", market.Cash(l.investors[0].Party): "0",
		market.Cash(l.investors[4].Party): "260000",
	} {
		if got := l.balance(address); got != want {
			t.Errorf("%s has %s, want %s", address, got, want)
		}
	}
	l.papers(i)
	loan := "/v1/loans/" + done.At("loan")
	rows := l.As(l.borrower, http.MethodGet, loan, nil).OK()
	if rows.At("rows", 0, "owed", "total") != offer.Installment || rows.At("outstanding", "interest") != offer.Interest || rows.At("rows", 12) != "" {
		t.Errorf("the loan is another one than was offered: %s", rows.Body)
	}
	l.repay(loan, rows.At("rows", 0, "due"), offer.Installment)
	// 473.09 of principal, and 60.00 of interest less 10 %, by units: half of it, a sixth twice, a tenth, a fifteenth.
	sum := 0
	for n, want := range []string{"26355", "208785", "208785", "245271", "263513"} {
		got, paid := l.cash(l.investors[n]), 0
		if _, err := fmt.Sscan(got, &paid); err != nil || got != want {
			t.Errorf("investor %d has %s, want %s", n, got, want)
		}
		sum += paid
	}
	if sum != 900_000+473_09+54_00 || l.balance("platform:cny:fees") != "6600" {
		t.Errorf("all investors have %d, the platform %s", sum, l.balance("platform:cny:fees"))
	}
	l.closes(i, loan, l.settle(i, loan))
	// The example in the docs is this one.
	text, err := os.ReadFile("../docs/lending.md")
	l.must(err)
	for _, step := range []string{"C the borrower's cash 5,880.00", "first installment 533.09: interest 60.00, principal 473.09", "C the largest investor 236.55 + 30.00"} {
		if !strings.Contains(string(text), step) {
			t.Errorf("docs/lending.md does not say %q", step)
		}
	}
}

func readOffer(t *testing.T, a *apitest.Answer, to any) {
	t.Helper()
	var body struct{ Offer json.RawMessage }
	a.Into(&body)
	if err := json.Unmarshal(body.Offer, to); err != nil {
		t.Fatal(err)
	}
}

// repay moves the clock to a day and pays.
func (l *lender) repay(loan, day, amount string) {
	l.Helper()
	l.Post(mainLedger+"/clock", fmt.Sprintf(`{"to":"%sT04:00:00Z"}`, day)).OK()
	e := l.As(l.borrower, http.MethodPost, loan+"/payments", fmt.Sprintf(`{"id":%q,"amount":%q}`, l.World.ID(), amount)).OK()
	if e.At("outcome") != "applied" {
		l.Errorf("%s", e.Body)
	}
}

// closes lets an officer close the application: from then on the payment that settled it is not taken back any more.
func (l *lender) closes(i, loan, event string) {
	l.Helper()
	at, own := "/v1/applications/"+i+"/closure", fmt.Sprintf(`{"id":%q,"reason":"paid-up"}`, l.World.ID())
	if a := l.As(l.borrower, http.MethodPost, at, own); a.Status != http.StatusForbidden {
		l.Errorf("the borrower closes it: %d %s", a.Status, a.Body)
	}
	p := l.As(l.staff, http.MethodPost, loan+"/changes", fmt.Sprintf(`{"id":%q,"kind":"charged","amount":"100","charge":"fee","due":"2026-06-01","reason":"costs"}`, l.World.ID())).OK().At("id")
	if a := l.As(l.staff, http.MethodPost, at, own); a.Status != http.StatusConflict || !strings.Contains(a.At("detail"), p) {
		l.Errorf("closed while something about its loan is proposed: %d %s", a.Status, a.Body)
	}
	l.As(l.staff, http.MethodPost, "/v1/proposals/"+p+"/withdrawal", `{}`).OK()
	for range 2 {
		if a := l.As(l.staff, http.MethodPost, at, own).OK(); a.At("state") != "closed" || a.At("track", 10, "reason") != "paid-up" {
			l.Errorf("%s", a.Body)
		}
	}
	for path, body := range map[string]string{
		at: `{"id":%q,"reason":"paid-up"}`, loan + "/reversals": `{"id":%q,"event":"` + event + `"}`, loan + "/payments": `{"id":%q,"amount":"1","anyway":true}`,
	} {
		if a := l.As(l.staff, http.MethodPost, path, fmt.Sprintf(body, l.World.ID())); a.Status != http.StatusConflict || a.At("code") != "loan_state" && path != at {
			l.Errorf("%s afterwards: %d %s", path, a.Status, a.Body)
		}
	}
	if e := l.As(l.staff, http.MethodGet, loan+"/events?limit=1000", nil).OK(); !strings.Contains(string(e.Body), `"kind":"ended"`) || !strings.Contains(string(e.Body), `"reason":"paid-up"`) {
		l.Errorf("%s", e.Body)
	}
}

// settle closes the loan early, takes that back, and closes it again: the application follows. It gives the last payment.
func (l *lender) settle(i, loan string) (event string) {
	l.Helper()
	l.Post(mainLedger+"/transfers", fmt.Sprintf(`{"debit":"bank","credit":%q,"amount":"100000","purpose":1}`, market.Cash(l.borrower.Party))).OK()
	close := func() string {
		quote := l.As(l.borrower, http.MethodGet, loan+"/payoff", nil).OK().At("split", "total")
		e := l.As(l.borrower, http.MethodPost, loan+"/payments", fmt.Sprintf(`{"id":%q,"amount":%q,"settle":true}`, l.World.ID(), quote)).OK()
		l.await(i, "settled")
		return e.At("id")
	}
	event = close()
	l.As(l.staff, http.MethodPost, loan+"/reversals", fmt.Sprintf(`{"id":%q,"event":%q}`, l.World.ID(), event)).OK()
	l.await(i, "repaying")
	event = close()
	// Everybody has his principal back; nothing is left on the way.
	for n, principal := range []int{300_000, 100_000, 100_000, 60_000, 40_000} {
		var has int
		if _, err := fmt.Sscan(l.cash(l.investors[n]), &has); err != nil || has <= 300_000 || has > 300_000+principal/50 {
			l.Errorf("investor %d has %d", n, has)
		}
	}
	hex := strings.ReplaceAll(strings.TrimPrefix(loan, "/v1/loans/"), "-", "")
	for _, address := range []string{"loan:" + hex + ":funds", "loan:" + hex + ":credit"} {
		if got := l.balance(address); got != "0" {
			l.Errorf("%s has %s", address, got)
		}
	}
	return event
}

// papers compares the papers with their hashes and looks who may read them.
func (l *lender) papers(i string) {
	l.Helper()
	path := "/v1/applications/" + i + "/papers"
	var list struct {
		Papers []struct {
			Kind, Language, Digest, Hash string
			Signatures                   []struct{ Role, Name, Method string }
		}
	}
	l.As(l.borrower, http.MethodGet, path, nil).OK().Into(&list)
	kinds := ""
	for _, p := range list.Papers {
		kinds += p.Kind + " "
		file := l.As(l.borrower, http.MethodGet, path+"/"+p.Kind, nil).OK()
		if hash := sha256.Sum256(file.Body); !bytes.HasPrefix(file.Body, []byte("%PDF-")) || hex.EncodeToString(hash[:]) != p.Hash || p.Language != "zh" {
			l.Errorf("%s: %+v", p.Kind, p)
		}
		if p.Kind == "signed" && (len(p.Signatures) != 2 || p.Signatures[0].Name != "Zhang wang" || p.Signatures[0].Method != "短信一次性验证码" || p.Digest != l.application(i).At("contract")) {
			l.Errorf("%+v", p)
		}
	}
	if kinds != "disclosure agreement signed annex " {
		l.Errorf("there are %s", kinds)
	}
	l.As(l.investors[2], http.MethodGet, path, nil).OK().Into(&list)
	if len(list.Papers) != 1 || list.Papers[0].Kind != "annex" {
		l.Errorf("who lends sees %+v", list.Papers)
	}
	l.As(l.investors[2], http.MethodGet, path+"/annex", nil).OK()
	if a := l.As(l.investors[2], http.MethodGet, path+"/signed", nil); a.Status != http.StatusNotFound {
		l.Errorf("who lends sees the agreement: %d", a.Status)
	}
}

// TestLendingEnds shows the other ends: declined, withdrawn, expired, and not funded, after which everybody has what he had.
func TestLendingEnds(t *testing.T) {
	w, by := whole(t)
	l := newLender(t, w, by, "2026-03-30", 2)
	declined := l.apply("50000")
	l.send(declined)
	if a := l.await(declined, "refused"); a.At("decision", "failed", 0, "rule") != "affordable" {
		t.Errorf("%s", a.Body)
	}
	withdrawn := l.apply("200000")
	l.As(l.borrower, http.MethodPost, "/v1/applications/"+withdrawn+"/withdrawal", fmt.Sprintf(`{"id":%q}`, w.ID())).OK()
	if a := l.sends(withdrawn); a.Status != http.StatusConflict {
		t.Errorf("a withdrawn application takes a document: %d %s", a.Status, a.Body)
	}
	expired, unfunded := l.apply("200000"), l.apply("200000")
	l.send(expired)
	l.send(unfunded)
	l.sign(unfunded)
	l.await(unfunded, "listed")
	l.bid(unfunded, 300_000, 100_000)
	if l.cash(l.investors[0]) != "0" || l.cash(l.investors[1]) != "200000" {
		t.Error("the bids took nothing")
	}
	w.Post(mainLedger+"/clock", `{"to":"2026-04-10T04:00:00Z"}`).OK()
	l.await(expired, "expired")
	l.await(unfunded, "unfunded")
	for _, c := range l.investors {
		if got := l.cash(c); got != "300000" {
			t.Errorf("a bidder has %s", got)
		}
	}
	if got := l.cash(l.borrower); got != "0" {
		t.Errorf("the borrower has %s", got)
	}
	if a := l.As(l.borrower, http.MethodPost, "/v1/applications/"+expired+"/code", `{}`); a.Status != http.StatusConflict {
		t.Errorf("an expired offer is signed: %d", a.Status)
	}
}
