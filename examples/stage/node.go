// Package stage is what a play needs around it: a Longmen node as a process of its own, ids that a run that was cut short
// finds again, and the screen on which people watch.
//
// The package knows nothing of what is played.
package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Node is a Longmen node that runs as a process of its own.
type Node struct {
	Program string
	Folder  string
	Base    string // http://host:port
	Token   string // the operator's
	command *exec.Cmd
	ended   chan struct{} // closed when the process has ended, err says how
	err     error
}

const (
	usualAddress = "127.0.0.1:7421"
	anyAddress   = "127.0.0.1:0"
	// TokenFile is where the operator's token lies in the data folder.
	TokenFile   = "token"
	logFile     = "serve.log"
	startWithin = time.Minute
	stopWithin  = time.Minute
)

var errEnded = errors.New("the node ended by itself")

// Start starts `longmen serve` on a data folder and returns when it answers: at the usual address, or at another if that
// is taken.
func Start(ctx context.Context, program, folder string) (*Node, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	n, err := start(ctx, program, folder, usualAddress)
	if errors.Is(err, errEnded) && strings.Contains(err.Error(), "listen on "+usualAddress) {
		n, err = start(ctx, program, folder, anyAddress)
	}
	return n, err
}

func start(ctx context.Context, program, folder, address string) (*Node, error) {
	log, err := os.OpenFile(filepath.Join(folder, logFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has its own
	before, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	n := &Node{Program: program, Folder: folder, ended: make(chan struct{})}
	n.command = exec.Command(program, "serve", "--data", folder, "--listen", address)
	n.command.Stdout, n.command.Stderr = log, log
	apart(n.command)
	if err := n.command.Start(); err != nil {
		return nil, fmt.Errorf("start the node: %w (build it beside this program, or say where it is with --longmen)", err)
	}
	go func() {
		n.err = n.command.Wait()
		close(n.ended)
	}()
	if err := n.ready(ctx, before); err != nil {
		return nil, errors.Join(err, n.Stop())
	}
	return n, nil
}

// serves is what the node says once it listens.
var serves = regexp.MustCompile(`(?m)^longmen serves .* on (http://\S+) \(`)

// listens reports whether the node has said where it listens, in its log from an offset on: somebody else may answer where
// it was told to.
func (n *Node) listens(from int64) bool {
	if n.Base != "" {
		return true
	}
	log, err := os.ReadFile(filepath.Join(n.Folder, logFile))
	if err != nil {
		return false
	}
	if said := serves.FindSubmatch(log[min(from, int64(len(log))):]); said != nil {
		n.Base = string(said[1])
	}
	return n.Base != ""
}

// ready waits until the node answers, and reads its token. Its log from an offset on is its own.
func (n *Node) ready(ctx context.Context, from int64) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !n.listens(from) || !n.answers(ctx) {
		select {
		case <-n.ended:
			return n.Died()
		case <-ctx.Done():
			return fmt.Errorf("wait for the node: %w%s", ctx.Err(), n.words())
		case <-tick.C:
		}
	}
	if err := n.Died(); err != nil {
		return err // somebody else serves this folder
	}
	token, err := os.ReadFile(filepath.Join(n.Folder, TokenFile))
	if err != nil {
		return fmt.Errorf("read the node's token: %w", err)
	}
	n.Token = strings.TrimSpace(string(token))
	return nil
}

func (n *Node) answers(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, n.Base+"/readyz", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// Within ends with the node: nobody should wait for one that is gone.
func (n *Node) Within(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		select {
		case <-n.ended:
		case <-ctx.Done():
		}
	}()
	return ctx
}

// Died tells how the node ended, nil if it has not.
func (n *Node) Died() error {
	select {
	case <-n.ended:
		return fmt.Errorf("%w: %v%s", errEnded, n.err, n.words())
	default:
		return nil
	}
}

// words are the last ones of the node's log.
func (n *Node) words() string {
	const most = 2_000
	b, err := os.ReadFile(filepath.Join(n.Folder, logFile))
	if err != nil || len(b) == 0 {
		return ""
	}
	return "\nits last words:\n" + string(bytes.TrimSpace(b[max(0, len(b)-most):]))
}

// Wait returns when the context ends, or with an error when the node does.
func (n *Node) Wait(ctx context.Context) error {
	select {
	case <-n.ended:
		return n.Died()
	case <-ctx.Done():
		return nil
	}
}

// Stop asks the node to end and waits for it.
func (n *Node) Stop() error {
	select {
	case <-n.ended:
		return nil
	default:
	}
	if err := n.command.Process.Signal(os.Interrupt); err != nil {
		_ = n.command.Process.Kill()
	}
	select {
	case <-n.ended:
	case <-time.After(stopWithin):
		_ = n.command.Process.Kill()
		<-n.ended
		return fmt.Errorf("stop the node: it did not end within %v and was killed%s", stopWithin, n.words())
	}
	if n.err != nil {
		return fmt.Errorf("stop the node: %w%s", n.err, n.words())
	}
	return nil
}

// Kill ends the node the hard way and waits until it is gone.
func (n *Node) Kill() {
	_ = n.command.Process.Kill()
	<-n.ended
}
