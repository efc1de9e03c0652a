package api

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
)

// Apply hands commands to the node the way every door does: only what the caller may do in that ledger, with him as
// actor; what can't be applied whatever the ledger's state is answered here. refused, if it is not nil, says which
// commands could not even be read. Fields of its errors begin with commands[i].
func Apply(ctx context.Context, node Applier, name string, commands []*ledger.Command, refused []*ledger.Refusal) ([]Answer, error) {
	if !CallOf(ctx).Principal.Reaches(name) {
		return nil, noLedger(name)
	}
	good := 0
	for i, c := range commands {
		if refused != nil && refused[i] != nil {
			if err := Need(ctx, right.LedgerWrite); err != nil {
				return nil, err
			}
			continue
		}
		if err := Admit(ctx, c); err != nil {
			return nil, within(i, err)
		}
		if r := check(c); r != nil {
			if refused == nil {
				refused = make([]*ledger.Refusal, len(commands))
			}
			refused[i] = r
			continue
		}
		good++
	}
	switch good {
	case len(commands):
		return node.Apply(ctx, name, commands)
	case 0:
		// Whether the ledger is there is for the node to say, but nothing must be sent to it.
		return merge(nil, refused), nil
	}
	sound := make([]*ledger.Command, 0, good)
	for i, c := range commands {
		if refused[i] == nil {
			sound = append(sound, c)
		}
	}
	answers, err := node.Apply(ctx, name, sound)
	if err != nil {
		return nil, replaced(err, refused)
	}
	return merge(answers, refused), nil
}

// within names the command in the field of an error, if it has one.
func within(i int, err error) error {
	e := errs.Of(err)
	if e.Field == "" {
		return err
	}
	return e.On(fmt.Sprintf("commands[%d].%s", i, e.Field))
}

// replaced names the command that the node means by its place among all of them: it was given those that are sound.
func replaced(err error, refused []*ledger.Refusal) error {
	e, ok := errors.AsType[*errs.Error](err)
	if !ok {
		return err
	}
	place, rest, found := strings.Cut(strings.TrimPrefix(e.Field, "commands["), "]")
	n, wrong := strconv.Atoi(place)
	if !found || wrong != nil {
		return err
	}
	for i := range refused {
		if refused[i] != nil {
			continue
		}
		if n--; n < 0 {
			return e.On(fmt.Sprintf("commands[%d]%s", i, rest))
		}
	}
	return err
}

// check says what is wrong with a command by itself.
func check(c *ledger.Command) *ledger.Refusal {
	if err := c.Check(); err != nil {
		var r *ledger.Refusal
		if errors.As(err, &r) {
			return r
		}
		return &ledger.Refusal{Code: ledger.Malformed, Why: err.Error()}
	}
	if c.Internal() {
		return &ledger.Refusal{Code: ledger.Malformed, Why: c.Operations[0].Kind().String() + ": is written by the sequencer alone"}
	}
	return nil
}

// merge puts the refusals of the door between the answers of the node.
func merge(answers []Answer, refused []*ledger.Refusal) []Answer {
	all := make([]Answer, len(refused))
	next := 0
	for i, r := range refused {
		if r == nil {
			all[i] = answers[next]
			next++
			continue
		}
		all[i] = Answer{Result: ledger.Result{Code: r.Code, Index: r.Index}, Why: r.Why}
	}
	return all
}
