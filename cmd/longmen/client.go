package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/longmen/longmen/api/access"
	"github.com/longmen/longmen/api/rest"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
)

// client speaks REST to the node of a data folder.
type client struct {
	ctx    context.Context
	out    io.Writer
	log    io.Writer
	json   bool
	base   string // http://host:port
	token  string
	tenant string // that the operator names
	party  string // for which one acts, if it is not one's own
	folder string // where the address was found, if it was not said
	ledger string

	again   string // the flag that makes a command the same again, if it has one
	patient bool   // sends a request with a key again while the node can't say yet what became of it
}

// speaking gives a group of commands the flags that say with which node they speak, and as whom.
func speaking(c *cobra.Command) *cobra.Command {
	flags := c.PersistentFlags()
	flags.String("address", "", "address of the node, host:port; found in the data folder if empty")
	flags.String("token-file", "", "file with the token; else $LONGMEN_TOKEN, else, for its own node, the operator's in the data folder")
	flags.String("tenant", "", "name of the tenant, for the operator alone ($LONGMEN_TENANT)")
	flags.String("party", "", "id of the party to act for, if it is not one's own ($LONGMEN_PARTY)")
	flags.Bool("json", false, "print the API's JSON")
	return c
}

// waitAnswer is longer than the node takes for an answer of any kind.
const waitAnswer = time.Minute

// askAgain is how long a patient client waits between two requests.
const askAgain = time.Second

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 20

// newClient finds the node.
func newClient(c *cobra.Command) (*client, error) {
	flags := c.Flags()
	folder := dataOf(c)
	address, _ := flags.GetString("address")
	asJSON, _ := flags.GetBool("json")
	ledger, _ := flags.GetString("ledger")
	found := ""
	if address == "" {
		var err error
		if address, err = access.ReadAddress(folder); err != nil {
			return nil, err
		}
		found = folder
	}
	token, err := tokenOf(c, folder, address)
	if err != nil {
		return nil, err
	}
	again := ""
	for _, name := range []string{"key", "id"} {
		if flags.Lookup(name) != nil {
			again = "--" + name
		}
	}
	return &client{
		ctx: c.Context(), out: c.OutOrStdout(), log: c.ErrOrStderr(), json: asJSON, again: again, base: site(address), token: token, folder: found, ledger: ledger,
		tenant: said(c, "tenant", "LONGMEN_TENANT"), party: said(c, "party", "LONGMEN_PARTY"),
	}, nil
}

// said is a flag's value, or the environment's.
func said(c *cobra.Command, flag, variable string) string {
	if value, _ := c.Flags().GetString(flag); value != "" {
		return value
	}
	return os.Getenv(variable)
}

// site is an address as URLs begin with it.
func site(address string) string {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	return strings.TrimSuffix(address, "/")
}

// near tells if an address is that of the folder's node, or of this machine.
func near(folder, address string) bool {
	if own, err := access.ReadAddress(folder); err == nil && site(own) == site(address) {
		return true
	}
	u, err := url.Parse(site(address))
	return err == nil && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback())
}

// tokenOf finds the token to show at an address. The operator's own is shown to nobody but his node.
func tokenOf(c *cobra.Command, folder, address string) (string, error) {
	if file, _ := c.Flags().GetString("token-file"); file != "" {
		text, err := readInput(c.InOrStdin(), file)
		if err != nil {
			return "", fmt.Errorf("read token: %w", err)
		}
		return strings.TrimSpace(string(text)), nil
	}
	if token := os.Getenv("LONGMEN_TOKEN"); token != "" {
		return token, nil
	}
	if !near(folder, address) {
		return "", fmt.Errorf("%s is not the node of %s, whose token is not shown elsewhere: say --token-file, or put a token into $LONGMEN_TOKEN", address, folder)
	}
	token, err := access.ReadToken(folder)
	if err != nil {
		return "", fmt.Errorf("%w (is %s the node's data folder? --data names another)", err, folder)
	}
	return token, nil
}

// path is a path within the ledger, with its parts escaped.
func (c *client) path(parts ...string) string {
	p := "/v1/ledgers/" + url.PathEscape(c.ledger)
	for _, part := range parts {
		p += "/" + url.PathEscape(part)
	}
	return p
}

// get asks and reads the answer into v. It returns the answer's bytes.
func (c *client) get(path string, query url.Values, v any) ([]byte, error) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return c.call(http.MethodGet, path, "", nil, v)
}

// post sends a body that is JSON already, or is made JSON.
func (c *client) post(path, key string, body, v any) ([]byte, error) {
	text, ok := body.([]byte)
	if !ok {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	return c.call(http.MethodPost, path, key, text, v)
}

// answer is what came back.
type answer struct {
	code   int
	status string
	text   []byte
}

// call asks and reads the answer into v. If it may be that something was done all the same, the error says how to ask again.
func (c *client) call(method, path, key string, body []byte, v any) ([]byte, error) {
	a, err := c.exchange(method, path, key, body)
	if err != nil {
		return nil, c.unsure(err, key, body)
	}
	if a.code != http.StatusOK {
		err := c.problem(a.status, a.text)
		if a.code >= http.StatusInternalServerError {
			err = c.unsure(err, key, body)
		}
		return a.text, err
	}
	if v != nil {
		if err := json.Unmarshal(a.text, v); err != nil {
			return a.text, c.unsure(fmt.Errorf("the node's answer is not understood: %w", err), key, body)
		}
	}
	return a.text, nil
}

// unsure adds to an error under which key or id the same may be said again, and is done once. Nobody knows it otherwise if
// it was made here.
func (c *client) unsure(err error, key string, body []byte) error {
	if key == "" {
		var sent struct{ ID string }
		_ = json.Unmarshal(body, &sent) // no body has no id
		key = sent.ID
	}
	if key == "" || c.again == "" || errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	hint := fmt.Sprintf("it may have been done: say the same again with %s %s", c.again, key)
	if errors.Is(err, errSaid) {
		_, unsaid := fmt.Fprintln(c.log, "longmen:", hint)
		return errors.Join(err, unsaid)
	}
	return fmt.Errorf("%w\n%s", err, hint)
}

// exchange sends a request. Who is patient asks again until the node knows.
func (c *client) exchange(method, path, key string, body []byte) (*answer, error) {
	a, err := c.attempt(method, path, key, body)
	for err == nil && c.patient && a.code == http.StatusGatewayTimeout {
		select {
		case <-time.After(askAgain):
			a, err = c.attempt(method, path, key, body)
		case <-c.ctx.Done():
			return nil, c.ctx.Err()
		}
	}
	return a, err
}

// attempt sends a request once.
func (c *client) attempt(method, path, key string, body []byte) (*answer, error) {
	ctx, cancel := context.WithTimeout(c.ctx, waitAnswer)
	defer cancel()
	response, err := c.send(ctx, method, path, key, body)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer: %w", err)
	case len(text) > maxAnswer:
		return nil, fmt.Errorf("the answer has more than %d MiB: ask for less at once", maxAnswer>>20)
	}
	return &answer{response.StatusCode, response.Status, text}, nil
}

// copy prints an answer of any length as it comes.
func (c *client) copy(path string, query url.Values) error {
	response, err := c.send(c.ctx, http.MethodGet, path+"?"+query.Encode(), "", nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
		return errors.Join(err, c.problem(response.Status, text))
	}
	if _, err := io.Copy(c.out, response.Body); err != nil {
		return fmt.Errorf("the answer broke off, what was printed is not all: %w", err)
	}
	return nil
}

func (c *client) send(ctx context.Context, method, path, key string, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Content-Type", "application/json")
	for name, value := range map[string]string{"Idempotency-Key": key, "Longmen-Tenant": c.tenant, "Longmen-Party": c.party} {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	response, err := http.DefaultClient.Do(request)
	if errors.Is(err, syscall.ECONNREFUSED) {
		advice := ""
		if c.folder != "" {
			advice = ": start one with longmen serve --data " + c.folder
		}
		return nil, fmt.Errorf("no node answers on %s%s (%w)", c.base, advice, syscall.ECONNREFUSED)
	}
	return response, err
}

// problem says in words what the node answered.
func (c *client) problem(status string, text []byte) error {
	var p struct {
		Code, Detail, Field string
		Sequence            uint64
		Errors              []rest.Fault
	}
	if err := json.Unmarshal(text, &p); err != nil || p.Code == "" {
		return fmt.Errorf("the node answers %s", status)
	}
	if c.json {
		_, err := c.out.Write(text)
		return errors.Join(err, errSaid)
	}
	message := p.Code + ": " + p.Detail
	if p.Field != "" {
		message = p.Code + ": " + p.Field + ": " + p.Detail
	}
	for _, fault := range p.Errors {
		message += "\n  " + fault.Field + ": " + fault.Detail
	}
	if p.Sequence > 0 {
		message += fmt.Sprintf(" (journaled as %d; nothing else changed)", p.Sequence)
	}
	return errors.New(message)
}

// show prints the bytes for programs, or calls forPeople.
func (c *client) show(text []byte, forPeople func() error) error {
	if c.json {
		var indented bytes.Buffer
		if err := json.Indent(&indented, bytes.TrimSpace(text), "", "  "); err != nil {
			return err
		}
		indented.WriteByte('\n')
		_, err := c.out.Write(indented.Bytes())
		return err
	}
	return forPeople()
}

func printJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// newKey makes the id of a command.
func newKey() (string, error) {
	made, err := id.New(clock.Real{}, rand.Reader)
	return made.String(), err
}

// keyOr is a key that was given, or a new one.
func keyOr(key string) (string, error) {
	if key != "" {
		return key, nil
	}
	return newKey()
}

// path is a path outside the ledgers, with its parts escaped.
func path(parts ...string) string {
	p := "/v1"
	for _, part := range parts {
		p += "/" + url.PathEscape(part)
	}
	return p
}
