package order_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/longmen/longmen/core/order"
)

var update = flag.Bool("update", false, "write the golden files anew")

// swap is the kind of most tests: asked, perhaps looked at, then done or not.
func swap() order.Kind {
	return order.Kind{
		Code: "swap", Title: "Swap 交换", By: []string{"client", "desk"},
		First: "asked", States: []string{"asked", "in-review", "done", "refused", "end"}, Ends: []string{"done", "refused", "end"},
		Transitions: []order.Transition{
			{Name: "look", From: []string{"asked"}, To: "in-review", By: []string{"desk"}},
			{Name: "amend", From: []string{"asked", "in-review"}, To: "asked", By: []string{"client"}},
			{Name: "settle", From: []string{"asked", "in-review"}, To: "done", By: []string{"system"}},
			{Name: "refuse", From: []string{"in-review"}, To: "refused", By: []string{"desk", "system"}, Reason: true},
			{Name: "withdraw", From: []string{"asked", "in-review"}, To: "end", By: []string{"client"}},
		},
	}
}

func TestKindsRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*order.Kind)
		says   string
	}{
		{"a code that is none", func(k *order.Kind) { k.Code = "Swap" }, "the code must have 1 to 32 characters"},
		{"a title of two lines", func(k *order.Kind) { k.Title = "a\nb" }, "the title must be one line"},
		{"nobody who may open", func(k *order.Kind) { k.By = nil }, "by: 0 named, want 1 to 32"},
		{"a role that is no code", func(k *order.Kind) { k.By = []string{"The Desk"} }, `by: "The Desk" is no code`},
		{"no states", func(k *order.Kind) { k.States = nil }, "states: 0 named"},
		{"a state named twice", func(k *order.Kind) { k.States = append(k.States, "asked") }, `states: "asked" is named twice`},
		{"no end", func(k *order.Kind) { k.Ends = nil }, "ends: 0 named"},
		{"an unknown first state", func(k *order.Kind) { k.First = "new" }, `first: "new" is not among the states`},
		{"an unknown end", func(k *order.Kind) { k.Ends = append(k.Ends, "lost") }, `ends: "lost" is not among the states`},
		{"a transition without a name", func(k *order.Kind) { k.Transitions[0].Name = "" }, "the name must have 1 to 32 characters"},
		{"a transition declared twice", func(k *order.Kind) { k.Transitions[1].Name = "look" }, `transition "look" is declared twice`},
		{"a transition from nowhere", func(k *order.Kind) { k.Transitions[0].From = nil }, `transition "look": from: 0 named`},
		{"a transition from an unknown state", func(k *order.Kind) { k.Transitions[0].From[0] = "new" }, `transition "look": from: "new" is not among`},
		{"a transition to an unknown state", func(k *order.Kind) { k.Transitions[0].To = "new" }, `transition "look": to: "new" is not among`},
		{"a transition that nobody may do", func(k *order.Kind) { k.Transitions[0].By = nil }, `transition "look": by: 0 named`},
		{"too many transitions", func(k *order.Kind) { k.Transitions = make([]order.Transition, 257) }, "257 transitions, at most 256"},
		{"a state that can't be reached", func(k *order.Kind) {
			k.States, k.Ends = append(k.States, "lost"), append(k.Ends, "lost")
		}, `state "lost" can't be reached from "asked"`},
		{"an end with a way out", func(k *order.Kind) {
			k.Transitions[0].From = append(k.Transitions[0].From, "done")
		}, `state "done" is an end and has the way out "look"`},
		{"a state without a way out", func(k *order.Kind) { k.Ends = k.Ends[:2] }, `state "end" has no way out`},
		{"a state that never ends", func(k *order.Kind) {
			k.Ends = k.Ends[:2]
			k.Transitions = append(k.Transitions, order.Transition{Name: "turn", From: []string{"end"}, To: "end", By: []string{"desk"}})
		}, `state "end" never comes to an end`},
	} {
		k := swap()
		c.change(&k)
		if _, err := order.NewKinds(k); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want an error with %q", c.name, err, c.says)
		}
	}
	if _, err := order.NewKinds(swap(), swap()); err == nil || !strings.Contains(err.Error(), "declared twice") {
		t.Errorf("one kind twice: %v", err)
	}
	if _, err := order.NewKinds(make([]order.Kind, order.MaxKinds+1)...); err == nil {
		t.Error("too many kinds were accepted")
	}
}

func TestKindsSayEverythingThatIsWrong(t *testing.T) {
	a, b := swap(), swap()
	a.First, a.By, b.Code, b.Ends = "new", nil, "ask", b.Ends[:1]
	_, err := order.NewKinds(a, b)
	for _, says := range []string{`kind "swap": by`, `kind "swap": first`, `kind "ask": state "refused"`, `kind "ask": state "end"`} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want it to say %q", err, says)
		}
	}
}

func TestKindsAnswer(t *testing.T) {
	k := swap()
	other := swap()
	other.Code = "ask"
	r, err := order.NewKinds(k, other)
	if err != nil {
		t.Fatal(err)
	}
	k.States[0], k.Transitions[0].From[0] = "changed", "changed" // the registry keeps a copy
	if got := r.Codes(); !slices.Equal(got, []string{"ask", "swap"}) {
		t.Errorf("codes are %v", got)
	}
	if got, ok := r.Kind("swap"); !ok || got.States[0] != "asked" || got.Transitions[0].From[0] != "asked" {
		t.Errorf("the kind is %+v", got)
	}
	if !r.Ended("swap", "done") || r.Ended("swap", "asked") || r.Ended("other", "done") {
		t.Error("ends are not told")
	}
	var names []string
	for _, tr := range r.Open("swap", "asked", "client", "other") {
		names = append(names, tr.Name)
	}
	if !slices.Equal(names, []string{"amend", "withdraw"}) {
		t.Errorf("a client may %v", names)
	}
	if _, ok := r.Kind("none"); ok || r.Open("none", "asked", "desk") != nil {
		t.Error("a kind that nobody declared was found")
	}
	if _, ok := r.Text("none"); ok {
		t.Error("a kind that nobody declared was drawn as text")
	}
	if _, ok := r.Mermaid("none"); ok {
		t.Error("a kind that nobody declared was drawn")
	}
}

func TestDrawingsFollowTheDeclaration(t *testing.T) {
	r, err := order.NewKinds(swap())
	if err != nil {
		t.Fatal(err)
	}
	text, _ := r.Text("swap")
	golden(t, "swap.txt", text)
	mermaid, _ := r.Mermaid("swap")
	golden(t, "swap.mmd", mermaid)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s", path, got)
	}
}
