package message_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/front/message"
	"github.com/longmen/longmen/kit/errs"
)

var update = flag.Bool("update", false, "write the golden files anew")

var told = map[string]string{
	message.Code:     `{"code":"048213","minutes":5}`,
	message.Funding:  `{"listing":"LM-1024","amount":{"asset":"CNY","minor":"500000000","scale":2},"date":"2026-03-01"}`,
	message.Due:      `{"loan":"LM-1024","amount":{"asset":"CNY","minor":"123450","scale":2},"date":"2026-03-01"}`,
	message.Overdue:  `{"loan":"LM-1024","amount":{"asset":"CNY","minor":"123450","scale":2},"date":"2026-12-31","days":12}`,
	message.Paid:     `{"loan":"LM-1024","amount":{"asset":"CNY","minor":"5","scale":2},"date":"2026-03-01"}`,
	message.Twice:    `{"loan":"LM-1024","amount":{"asset":"CNY","minor":"123450","scale":2},"date":"2026-03-01"}`,
	message.Returned: `{"amount":{"asset":"JPY","minor":"123450","scale":0},"date":"2026-03-01","reason":"account closed"}`,
}

func texts(t testing.TB) *message.Texts {
	t.Helper()
	m, err := message.New("龙门")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Every text as people read it: testdata/<language>.txt.
func TestTexts(t *testing.T) {
	m, all := texts(t), message.Kinds()
	for _, language := range []string{message.Chinese, message.English} {
		var b strings.Builder
		for _, kind := range slices.Sorted(maps.Keys(all)) {
			for _, channel := range all[kind].Channels {
				subject, body, err := m.Text(kind, channel, language, []byte(told[kind]))
				if err != nil {
					t.Fatal(kind, channel, err)
				}
				if (subject != "") != (channel == message.Mail) {
					t.Errorf("%s by %s has the subject %q", kind, channel, subject)
				}
				fmt.Fprintf(&b, "--- %s %s ---\n", kind, channel)
				if subject != "" {
					fmt.Fprintf(&b, "Subject: %s\n", subject)
				}
				b.WriteString(strings.TrimRight(body, "\n") + "\n")
			}
		}
		golden(t, language+".txt", b.String())
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != got {
		t.Errorf("%s (-update writes it anew):\n%s", path, got)
	}
}

// Each datum that a kind is told appears in every text but the subject, and one that is missing, unknown or wrong is
// refused when it is told, by its name.
func TestWhatIsToldIsChecked(t *testing.T) {
	m := texts(t)
	for kind, data := range told {
		if err := m.Check(kind, []byte(data)); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		var object map[string]any
		if err := json.Unmarshal([]byte(data), &object); err != nil {
			t.Fatal(err)
		}
		for name := range object {
			for why, change := range map[string]func(map[string]any){
				"missing": func(o map[string]any) { delete(o, name) },
				"empty":   func(o map[string]any) { o[name] = "" },
				"null":    func(o map[string]any) { o[name] = nil },
				"float":   func(o map[string]any) { o[name] = 1.5 },
				"list":    func(o map[string]any) { o[name] = []int{1} },
				"long":    func(o map[string]any) { o[name] = strings.Repeat("x", 41) },
				"lines":   func(o map[string]any) { o[name] = "a\nb" },
			} {
				bad := maps.Clone(object)
				change(bad)
				encoded, err := json.Marshal(bad)
				if err != nil {
					t.Fatal(err)
				}
				if err := m.Check(kind, encoded); !errs.Is(err, errs.Invalid) || errs.Of(err).Field != "data."+name {
					t.Errorf("%s: %s is %s: %v", kind, name, why, err)
				}
			}
		}
		object["other"] = "x"
		encoded, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Check(kind, encoded); !errs.Is(err, errs.Invalid) || errs.Of(err).Field != "data.other" {
			t.Errorf("%s: something else is told: %v", kind, err)
		}
	}
	for _, kind := range []string{"", "unheard-of"} {
		if err := m.Check(kind, []byte("{}")); !errs.Is(err, errs.Invalid) {
			t.Errorf("kind %q: %v", kind, err)
		}
	}
}

func TestAmountsThatAreNone(t *testing.T) {
	m := texts(t)
	for _, amount := range []string{
		`{}`, `{"asset":"CNY"}`, `{"asset":"CNY","minor":100,"scale":2}`, `{"asset":"cny","minor":"1","scale":2}`,
		`{"asset":"CNY","minor":"1","scale":9}`, `{"asset":"CNY","minor":"1000000000000000001","scale":2}`,
		`{"asset":"CNY","minor":"1.5","scale":2}`, `{"asset":"CNY","minor":"1","scale":2,"more":1}`,
	} {
		data := `{"loan":"A","date":"2026-03-01","amount":` + amount + `}`
		if err := m.Check(message.Due, []byte(data)); !errs.Is(err, errs.Invalid) || errs.Of(err).Field != "data.amount" {
			t.Errorf("%s: %v", amount, err)
		}
	}
}

// What was checked when it was told can be sent, whatever it is; a short message fits into two parts.
func TestWhatWasToldCanBeSent(t *testing.T) {
	m := texts(t)
	rapid.Check(t, func(rt *rapid.T) {
		data, err := json.Marshal(map[string]any{
			"loan": rapid.StringN(0, 45, -1).Draw(rt, "loan"), "days": rapid.IntRange(-1, 200_000).Draw(rt, "days"),
			"date": rapid.SampledFrom([]string{"2026-03-01", "2026-02-29", "1999-12-31", "2026-3-1"}).Draw(rt, "date"),
			"amount": message.Money{
				Asset: rapid.SampledFrom([]string{"CNY", "USD", "LONGASSETCODE000"}).Draw(rt, "asset"),
				Minor: rapid.Int64().Draw(rt, "minor"), Scale: rapid.Uint8Range(0, 10).Draw(rt, "scale"),
			},
		})
		if err != nil {
			rt.Fatal(err)
		}
		if err := m.Check(message.Overdue, data); err != nil {
			if !errs.Is(err, errs.Invalid) {
				rt.Fatal(err)
			}
			return
		}
		for _, language := range []string{"zh", "en", "", "fr"} {
			_, body, err := m.Text(message.Overdue, message.SMS, language, data)
			if err != nil || len([]rune(body)) > 134 {
				rt.Fatalf("%d characters in %q: %v", len([]rune(body)), language, err)
			}
		}
	})
}

func TestSendersThatAreNone(t *testing.T) {
	for _, sender := range []string{"", " ", "a\nb", strings.Repeat("x", 41)} {
		if _, err := message.New(sender); err == nil {
			t.Errorf("sender %q was taken", sender)
		}
	}
}
