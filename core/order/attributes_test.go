package order_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/kit/errs"
)

func TestCanonical(t *testing.T) {
	for in, want := range map[string]string{
		``:   `{}`,
		`{}`: `{}`,
		" { \"b\" : [ 1 , -2 , true , null , { } , [ ] ] ,\n\"a\":\"x\" } ": `{"a":"x","b":[1,-2,true,null,{},[]]}`,
		`{"\u4ea4\u6613":"\u20ac\/\u001f\n"}`:                               "{\"交易\":\"€/\\u001f\\n\"}",
		`{"\ud83d\ude00":1,"\ufb33":2}`:                                     "{\"😀\":1,\"\ufb33\":2}", // by UTF-16, not by UTF-8
		`{"n":9007199254740991}`:                                            `{"n":9007199254740991}`,
	} {
		got, err := order.Canonical([]byte(in))
		if err != nil || string(got) != want {
			t.Errorf("%s became %s (%v), want %s", in, got, err, want)
		}
	}
}

func TestCanonicalRefuses(t *testing.T) {
	for in, says := range map[string]string{
		`[]`:                        "must be a JSON object",
		`null`:                      "must be a JSON object",
		`{} {}`:                     "more follows",
		`{"a":1,"a":2}`:             `two members "a"`,
		`{"a":1.5}`:                 "1.5 is no integer",
		`{"a":1e3}`:                 "1e3 is no integer",
		`{"a":-0}`:                  "-0 is no integer",
		`{"a":01}`:                  "01 is no integer",
		`{"a":9007199254740992}`:    "no integer of at most 53 bits",
		`{"a":"\ud83d"}`:            "stands for no character",
		`{"a":"\ud83d\u0041"}`:      "stands for no character",
		`{"a":"\q"}`:                "stands for no character",
		"{\"a\":\"\xff\"}":          "not UTF-8",
		"{\"a\":\"\x00\"}":          "control character",
		`{"a":"`:                    "does not end",
		`{"a":`:                     "want a value",
		`{"a" 1}`:                   "want a colon",
		`{"a":1 "b":2}`:             "want a comma",
		`{"a":1,}`:                  "want the name",
		`{"a":[1 2]}`:               "want a comma",
		`{"a":[1,]}`:                "want a value",
		`{"a":nul}`:                 "want a value",
		strings.Repeat(`{"a":`, 17): "more than 16 levels",
	} {
		got, err := order.Canonical([]byte(in))
		if err == nil || !strings.Contains(err.Error(), says) || errs.Of(err).Field != "attributes" {
			t.Errorf("%s gave %s (%v), want an error with %q", in, got, err, says)
		}
	}
	long := `{"a":"` + strings.Repeat("x", order.MaxAttributes-len(`{"a":""}`)) + `"}`
	if _, err := order.Canonical([]byte(long)); err != nil {
		t.Errorf("%d bytes were refused: %v", len(long), err)
	}
	for _, s := range []string{strings.Replace(long, "x", "xx", 1), strings.Repeat(" ", 1<<20)} {
		if _, err := order.Canonical([]byte(s)); !errs.Is(err, errs.TooLarge) {
			t.Errorf("%d bytes: %v", len(s), err)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`{"b":[1,{"x":null}],"a":"\u00e9\ud83d\ude00"}`, `{"a":-12,"":"\\"}`, `{`, `{"a":1,"a":1}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := order.Canonical(in)
		if err != nil || len(in) == 0 {
			return
		}
		again, err := order.Canonical(out)
		if err != nil || string(again) != string(out) {
			t.Fatalf("%s became %s (%v)", out, again, err)
		}
		var a, b any
		if err := json.Unmarshal(in, &a); err != nil {
			t.Fatalf("%s was accepted: %v", in, err)
		}
		if err := json.Unmarshal(out, &b); err != nil || !reflect.DeepEqual(a, b) {
			t.Fatalf("%s became %s (%v)", in, out, err)
		}
	})
}
