package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

const unreadableText = "has the character U+0000: leave it out"

// unmarshal reads a body. No text has the character U+0000: PostgreSQL can't keep it, and nobody can read it.
func unmarshal(data []byte, v any) error {
	if bytes.Contains(data, []byte(`\u0000`)) {
		var all any
		if err := json.Unmarshal(data, &all); err == nil {
			if at := unreadable("body", all); at != "" {
				return errors.New(at + " " + unreadableText) // which a problem tells apart
			}
		}
	}
	return huma.DefaultJSONFormat.Unmarshal(data, v)
}

// unreadable finds the first text, or name of a member, that has the character U+0000; "" if there is none.
func unreadable(at string, v any) string {
	switch v := v.(type) {
	case string:
		if strings.ContainsRune(v, 0) {
			return at
		}
	case []any:
		for i, x := range v {
			if found := unreadable(fmt.Sprintf("%s[%d]", at, i), x); found != "" {
				return found
			}
		}
	case map[string]any:
		for name, x := range v {
			if strings.ContainsRune(name, 0) {
				return at
			}
			if found := unreadable(at+"."+name, x); found != "" {
				return found
			}
		}
	}
	return ""
}
