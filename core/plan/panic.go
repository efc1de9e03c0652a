package plan

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/longmen/longmen/kit/logging"
)

// Tell says where the runner writes of handlers that panic. It is called before anything is followed.
func (r *Runner) Tell(log *slog.Logger) { r.log = log }

// safely keeps a mistake in the handling of one event from ending the program at each of its starts: the event is stuck.
func (r *Runner) safely(e *Event, do func() error) (err error) {
	defer func() {
		value := recover()
		if value == nil {
			return
		}
		if r.log != nil {
			r.log.Error("the handler of a planned event panicked", "kind", e.Kind, logging.ID, e.ID, logging.Error, value, "stack", string(debug.Stack()))
		}
		what, _, _ := strings.Cut(fmt.Sprint(value), "\n")
		err = Permanent(fmt.Errorf("panic: %s", what))
	}()
	return do()
}

// call calls an event's handler.
func (r *Runner) call(ctx context.Context, h Handler, e *Event) (func(tx *sql.Tx) error, error) {
	var keep func(tx *sql.Tx) error
	err := r.safely(e, func() (err error) { keep, err = h(ctx, e); return err })
	if keep == nil || err != nil && !isOver(err) {
		return nil, err
	}
	return func(tx *sql.Tx) error { return r.safely(e, func() error { return keep(tx) }) }, err
}
