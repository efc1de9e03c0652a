package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/longmen/longmen/store/storetest"
)

// send sends a request with a key of its own and gives status and answer.
func (s *served) send(method, path, key, body string) (int, map[string]any) {
	s.t.Helper()
	r, err := http.NewRequest(method, s.base+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, nil
	}
	var out map[string]any
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&out); err != nil {
		s.t.Fatalf("%s %s: %d %s", method, path, answer.StatusCode, data)
	}
	return answer.StatusCode, out
}

// planTransfer plans that the bank pays 1 to a writer's account. The same key plans it once.
func (s *served) planTransfer(key string, due time.Time, to string) {
	s.t.Helper()
	body := fmt.Sprintf(`{"due":%q,"operations":[{"transfer":{"debit":"bank","credit":%q,"amount":"1"}}]}`, due.UTC().Format("2006-01-02T15:04:05.000000Z07:00"), to)
	if status, out := s.send("POST", "/v1/ledgers/main/jobs", key, body); status != http.StatusOK {
		s.t.Fatalf("plan %s: %d %v", key, status, out)
	}
}

// awaitBalance waits until an account has so much.
func (s *served) awaitBalance(account, want string) {
	s.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); pause() {
		if _, out := s.send("GET", "/v1/ledgers/main/accounts/"+account, "", ""); out["balance"] == want {
			return
		}
	}
	_, jobs := s.send("GET", "/v1/jobs?limit=1000", "", "")
	s.t.Fatalf("%s never had %s: %v\n%s", account, want, jobs, s.log.String())
}

// Nodes are killed in the midst of planned events: each has its effect in the ledger exactly once.
func TestKilledNodeLetsEachPlannedEventHappenOnce(t *testing.T) {
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			s := &served{t: t, folder: t.TempDir()}
			if database == "postgres" {
				s.dsn = storetest.PostgresDSN(t)
			}
			s.start()
			defer func() { s.kill() }()
			s.prepare()
			planned, midst := 0, 0
			for round := range kills {
				now := time.Now()
				for n := range 30 {
					s.planTransfer(fmt.Sprintf("job-%d-%d", round, n), now.Add(time.Duration(n*10)*time.Millisecond), "w:0")
					planned++
				}
				<-time.After(time.Duration(round*37%200) * time.Millisecond)
				s.kill()
				http.DefaultClient.CloseIdleConnections()
				s.start()
				if _, out := s.send("GET", "/v1/jobs?state=waiting&limit=1000", "", ""); len(out["jobs"].([]any)) > 0 {
					midst++
				}
			}
			s.awaitBalance("w:0", fmt.Sprint(planned))
			s.eachOnce(planned)
			t.Logf("%d planned events, %d kills, %d of them while events were open", planned, kills, midst)
		})
	}
}

// eachOnce checks that each job is done and caused one command.
func (s *served) eachOnce(planned int) {
	s.t.Helper()
	for open := true; open; pause() { // an effect is there a moment before its event is over
		_, page := s.send("GET", "/v1/jobs?state=waiting", "", "")
		open = len(page["jobs"].([]any)) > 0
	}
	seen, cursor := 0, ""
	for {
		_, page := s.send("GET", "/v1/jobs?limit=500"+cursor, "", "")
		for _, j := range page["jobs"].([]any) {
			job := j.(map[string]any)
			_, detail := s.send("GET", "/v1/jobs/"+job["id"].(string), "", "")
			commands := detail["commands"].([]any)
			if job["state"] != "done" || len(commands) != 1 || commands[0].(map[string]any)["code"] != "applied" {
				s.t.Errorf("%v", detail)
			}
			seen++
		}
		next, more := page["next"].(string)
		if !more {
			break
		}
		cursor = "&cursor=" + next
	}
	if seen != planned {
		s.t.Errorf("%d jobs, want %d", seen, planned)
	}
}

// Two nodes stand on one database. One lets events happen; when it is killed, or stopped in its tracks, the other does.
func TestTheOtherNodeTakesPlannedEventsOver(t *testing.T) {
	for name, sig := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "paused": syscall.SIGSTOP} {
		t.Run(name, func(t *testing.T) {
			dsn := storetest.PostgresDSN(t)
			first := &served{t: t, folder: t.TempDir(), dsn: dsn}
			first.start()
			defer func() { first.kill() }()
			first.prepare()
			now := time.Now()
			first.planTransfer("before", now, "w:0")
			first.awaitBalance("w:0", "1")
			for n := range 20 {
				first.planTransfer(fmt.Sprintf("after-%d", n), time.Now().Add(time.Second), "w:0")
			}
			second := &served{t: t, folder: t.TempDir(), dsn: dsn}
			copyKey(t, first, second)
			second.launch()
			defer func() { second.kill() }()
			signal(t, first, sig)
			began := time.Now()
			second.await()
			second.awaitBalance("w:0", "21")
			took := time.Since(began)
			t.Logf("events went on after %v", took)
			if took > 10*time.Second {
				t.Errorf("it took %v, want 10 s at most", took)
			}
			if sig == syscall.SIGSTOP {
				signal(t, first, syscall.SIGCONT)
				_ = first.cmd.Wait() // it finds out that it was replaced, and ends
			}
			second.eachOnce(21)
		})
	}
}

// A simulated clock stops wherever something is due, and where an event can't happen; the same key goes on.
func TestAdvanceLetsEverythingHappenOnItsWay(t *testing.T) {
	s := &served{t: t, folder: t.TempDir()}
	s.start()
	defer func() { s.kill() }()
	s.rest("POST", "/v1/ledgers", `{"name":"main","zone":"Asia/Shanghai","clock":"simulated","start":"2026-03-01T00:00:00Z"}`)
	s.rest("POST", "/v1/ledgers/main/commands", `{"operations":[{"open_asset":{"code":"CNY","scale":2}},`+
		openAccount("bank", "debit", "asset")+`,`+openAccount("w:0", "credit", "liability")+`,`+
		strings.Replace(openAccount("poor", "credit", "liability"), "unbounded", "nonnegative", 1)+`]}`)
	day := func(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }
	for n := 2; n <= 30; n++ {
		s.planTransfer(fmt.Sprintf("day-%d", n), day(n), "w:0")
	}
	poor := `{"due":"2026-03-15T12:00:00Z","operations":[{"transfer":{"debit":"poor","credit":"w:0","amount":"1"}}]}`
	_, stuck := s.send("POST", "/v1/ledgers/main/jobs", "poor", poor)

	status, out := s.send("POST", "/v1/ledgers/main/batches", "batch", `{"commands":[`+
		`{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","operations":[{"advance":{"to":"2026-03-10T00:00:00Z"}}]},`+
		`{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7082","operations":[{"transfer":{"debit":"bank","credit":"w:0","amount":"1"}}]}]}`)
	if status != http.StatusConflict || out["code"] != "clock_held" {
		t.Errorf("a batch jumps over events: %d %v", status, out)
	}
	advance := func() (int, map[string]any) {
		return s.send("POST", "/v1/ledgers/main/clock", "to-april", `{"to":"2026-04-01T00:00:00Z"}`)
	}
	if status, out := advance(); status != http.StatusConflict || out["code"] != "clock_held" ||
		!strings.Contains(out["detail"].(string), "stands at 2026-03-15T12:00:00Z") || !strings.Contains(out["detail"].(string), stuck["id"].(string)) {
		t.Fatalf("held up: %d %v", status, out)
	}
	if got := s.rest("GET", "/v1/ledgers/main", ""); got["now"] != "2026-03-15T12:00:00.000000Z" {
		t.Errorf("the clock stands at %v", got["now"])
	}
	s.rest("POST", "/v1/jobs/"+stuck["id"].(string)+"/cancel", "")
	for repeat := range 2 {
		if status, out := advance(); status != http.StatusOK || (out["repeated"] == true) != (repeat == 1) {
			t.Errorf("%d %v", status, out)
		}
	}
	if got := s.rest("GET", "/v1/ledgers/main", ""); got["now"] != "2026-04-01T00:00:00.000000Z" {
		t.Errorf("the clock stands at %v", got["now"])
	}
	s.awaitBalance("w:0", "29")
	_, jobs := s.send("GET", "/v1/jobs?state=done&limit=1000", "", "")
	for n, j := range jobs["jobs"].([]any) {
		_, detail := s.send("GET", "/v1/jobs/"+j.(map[string]any)["id"].(string), "", "")
		sequence := detail["commands"].([]any)[0].(map[string]any)["sequence"]
		_, command := s.send("GET", fmt.Sprintf("/v1/ledgers/main/commands/%v", sequence), "", "")
		result := command["result"].(map[string]any)
		if want := day(n + 2).Format("2006-01-02T15:04:05.000000Z07:00"); result["timestamp"] != want {
			t.Errorf("event %d happened at %v, want %s", n, result["timestamp"], want)
		}
	}
}
