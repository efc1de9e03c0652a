package door

import (
	"log"
	"log/slog"
	"net/http"
	"time"
)

// NewServer makes an HTTP server with the limits of a door: HTTP/1.1 and HTTP/2 without TLS, which gRPC needs.
func NewServer(handler http.Handler, logger *slog.Logger) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler: handler, Protocols: protocols,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          250,
			MaxReadFrameSize:              1 << 20,
			MaxReceiveBufferPerConnection: 4 << 20,
			MaxReceiveBufferPerStream:     4 << 20,
		},
		ErrorLog: log.New(quiet{logger}, "", 0),
	}
}

// quiet notes what the server says of broken connections, which are their clients' business, without noise.
type quiet struct{ log *slog.Logger }

func (q quiet) Write(b []byte) (int, error) {
	q.log.Debug("http", "message", string(b))
	return len(b), nil
}
