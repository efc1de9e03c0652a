// Package client talks to a Longmen node by its public REST API, as any user's program does. It makes nothing of what it
// sends and gets.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Caller is on whose behalf something is asked.
type Caller struct {
	Token  string
	Tenant string // named by the operator alone
	Party  string // id of the party to act for, if not the caller's own
}

// Client is a node's address with connections to it. Several goroutines may use it.
type Client struct {
	base string
	http *http.Client
}

// New makes a client of a node at http://host:port that keeps so many connections.
func New(base string, connections int) *Client {
	return &Client{base: strings.TrimSuffix(base, "/"), http: &http.Client{Transport: &http.Transport{
		DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext, MaxIdleConnsPerHost: connections, DisableCompression: true,
	}}}
}

// Close lets the connections go.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Problem is a refusal (RFC 9457).
type Problem struct {
	Status   int    `json:"status"`
	Code     string `json:"code"`
	Detail   string `json:"detail"`
	Field    string `json:"field"`
	Sequence uint64 `json:"sequence"`
}

func (p *Problem) Error() string {
	s := fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail)
	if p.Field != "" {
		s += " (" + p.Field + ")"
	}
	return s
}

// Code is the code of the refusal that an error is, "" if it is none.
func Code(err error) string {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Code
	}
	return ""
}

// Get reads something.
func (c *Client) Get(ctx context.Context, who Caller, path string, query url.Values, into any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return c.call(ctx, who, http.MethodGet, path, "", nil, into)
}

// Post asks for something. It may be sent again: the key, or the id in the body, names it.
func (c *Client) Post(ctx context.Context, who Caller, path, key string, body, into any) error {
	return c.call(ctx, who, http.MethodPost, path, key, body, into)
}

// patience is how long a node may say that it can't take anything, or is at work still, before the play gives up: a month of
// thousands of loans takes minutes.
const patience = 10 * time.Minute

func (c *Client) call(ctx context.Context, who Caller, method, path, key string, body, into any) error {
	var sent []byte
	if body != nil {
		var err error
		if sent, err = json.Marshal(body); err != nil {
			return err
		}
	}
	began, wait := time.Now(), 20*time.Millisecond
	for {
		answer, err := c.once(ctx, who, method, path, key, sent)
		if err == nil {
			if into == nil {
				return nil
			}
			if err = json.Unmarshal(answer, into); err == nil {
				return nil
			}
		}
		if !again(err) || time.Since(began) > patience {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
			wait = min(2*wait, time.Second)
		}
	}
}

// again says whether the same request is to be sent once more: the node is busy, starting, or still on its way.
func again(err error) bool {
	p, ok := errors.AsType[*Problem](err)
	return ok && (p.Status == http.StatusServiceUnavailable || p.Status == http.StatusGatewayTimeout || p.Code == "outcome_unknown")
}

// maxAnswer bounds what is read of one answer.
const maxAnswer = 16 << 20

func (c *Client) once(ctx context.Context, who Caller, method, path, key string, sent []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(sent))
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{
		"Authorization": "Bearer " + who.Token, "Longmen-Tenant": who.Tenant, "Longmen-Party": who.Party, "Idempotency-Key": key,
	} {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	if sent != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= http.StatusBadRequest {
		p := &Problem{}
		if json.Unmarshal(answer, p) != nil || p.Detail == "" {
			p.Detail = http.StatusText(response.StatusCode)
		}
		p.Status = response.StatusCode
		return nil, p
	}
	return answer, nil
}

// Amount is money in minor units; JSON has it as a string of digits.
type Amount int64

// UnmarshalJSON reads the string.
func (a *Amount) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	*a = Amount(n)
	return err
}

// MarshalJSON writes it.
func (a Amount) MarshalJSON() ([]byte, error) {
	return []byte(`"` + strconv.FormatInt(int64(a), 10) + `"`), nil
}
