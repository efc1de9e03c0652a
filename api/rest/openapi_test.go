package rest_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/api/rest"
	"github.com/longmen/longmen/kit/clock"
)

// The description is a part of the tree, so that a change of the door is seen as a change of the file.
func TestOpenAPI(t *testing.T) {
	door := rest.New(apitest.NewNode(clock.NewManual(time.Time{})), slog.New(slog.DiscardHandler))
	text, err := door.OpenAPI().YAML()
	if err != nil {
		t.Fatal(err)
	}
	apitest.Golden(t, "../openapi.yaml", text)
}
