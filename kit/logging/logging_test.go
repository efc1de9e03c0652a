package logging_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/kit/logging"
)

func TestFormats(t *testing.T) {
	for format, want := range map[string]string{
		logging.JSON: `{"time":"2026-01-02T03:04:05Z","level":"INFO","msg":"took the lead","epoch":7}` + "\n",
		logging.Text: `time=2026-01-02T03:04:05.000Z level=INFO msg="took the lead" epoch=7` + "\n",
	} {
		var b strings.Builder
		log, err := logging.New(&b, format, "info")
		if err != nil {
			t.Fatal(err)
		}
		shanghai := time.FixedZone("CST", 8*3600)
		r := slog.NewRecord(time.Date(2026, 1, 2, 11, 4, 5, 0, shanghai), slog.LevelInfo, "took the lead", 0)
		r.Add(logging.Epoch, 7)
		if err := log.Handler().Handle(context.Background(), r); err != nil {
			t.Fatal(err)
		}
		if b.String() != want {
			t.Errorf("%s wrote %q, want %q", format, b.String(), want)
		}
	}
}

func TestLevel(t *testing.T) {
	var b strings.Builder
	log, err := logging.New(&b, logging.JSON, "warn")
	if err != nil {
		t.Fatal(err)
	}
	log.Info("not this one")
	log.Warn("this one")
	var line struct{ Msg string }
	if err := json.Unmarshal([]byte(b.String()), &line); err != nil || line.Msg != "this one" {
		t.Errorf("wrote %q, %v", b.String(), err)
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := logging.New(nil, "xml", "info"); err == nil || !strings.Contains(err.Error(), "json or text") {
		t.Errorf("format xml: %v", err)
	}
	if _, err := logging.New(nil, logging.JSON, "loud"); err == nil || !strings.Contains(err.Error(), "debug, info") {
		t.Errorf("level loud: %v", err)
	}
}
