package rest_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/api/rest"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// required are the query parameters that an operation can't do without.
func required(item *huma.PathItem, method string) string {
	query := url.Values{}
	if method == http.MethodGet {
		for _, p := range item.Get.Parameters {
			if p.In == "query" && p.Required {
				query.Set(p.Name, "1")
			}
		}
	}
	if len(query) == 0 {
		return ""
	}
	return "?" + query.Encode()
}

// Before the rows are open, everything about parties says so, and when to come again.
func TestBeforeTheGroundIsOpen(t *testing.T) {
	opening := func() (*ground.Ground, error) { return nil, errs.Overloaded.Errorf("the node is starting") }
	d := rest.New(apitest.NewNode(clock.NewManual(apitest.Start)), opening, slog.New(slog.DiscardHandler))
	call := &api.Call{Principal: api.Principal{Operator: true, Rights: right.Every}}
	call.Principal.Tenant = id.ID{1}
	tried := 0
	for path, item := range d.OpenAPI().Paths {
		for method, op := range map[string]bool{http.MethodGet: item.Get != nil, http.MethodPost: item.Post != nil} {
			body, posts := partyBodies[path]
			if lists := method == http.MethodGet && strings.HasPrefix(path, "/v1/parties"); !op || !posts && !lists {
				continue
			}
			tried++
			r := httptest.NewRequest(method, filled(path)+required(item, method), strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			d.ServeHTTP(w, r.WithContext(api.WithCall(context.Background(), call)))
			if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), `"overloaded"`) {
				t.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
			}
		}
	}
	if tried < 20 {
		t.Errorf("only %d operations were tried", tried)
	}
}
