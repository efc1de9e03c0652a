package bench

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/door"
)

// serving answers with a handler in the way a node's doors do.
func serving(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.Config = door.NewServer(h, slog.New(slog.DiscardHandler))
	s.Start()
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// The caller's messages arrive as they are, small ones and those of many frames, again and again, and so do answers.
func TestCallByGRPC(t *testing.T) {
	address := serving(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || len(body) < 5 || r.ProtoMajor != 2 || r.URL.Path != "/longmen/Echo" || r.Header.Get("Authorization") != "Bearer "+strings.Repeat("t", 300) {
			t.Error(len(body), err, r.Proto, r.URL, r.Header)
		}
		w.Header().Set("Trailer", "Grpc-Status")
		_, _ = w.Write(body)
		w.Header().Set("Grpc-Status", "0")
	})
	c, err := dialRPC(t.Context(), address, strings.Repeat("t", 300), "/longmen/Echo")
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	for round := range 3 {
		// A server may keep some KiB of its window to itself until more is read.
		for _, size := range []int{0, 1, 16_379, 16_380, 65_535, 1 << 20, 4<<20 - 5 - 4<<10} {
			message := bytes.Repeat([]byte{byte(size + round)}, size)
			answer, err := c.call(message)
			if err != nil || !bytes.Equal(answer, message) {
				t.Fatalf("round %d, %d bytes: got %d, %v", round, size, len(answer), err)
			}
		}
	}
}

func TestRefusedCallIsAnError(t *testing.T) {
	address := serving(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Grpc-Status", "16")
		w.WriteHeader(http.StatusOK)
	})
	c, err := dialRPC(t.Context(), address, "t", "/longmen/Echo")
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if answer, err := c.call([]byte("x")); err == nil {
		t.Errorf("%q", answer)
	}
}

func TestCallByREST(t *testing.T) {
	address := serving(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/long":
			// Longer than what is sent with its length: it comes in chunks.
			for i := range 10_000 {
				fmt.Fprintf(w, "%08d", i)
			}
		case "/no":
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, "taken")
		default:
			fmt.Fprintf(w, "%s %s %s", r.Method, r.Header.Get("Idempotency-Key"), body)
		}
	})
	c, err := dialREST(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	request, at := plainRequest(address, "t", http.MethodPost, "/short", "key-1", typeJSON, []byte("{}"))
	for _, key := range []string{"key-1", "key-2"} {
		copy(request[at:], key)
		if answer, err := c.call(request); err != nil || string(answer) != "POST "+key+" {}" {
			t.Errorf("%q %v", answer, err)
		}
		long, _ := plainRequest(address, "t", http.MethodGet, "/long", "", "", nil)
		if answer, err := c.call(long); err != nil || len(answer) != 80_000 || string(answer[79_992:]) != "00009999" {
			t.Errorf("%d bytes, %v", len(answer), err)
		}
		no, _ := plainRequest(address, "t", http.MethodGet, "/no", "", "", nil)
		if _, err := c.call(no); err == nil || !strings.Contains(err.Error(), "409: taken") {
			t.Error(err)
		}
	}
}
