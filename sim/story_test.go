package sim

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/longmen/longmen/core/ledger"
)

func TestASeedTellsTheSameStoryEveryTime(t *testing.T) {
	first, steps, failure := direct(7, 200, false)
	if failure != nil {
		t.Fatal(failure)
	}
	again, stepsAgain, _ := direct(7, 200, false)
	var a, b bytes.Buffer
	printStory(&a, steps)
	printStory(&b, stepsAgain)
	if a.String() != b.String() {
		t.Error("the steps differ")
	}
	retold, failure := tell(steps, false)
	if failure != nil {
		t.Fatal(failure)
	}
	for _, p := range []*play{again, retold} {
		if !bytes.Equal(bytes.Join(first.records, nil), bytes.Join(p.records, nil)) {
			t.Error("the journals differ")
		}
	}
}

// A story that goes wrong at one command comes down to what that command needs.
func TestAFailingStoryIsShortened(t *testing.T) {
	_, steps, failure := direct(7, 200, false)
	if failure != nil {
		t.Fatal(failure)
	}
	for _, s := range steps {
		if s.kind == submit && s.command.Operations[0].Kind() == ledger.KindIssue {
			s.command.Operations = append(s.command.Operations, &ledger.Issue{Register: "Note", Account: "a", Units: 1})
			break
		}
	}
	p, failure := tell(steps, false)
	if failure == nil {
		t.Fatal("a malformed command passes the door")
	}
	before := len(steps)
	var out bytes.Buffer
	explain(&out, Options{Commands: 200}, told{seed: 7, play: p, steps: steps, failure: failure})
	if n := strings.Count(out.String(), "\n"); n > 12 || before < 100 || !strings.Contains(out.String(), `address "Note"`) {
		t.Errorf("%d steps became:\n%s", before, out.String())
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, Options{Seeds: 1_000_000}, t.Output()); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
