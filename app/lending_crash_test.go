package app

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/longmen/longmen/api/access"
	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store/storetest"
)

// furnished makes a folder with a tenant who lends, and ends the node that made it.
func furnished(t *testing.T, s *served) *lender {
	t.Helper()
	p := &program{config: Config{Data: s.folder, DSN: s.dsn, Log: slog.New(slog.DiscardHandler)}, ended: make(chan struct{})}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	p.address = listener.Addr().String()
	fail := func(part string, err error) { t.Errorf("%s: %v", part, err) }
	must(p.listen(listener, fail))
	must(p.open(t.Context(), fail))
	g := p.backend.ground.Load()
	token, err := access.ReadToken(s.folder)
	must(err)
	w := &apitest.World{Site: &apitest.Site{T: t, URL: "http://" + p.address, Token: token, Ground: g, Clock: clock.NewManual(time.Now()), Log: &apitest.Log{}}}
	w.Post("/v1/ledgers", `{"name":"main","zone":"Asia/Shanghai"}`).OK()
	north, err := g.Parties.CreateTenant(t.Context(), id.ID(access.Operator), party.Tenant{ID: w.ID(), Name: "north"})
	must(err)
	by := party.By{Tenant: north.ID, Actor: id.ID(access.Operator)}
	_, err = g.Parties.AddLedger(t.Context(), by, "main")
	must(err)
	l := newLender(t, w, by, time.Now().In(time.FixedZone("", 8*3600)).Format(time.DateOnly), 2)
	must(p.drain(context.Background()))
	must(p.close(context.Background()))
	return l
}

// client talks to a node that is killed again and again: it asks until it is answered.
type client struct {
	testing.TB
	mu   sync.Mutex
	base string
}

func (c *client) at() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base
}

// call sends a request until somebody answers, and gives the answer.
func (c *client) call(token, method, path, key, body string) (status int, answer map[string]any) {
	c.Helper()
	for deadline := time.Now().Add(120 * time.Second); time.Now().Before(deadline); pause() {
		r, err := http.NewRequest(method, c.at()+path, strings.NewReader(body))
		if err != nil {
			c.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		if key != "" {
			r.Header.Set("Idempotency-Key", key)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			continue
		}
		text, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode == http.StatusServiceUnavailable || response.StatusCode == http.StatusGatewayTimeout {
			continue
		}
		if err := json.Unmarshal(text, &answer); err != nil {
			c.Fatalf("%s %s: %d %s", method, path, response.StatusCode, text)
		}
		return response.StatusCode, answer
	}
	c.Fatalf("%s %s: nobody answers", method, path)
	return 0, nil
}

// run brings one application from the beginning to its payout, whatever is killed meanwhile.
func (c *client) run(l *lender, operator string, n int) {
	c.Helper()
	ids := [3]string{l.World.ID().String(), l.World.ID().String(), l.World.ID().String()}
	token, path, hash := l.borrower.Token, "/v1/applications/"+ids[0], sha256.Sum256([]byte(proofOfEnrolment))
	ok := func(status int, answer map[string]any) {
		c.Helper()
		if status != http.StatusOK {
			c.Fatalf("%d %v", status, answer)
		}
	}
	ok(c.call(token, "POST", "/v1/applications", "", fmt.Sprintf(`{"id":%q,"product":"study-loan","amount":"200000","term":{"n":12,"unit":"months"},
		"purpose":"tuition","facts":[{"fact":"applicant.monthly_income","value":"200000"}]}`, ids[0])))
	ok(c.call(token, "POST", path+"/documents", "", fmt.Sprintf(`{"id":%q,"kind":"enrolment","type":"application/pdf","hash":%q,"content":%q}`,
		ids[1], hex.EncodeToString(hash[:]), base64.StdEncoding.EncodeToString([]byte(proofOfEnrolment)))))
	c.await(token, path, "offered")
	c.sign(token, operator, path, ids[2])
	c.await(token, path, "listed")
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); pause() {
		if _, listing := c.call(token, "GET", "/v1/listings/"+ids[0], "", ""); listing["state"] == "open" {
			break
		}
	}
	for k, v := range l.investors {
		ok(c.call(v.Token, "POST", "/v1/listings/"+ids[0]+"/bids", fmt.Sprintf("bid-%d-%d", n, k), `{"amount":"100000"}`))
	}
	c.await(token, path, "repaying")
}

// sign asks for codes until one comes and is taken: what a simulator was given is gone with its node.
func (c *client) sign(token, operator, path, change string) {
	c.Helper()
	tried := map[string]bool{"": true}
	for range 8 {
		if status, answer := c.call(token, "POST", path+"/code", "", `{}`); status != http.StatusOK && answer["code"] != "order_state" {
			c.Fatalf("%d %v", status, answer)
		}
		for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); pause() {
			if _, a := c.call(token, "GET", path, "", ""); a["state"] != "offered" {
				return
			}
			_, answer := c.call(operator, "GET", "/v1/simulators/sms/messages", "", "")
			messages, _ := answer["messages"].([]any)
			if len(messages) == 0 {
				continue
			}
			code := sixDigits.FindString(messages[0].(map[string]any)["body"].(string))
			if tried[code] {
				continue
			}
			tried[code] = true
			c.call(token, "POST", path+"/signature", "", fmt.Sprintf(`{"id":%q,"code":%q}`, change, code))
		}
	}
	c.Fatal("no code is taken")
}

func (c *client) await(token, path, state string) {
	c.Helper()
	var a map[string]any
	for deadline := time.Now().Add(120 * time.Second); time.Now().Before(deadline); pause() {
		if _, a = c.call(token, "GET", path, "", ""); a["state"] == state {
			return
		}
	}
	c.Fatalf("%s is not %s: %v", path, state, a)
}

// The node is killed while applications are on their way: each is paid out once, and nothing is lost.
func TestKilledNodeLosesNoApplication(t *testing.T) {
	for database, loans := range map[string]int{"sqlite": 2, "postgres": 1} {
		t.Run(database, func(t *testing.T) {
			s := &served{t: t, folder: t.TempDir()}
			if database == "postgres" {
				s.dsn = storetest.PostgresDSN(t)
			}
			l := furnished(t, s)
			s.start()
			defer func() { s.kill() }()
			c := &client{TB: t, base: s.base}
			stop, ended := make(chan struct{}), make(chan int)
			go func() {
				for n := 0; ; n++ {
					select {
					case <-stop:
						ended <- n
						return
					case <-time.After(time.Duration(300+n*397%1700+n*40) * time.Millisecond): // longer each time, so that a slow machine gets through
					}
					s.kill()
					s.start()
					c.mu.Lock()
					c.base = s.base
					c.mu.Unlock()
				}
			}()
			for n := range loans {
				c.run(l, s.token, n)
			}
			close(stop)
			t.Logf("%d kills", <-ended)
			http.DefaultClient.CloseIdleConnections()
			for address, want := range map[string]int{
				market.Cash(l.borrower.Party): loans * 1_960_00, "platform:cny:fees": loans * 20_00, "platform:cny:reserve": loans * 20_00, "bank": 6_000_00,
				market.Cash(l.investors[0].Party): 3_000_00 - loans*1_000_00, market.Cash(l.investors[1].Party): 3_000_00 - loans*1_000_00,
			} {
				if _, a := c.call(s.token, "GET", "/v1/ledgers/main/accounts/"+address, "", ""); a["balance"] != fmt.Sprint(want) {
					t.Errorf("%s has %v, want %d", address, a["balance"], want)
				}
			}
		})
	}
}
