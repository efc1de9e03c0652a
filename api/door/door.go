// Package door puts the doors together behind one address: REST and its documentation, gRPC, health and metrics. It
// does what they have in common: who calls, how many at once, how long, and what is told of a failure.
//
// The package must not know what is asked or answered.
package door

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/api/docs"
	"github.com/longmen/longmen/api/rest"
	"github.com/longmen/longmen/api/rpc"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/logging"
)

// Node is what the doors need of the program behind them.
type Node interface {
	rest.Node
	rpc.Node
}

// Config says what stands behind the doors.
type Config struct {
	Node    Node
	Callers api.Callers
	Ground  func() (*ground.Ground, error) // an error for the caller until it is open
	Ready   func() error                   // nil error: the node answers; it must not block
	Log     *slog.Logger
	Metrics *prometheus.Registry
}

// Limits of what the doors carry at once.
const (
	maxRequests = 4_096            // under way
	maxTime     = 30 * time.Second // of one request, streams aside
	exportTime  = 5 * time.Minute  // of one that exports
	graceTime   = 5 * time.Second  // in which an answer has to be taken
)

const metricsPath = "/metrics"

// Door answers everything on the node's address.
type Door struct {
	config   Config
	rest     http.Handler
	rpc      http.Handler
	open     http.Handler // what needs no token
	metrics  http.Handler
	errors   *connect.ErrorWriter
	underway atomic.Int64
	seconds  *prometheus.HistogramVec
}

// New makes the door.
func New(c Config) *Door {
	r := rest.New(c.Node, c.Ground, c.Log)
	d := &Door{
		config: c, rest: r, rpc: rpc.New(c.Node, c.Log), errors: connect.NewErrorWriter(),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "longmen_request_seconds", Help: "Time from a request's arrival to its answer.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 2, 16),
		}, []string{"route", "status"}),
	}
	c.Metrics.MustRegister(d.seconds, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "longmen_requests_under_way", Help: "Requests that have no answer yet.",
	}, func() float64 { return float64(d.underway.Load()) }))
	d.metrics = promhttp.HandlerFor(c.Metrics, promhttp.HandlerOpts{})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", d.ready)
	docs.Register(mux, r.OpenAPI())
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, docs.Path, http.StatusFound) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { rest.NotFound(w, r) })
	d.open = mux
	return d
}

func (d *Door) ready(w http.ResponseWriter, r *http.Request) {
	if err := d.config.Ready(); err != nil {
		rest.WriteProblem(w, r, errs.Overloaded.Errorf("%s", err))
		return
	}
	fmt.Fprintln(w, "ready")
}

// Headers of every answer: nothing here is to be guessed at, framed, kept or told on.
var (
	noSniff    = []string{"nosniff"}
	noStore    = []string{"no-store"}
	noReferrer = []string{"no-referrer"}
	noContent  = []string{"default-src 'none'; frame-ancestors 'none'"}
)

// ServeHTTP answers a request.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["X-Content-Type-Options"], h["Cache-Control"] = noSniff, noStore
	h["Referrer-Policy"], h["Content-Security-Policy"] = noReferrer, noContent
	door, guarded := d.choose(r.URL.Path)
	if !guarded {
		d.open.ServeHTTP(w, r)
		return
	}
	call := &api.Call{Trace: traceOf(r.Header.Get("Traceparent"))}
	h["X-Request-Id"] = []string{call.Trace.String()}
	ctx := api.WithCall(r.Context(), call)
	if d.underway.Add(1) > maxRequests {
		d.underway.Add(-1)
		d.refuse(w, r.WithContext(ctx), errs.Overloaded.Errorf("%d requests are under way, which is as many as are taken; nothing was applied", maxRequests))
		return
	}
	if err := d.admit(ctx, call, r); err != nil {
		d.underway.Add(-1)
		d.refuse(w, r.WithContext(ctx), err)
		return
	}
	d.serve(ctx, door, w, r)
}

// choose tells the door for a path, and whether it needs a token.
func (d *Door) choose(path string) (http.Handler, bool) {
	switch {
	case strings.HasPrefix(path, "/v1/"):
		return d.rest, true
	case strings.HasPrefix(path, rpc.Path):
		return d.rpc, true
	case path == metricsPath:
		return d.metrics, true
	}
	return nil, false
}

// admit finds out who calls, and whether he may come in here.
func (d *Door) admit(ctx context.Context, call *api.Call, r *http.Request) error {
	err := d.caller(ctx, r.Header, &call.Principal)
	switch {
	case err != nil && errs.Is(err, errs.Internal):
		d.config.Log.Error("caller is not known", logging.Trace, call.Trace.String(), logging.Error, err)
	case err == nil && r.URL.Path == metricsPath && !call.Principal.Operator:
		err = errs.Forbidden.Errorf("the figures of the node are for the operator of the platform")
	case err == nil && r.URL.Path == rpc.WatchPath:
		call.Again = func() error { return d.caller(ctx, r.Header, new(api.Principal)) }
	}
	return err
}

// caller finds out who calls.
func (d *Door) caller(ctx context.Context, h http.Header, to *api.Principal) error {
	const scheme = "Bearer "
	shown := h.Get("Authorization")
	if len(shown) <= len(scheme) || !strings.EqualFold(shown[:len(scheme)], scheme) {
		return errs.Unauthenticated.Errorf("send the header Authorization: Bearer <token>; the operator's is in the file token of the node's data folder")
	}
	return d.config.Callers.Caller(ctx, api.Credentials{
		Token: shown[len(scheme):], Tenant: h.Get("Longmen-Tenant"), Party: h.Get("Longmen-Party"),
	}, to)
}

// serve runs a door, measures it and catches what should not happen.
func (d *Door) serve(ctx context.Context, door http.Handler, w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	answer := &answer{ResponseWriter: w}
	stream := r.URL.Path == rpc.WatchPath
	limit := time.Time{}
	if !stream {
		long := maxTime
		if r.URL.Path == rest.OverdueExport {
			long = exportTime
		}
		limited, cancel := context.WithTimeout(ctx, long)
		defer cancel()
		ctx, limit = limited, start.Add(long+graceTime)
	}
	// Whoever does not take his answer must not keep us for ever. A connection that can't be told so has limits of its own.
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(limit)
	r = r.WithContext(ctx)
	r.Body = &body{r.Body, control}
	defer func() {
		d.underway.Add(-1)
		if fault := recover(); fault != nil {
			d.caught(fault, answer, r)
		}
		if !stream {
			d.seconds.WithLabelValues(route(r), answer.code()).Observe(time.Since(start).Seconds())
		}
	}()
	door.ServeHTTP(answer, r)
}

// body is that of a request. Its reader bounds the time in which it has to arrive; when it has, nothing more is waited for. A limit
// that passed later would look like a broken connection, and end the request and all that come over the connection after it.
type body struct {
	io.ReadCloser
	control *http.ResponseController
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// caught answers for a handler that panicked.
func (d *Door) caught(fault any, w *answer, r *http.Request) {
	if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(fault)
	}
	d.config.Log.Error("request panicked", logging.Method, r.Method+" "+r.URL.Path, logging.Error, fmt.Sprint(fault),
		"stack", string(debug.Stack()))
	if w.status == 0 {
		d.refuse(w, r, errs.Internal.Errorf("%s", errs.Internal.Title()))
	}
}

// route is what requests are counted by: few, and chosen by us.
func route(r *http.Request) string {
	switch {
	case r.Pattern == "" || r.Pattern == "/":
		return "other"
	case r.Pattern[0] == '/':
		return r.Method + " " + r.Pattern
	}
	return r.Pattern
}

// refuse answers in the words of the door that was called.
func (d *Door) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if strings.HasPrefix(r.URL.Path, rpc.Path) && d.errors.IsSupported(r) {
		_ = d.errors.Write(w, r, rpc.Failure(err))
		return
	}
	rest.WriteProblem(w, r, err)
}

// traceOf takes the trace from a traceparent (W3C Trace Context), or makes one.
func traceOf(parent string) (trace ledger.ID) {
	if len(parent) >= 55 && parent[2] == '-' && parent[35] == '-' {
		if _, err := hex.Decode(trace[:], []byte(parent[3:35])); err == nil && !trace.IsZero() {
			return trace
		}
	}
	// Traces need to be different, not secret.
	binary.LittleEndian.PutUint64(trace[:8], rand.Uint64())
	binary.LittleEndian.PutUint64(trace[8:], rand.Uint64())
	return trace
}

// answer remembers the status of what goes out.
type answer struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write notes that something went out.
func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// Flush is what streams need.
func (a *answer) Flush() {
	if f, ok := a.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// Unwrap leads http.ResponseController to the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// codes of statuses that are counted; there is no need to make them anew.
var codes = func() (all [600]string) {
	for i := range all {
		all[i] = fmt.Sprint(i)
	}
	return all
}()

func (a *answer) code() string {
	if a.status <= 0 || a.status >= len(codes) {
		return codes[http.StatusOK]
	}
	return codes[a.status]
}
