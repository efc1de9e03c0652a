package stage

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Screen is what people see. A line that changes while something goes on is only shown on a terminal.
type Screen struct {
	Out  io.Writer // results
	Talk io.Writer // what is said on the way
	Live bool
}

// NewScreen shows results on out. What is said on the way goes there too, or, where a program reads the results, to talk.
func NewScreen(out, talk *os.File, forPrograms bool) *Screen {
	s := &Screen{Out: out, Talk: out, Live: term.IsTerminal(int(out.Fd()))}
	if forPrograms {
		s.Talk, s.Live = talk, term.IsTerminal(int(talk.Fd()))
	}
	return s
}

// Say tells people something.
func (s *Screen) Say(format string, args ...any) { fmt.Fprintf(s.Talk, format+"\n", args...) }

// JSON writes a result for programs.
func (s *Screen) JSON(v any) error {
	e := json.NewEncoder(s.Out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

const (
	blink = 200 * time.Millisecond
	// Columns is how wide a line may be.
	Columns = 100
)

// During shows a line again and again until the function that is returned is called.
func (s *Screen) During(line func() string) (done func()) {
	if !s.Live {
		return func() {}
	}
	stop := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		tick := time.NewTicker(blink)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				fmt.Fprintf(s.Talk, "\r%s\r", strings.Repeat(" ", Columns-1))
				return
			case <-tick.C:
				fmt.Fprintf(s.Talk, "\r%-*s", Columns-1, line())
			}
		}
	})
	return func() {
		close(stop)
		group.Wait()
	}
}
