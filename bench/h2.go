package bench

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// rpcCaller calls one unary method by gRPC over a connection of its own, one call at a time. Usual clients spend as much
// on a small call as the server does; here both share the processors, so this one does only what the wire needs:
// headers never change and are encoded once, and of the answer's only the length matters. It is for one goroutine.
type rpcCaller struct {
	conn     net.Conn
	in       *bufio.Reader
	out      []byte
	headers  []byte // encoded
	answer   []byte
	stream   uint32 // of the last call
	window   int64  // bytes that the connection may still send
	initial  int64  // and every new stream
	frame    int    // longest frame that the server takes
	received int    // bytes since the server was last told to send on
	unhook   func() bool
}

// Frames and settings of HTTP/2 (RFC 9113).
const (
	frameData     = 0
	frameHeaders  = 1
	frameReset    = 3
	frameSettings = 4
	framePing     = 6
	frameAway     = 7
	frameWindow   = 8

	flagEndStream  = 1
	flagAck        = 1
	flagEndHeaders = 4
	flagPadded     = 8

	settingTable  = 1
	settingPush   = 2
	settingWindow = 4
	settingFrame  = 5

	preface   = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	frameHead = 9
	maxWindow = 1<<31 - 1
	// When the server has sent so much it is told that it may send on.
	renewWindow = 1 << 30
)

// dialRPC connects. The connection ends with the context.
func dialRPC(ctx context.Context, address, token, method string) (*rpcCaller, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	c := &rpcCaller{
		conn: conn, in: bufio.NewReaderSize(conn, 64<<10), window: 65_535, initial: 65_535, frame: 16_384,
		headers: encodeHeaders(address, token, method), unhook: context.AfterFunc(ctx, func() { conn.Close() }),
	}
	b := append(c.out, preface...)
	b = appendFrame(b, frameSettings, 0, 0, 4*6)
	for _, s := range [][2]uint32{{settingTable, 0}, {settingPush, 0}, {settingWindow, maxWindow}, {settingFrame, 1 << 20}} {
		b = binary.BigEndian.AppendUint16(b, uint16(s[0]))
		b = binary.BigEndian.AppendUint32(b, s[1])
	}
	b = appendWindow(b, maxWindow-65_535)
	if _, err := conn.Write(b); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *rpcCaller) close() error {
	c.unhook()
	return c.conn.Close()
}

// encodeHeaders writes the request's headers in the way of HPACK that refers to nothing that was sent before.
func encodeHeaders(address, token, method string) []byte {
	b := []byte{0x80 | 3, 0x80 | 6} // :method POST, :scheme http
	b = appendText(append(b, 4), method)
	b = appendText(append(b, 1), address)
	for _, h := range [][2]string{
		{"content-type", "application/grpc+proto"},
		{"te", "trailers"},
		{"authorization", "Bearer " + token},
		{"user-agent", "longmen-bench"},
	} {
		b = appendText(appendText(append(b, 0), h[0]), h[1])
	}
	return b
}

// appendText appends a string with its length before it, an integer with a prefix of 7 bits.
func appendText(b []byte, s string) []byte {
	n := len(s)
	if n < 127 {
		return append(append(b, byte(n)), s...)
	}
	b = append(b, 127)
	return append(binary.AppendUvarint(b, uint64(n-127)), s...)
}

func appendFrame(b []byte, kind, flags byte, stream uint32, length int) []byte {
	b = append(b, byte(length>>16), byte(length>>8), byte(length), kind, flags)
	return binary.BigEndian.AppendUint32(b, stream)
}

func appendWindow(b []byte, n uint32) []byte {
	return binary.BigEndian.AppendUint32(appendFrame(b, frameWindow, 0, 0, 4), n)
}

// call sends a message and gives the answer's, which is valid until the next call.
func (c *rpcCaller) call(message []byte) ([]byte, error) {
	if c.stream == 0 {
		c.stream = 1
	} else if c.stream += 2; c.stream > maxWindow {
		return nil, errors.New("the connection has no number left for another call")
	}
	size := int64(len(message) + 5)
	for c.window < size || c.initial < size {
		if _, err := c.read(); err != nil {
			return nil, fmt.Errorf("wait until %d bytes may be sent: %w", size, err)
		}
	}
	c.window -= size
	b := appendFrame(c.out[:0], frameHeaders, flagEndHeaders, c.stream, len(c.headers))
	b = append(b, c.headers...)
	first := min(len(message), c.frame-5)
	b = appendFrame(b, frameData, ends(first == len(message)), c.stream, first+5)
	b = binary.BigEndian.AppendUint32(append(b, 0), uint32(len(message)))
	b = append(b, message[:first]...)
	for rest := message[first:]; len(rest) > 0; {
		n := min(len(rest), c.frame)
		b = appendFrame(b, frameData, ends(n == len(rest)), c.stream, n)
		b, rest = append(b, rest[:n]...), rest[n:]
	}
	c.out = b
	if _, err := c.conn.Write(b); err != nil {
		return nil, err
	}
	c.answer = c.answer[:0]
	for {
		end, err := c.read()
		if err != nil {
			return nil, err
		}
		if end {
			return c.unwrap()
		}
	}
}

func ends(last bool) byte {
	if last {
		return flagEndStream
	}
	return 0
}

// unwrap takes the message out of the answer. An answer without one tells of a failure.
func (c *rpcCaller) unwrap() ([]byte, error) {
	if len(c.answer) < 5 {
		return nil, errNoMessage
	}
	if n := binary.BigEndian.Uint32(c.answer[1:]); c.answer[0] != 0 || int(n) != len(c.answer)-5 {
		return nil, fmt.Errorf("the answer has %d bytes and says %d", len(c.answer)-5, n)
	}
	return c.answer[5:], nil
}

// errNoMessage: what the failure was stands in compressed headers, which are not read here.
var errNoMessage = errors.New("the server refused the call")

// read takes one frame. It reports the end of the running call.
func (c *rpcCaller) read() (end bool, err error) {
	head, err := c.in.Peek(frameHead)
	if err != nil {
		return false, err
	}
	length := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
	kind, flags, stream := head[3], head[4], binary.BigEndian.Uint32(head[5:])&maxWindow
	_, _ = c.in.Discard(frameHead)
	switch {
	case kind == frameData && stream == c.stream:
		return flags&flagEndStream != 0, c.take(length, flags)
	case kind == frameHeaders && stream == c.stream:
		_, err = c.in.Discard(length)
		return flags&flagEndStream != 0, err
	case kind == frameSettings && flags&flagAck == 0:
		return false, c.settings(length)
	case kind == frameWindow:
		return false, c.widen(stream)
	case kind == framePing && flags&flagAck == 0:
		return false, c.pong(length)
	case kind == frameReset && stream == c.stream, kind == frameAway:
		body := make([]byte, length)
		_, err = io.ReadFull(c.in, body)
		return false, errors.Join(fmt.Errorf("the server ended the call: %q", body), err)
	}
	_, err = c.in.Discard(length)
	return false, err
}

// take adds data to the answer.
func (c *rpcCaller) take(length int, flags byte) error {
	if flags&flagPadded != 0 {
		return errors.New("the server pads its frames, which nobody asked for")
	}
	at := len(c.answer)
	c.answer = append(c.answer, make([]byte, length)...)
	if _, err := io.ReadFull(c.in, c.answer[at:]); err != nil {
		return err
	}
	if c.received += length; c.received < renewWindow {
		return nil
	}
	b := appendWindow(nil, uint32(c.received))
	c.received = 0
	_, err := c.conn.Write(b)
	return err
}

func (c *rpcCaller) settings(length int) error {
	for ; length >= 6; length -= 6 {
		b, err := c.in.Peek(6)
		if err != nil {
			return err
		}
		switch v := binary.BigEndian.Uint32(b[2:]); binary.BigEndian.Uint16(b) {
		case settingWindow:
			c.initial = int64(v)
		case settingFrame:
			c.frame = int(v)
		}
		_, _ = c.in.Discard(6)
	}
	_, err := c.conn.Write(appendFrame(nil, frameSettings, flagAck, 0, 0))
	return err
}

// widen: a stream's own window never runs out, since no message is larger than it is at first.
func (c *rpcCaller) widen(stream uint32) error {
	b, err := c.in.Peek(4)
	if err != nil {
		return err
	}
	if stream == 0 {
		c.window += int64(binary.BigEndian.Uint32(b) & maxWindow)
	}
	_, err = c.in.Discard(4)
	return err
}

func (c *rpcCaller) pong(length int) error {
	b := make([]byte, length)
	if _, err := io.ReadFull(c.in, b); err != nil {
		return err
	}
	_, err := c.conn.Write(append(appendFrame(nil, framePing, flagAck, 0, length), b...))
	return err
}
