package rest_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/api/rest"
	"github.com/longmen/longmen/kit/clock"
)

// described is the description of the door.
func described() *huma.OpenAPI {
	return rest.New(apitest.NewNode(clock.NewManual(time.Time{})), nil, slog.New(slog.DiscardHandler)).OpenAPI()
}

// The description is a part of the tree, so that a change of the door is seen as a change of the file.
func TestOpenAPI(t *testing.T) {
	text, err := described().YAML()
	if err != nil {
		t.Fatal(err)
	}
	apitest.Golden(t, "../openapi.yaml", text)
}
