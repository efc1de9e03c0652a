package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

// restCaller sends requests of HTTP/1.1 over a connection of its own that it keeps, one at a time. Requests are bytes
// that were written before; of the answer only status and body matter. It is for one goroutine.
type restCaller struct {
	conn   net.Conn
	in     *bufio.Reader
	body   []byte
	unhook func() bool
}

// dialREST connects. The connection ends with the context.
func dialREST(ctx context.Context, address string) (*restCaller, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &restCaller{conn: conn, in: bufio.NewReaderSize(conn, 64<<10), unhook: context.AfterFunc(ctx, func() { conn.Close() })}, nil
}

func (c *restCaller) close() error {
	c.unhook()
	return c.conn.Close()
}

// What the body of a request may be.
const (
	typeJSON  = "application/json"
	typeProto = "application/proto"
)

// plainRequest writes a request, and says where in it the Idempotency-Key stands; there is none where key is empty.
func plainRequest(address, token, method, path, key, content string, body []byte) (request []byte, at int) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n", method, path, address, token)
	if body != nil {
		fmt.Fprintf(&b, "Content-Type: %s\r\nContent-Length: %d\r\n", content, len(body))
	}
	if key != "" {
		b.WriteString("Idempotency-Key: ")
		at = b.Len()
		b.WriteString(key + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes(), at
}

// call sends a request and gives the body of its answer, which is valid until the next call.
func (c *restCaller) call(request []byte) ([]byte, error) {
	if _, err := c.conn.Write(request); err != nil {
		return nil, err
	}
	line, err := c.line()
	if err != nil {
		return nil, err
	}
	if len(line) < 12 {
		return nil, fmt.Errorf("the answer begins with %q", line)
	}
	status := string(line[9:12])
	length, chunked := 0, false
	for {
		if line, err = c.line(); err != nil {
			return nil, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch string(name) {
		case "Content-Length":
			if length, err = strconv.Atoi(string(value)); err != nil {
				return nil, fmt.Errorf("the answer's length: %w", err)
			}
		case "Transfer-Encoding":
			chunked = string(value) == "chunked"
		}
	}
	if c.body = c.body[:0]; chunked {
		err = c.chunks()
	} else {
		err = c.take(length)
	}
	if err != nil {
		return nil, err
	}
	if status != "200" {
		return nil, fmt.Errorf("the server answered %s: %s", status, bytes.TrimSpace(c.body))
	}
	return c.body, nil
}

// line reads up to the end of a line and gives it without that.
func (c *restCaller) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

func (c *restCaller) take(n int) error {
	at := len(c.body)
	c.body = append(c.body, make([]byte, n)...)
	_, err := io.ReadFull(c.in, c.body[at:])
	return err
}

func (c *restCaller) chunks() error {
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		n, err := strconv.ParseUint(string(line), 16, 31)
		if err != nil {
			return fmt.Errorf("length of a chunk: %w", err)
		}
		if err := c.take(int(n)); err != nil {
			return err
		}
		if end, err := c.line(); err != nil || len(end) > 0 {
			return errors.Join(fmt.Errorf("a chunk is longer than it says: %q", end), err)
		}
		if n == 0 {
			return nil
		}
	}
}
