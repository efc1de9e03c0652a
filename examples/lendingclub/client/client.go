// Package client talks to a Longmen node as any user's program does: commands and balances by gRPC, everything else by
// REST. It makes nothing of what it sends and gets.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"

	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/api/gen/longmen/ledger/v1/ledgerv1connect"
)

// Client is one connection to a node. Several goroutines may use it.
type Client struct {
	base   string
	token  string
	ledger string
	http   *http.Client
	rpc    ledgerv1connect.LedgerServiceClient
}

// New makes a client of one ledger; base is http://host:port.
func New(base, token, ledger string) *Client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true) // gRPC needs HTTP/2, and on loopback nothing else
	c := &Client{base: strings.TrimSuffix(base, "/"), token: token, ledger: ledger}
	c.http = &http.Client{Transport: bearer{token, &http.Transport{
		Protocols:          protocols,
		DialContext:        (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		DisableCompression: true,
	}}}
	c.rpc = ledgerv1connect.NewLedgerServiceClient(c.http, c.base, connect.WithGRPC(), connect.WithAcceptCompression("gzip", nil, nil))
	return c
}

// Close lets the connection go.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// bearer adds the token to every request.
type bearer struct {
	token string
	next  http.RoundTripper
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}

// patience is how long a node may say that it can't take commands, or not answer at all, before the play gives up.
const patience = time.Minute

// Apply sends a batch. A node that is overloaded or starting again gets the same ids again, which is always safe.
func (c *Client) Apply(ctx context.Context, commands []*pb.Command) ([]*pb.Result, error) {
	request := &pb.ApplyRequest{Ledger: c.ledger, Commands: commands}
	var results []*pb.Result
	err := persist(ctx, func() (again bool, err error) {
		response, err := c.rpc.Apply(ctx, connect.NewRequest(request))
		if err != nil {
			return connect.CodeOf(err) == connect.CodeUnavailable, err
		}
		results = response.Msg.GetResults()
		return false, nil
	})
	if err == nil && len(results) != len(commands) {
		err = fmt.Errorf("the node answered %d results", len(results))
	}
	if err != nil {
		return nil, fmt.Errorf("apply %d commands: %w", len(commands), err)
	}
	return results, nil
}

// persist calls until it works, or fails for good, or patience is at its end.
func persist(ctx context.Context, call func() (again bool, err error)) error {
	began, wait := time.Now(), 50*time.Millisecond
	for {
		again, err := call()
		if err == nil || !again || time.Since(began) > patience {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
			wait = min(2*wait, time.Second)
		}
	}
}

// MaxBalances is how many addresses Balances takes.
const MaxBalances = 1_000

// Balances reads the balances of these accounts.
func (c *Client) Balances(ctx context.Context, addresses []string) ([]*pb.Balance, error) {
	response, err := c.rpc.Balances(ctx, connect.NewRequest(&pb.BalancesRequest{Ledger: c.ledger, Addresses: addresses}))
	if err != nil {
		return nil, fmt.Errorf("read %d balances: %w", len(addresses), err)
	}
	if n := len(response.Msg.GetBalances()); n != len(addresses) {
		return nil, fmt.Errorf("read %d balances: the node answered %d", len(addresses), n)
	}
	return response.Msg.GetBalances(), nil
}

// Ledger tells how far the ledger has come.
func (c *Client) Ledger(ctx context.Context) (*pb.LedgerResponse, error) {
	response, err := c.rpc.Ledger(ctx, connect.NewRequest(&pb.LedgerRequest{Ledger: c.ledger}))
	if err != nil {
		return nil, fmt.Errorf("read ledger %s: %w", c.ledger, err)
	}
	return response.Msg, nil
}

// CreateLedger opens the ledger with a simulated clock, or finds it as it was opened before.
func (c *Client) CreateLedger(ctx context.Context, start time.Time) error {
	body := map[string]string{"name": c.ledger, "zone": "UTC", "clock": "simulated", "start": start.UTC().Format(time.RFC3339)}
	if err := c.call(ctx, http.MethodPost, "/v1/ledgers", body, nil); err != nil {
		return fmt.Errorf("open ledger %s: %w", c.ledger, err)
	}
	return nil
}

// get reads something of the ledger.
func (c *Client) get(ctx context.Context, path string, query url.Values, into any) error {
	full := "/v1/ledgers/" + url.PathEscape(c.ledger) + path
	if len(query) > 0 {
		full += "?" + query.Encode()
	}
	return c.call(ctx, http.MethodGet, full, nil, into)
}

// maxAnswer bounds what is read of one answer.
const maxAnswer = 16 << 20

// call sends a request that may be sent again: it reads, or says what it names by itself.
func (c *Client) call(ctx context.Context, method, path string, body, into any) error {
	var sent []byte
	if body != nil {
		var err error
		if sent, err = json.Marshal(body); err != nil {
			return err
		}
	}
	var answer []byte
	err := persist(ctx, func() (again bool, err error) {
		answer, again, err = c.once(ctx, method, path, sent)
		return again, err
	})
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

func (c *Client) once(ctx context.Context, method, path string, sent []byte) (answer []byte, again bool, err error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(sent))
	if err != nil {
		return nil, false, err
	}
	if sent != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, false, err
	}
	defer response.Body.Close()
	if answer, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer)); err != nil {
		return nil, false, err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return nil, response.StatusCode == http.StatusServiceUnavailable, problem(response.StatusCode, answer)
	}
	return answer, false, nil
}

// problem reads problem details (RFC 9457).
func problem(status int, answer []byte) error {
	var p struct{ Code, Detail string }
	if json.Unmarshal(answer, &p) != nil || p.Detail == "" {
		p.Detail = http.StatusText(status)
	}
	return fmt.Errorf("%d %s: %s", status, p.Code, p.Detail)
}

// Amount is money in minor units; JSON has it as a string of digits.
type Amount int64

// UnmarshalJSON reads the string.
func (a *Amount) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	*a = Amount(n)
	return err
}
