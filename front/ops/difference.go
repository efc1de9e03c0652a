package ops

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"

	"github.com/longmen/longmen/kit/errs"
)

// Change is one place in which two documents differ. Was or Becomes is empty where there is nothing.
type Change struct {
	Path    string // as in fees[0].rate
	Was     string // JSON
	Becomes string
}

// maxChanges bounds what is shown.
const maxChanges = 1_000

// Difference lists where two JSON documents differ, in the order of their paths. Numbers are compared as they are written.
func Difference(was, becomes []byte) ([]Change, error) {
	a, err := document(was)
	if err != nil {
		return nil, fmt.Errorf("what was: %w", err)
	}
	b, err := document(becomes)
	if err != nil {
		return nil, fmt.Errorf("what it becomes: %w", err)
	}
	var d difference
	d.compare("", a, b)
	if len(d.changes) > maxChanges {
		return nil, errs.TooLarge.Errorf("the documents differ in %d places, at most %d can be shown", len(d.changes), maxChanges)
	}
	return d.changes, nil
}

// absent stands for what is not there; null is something else.
type absent struct{}

func document(text []byte) (any, error) {
	if len(text) == 0 {
		return absent{}, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, errs.Invalid.Errorf("it is no JSON: %v", err)
	}
	if d.More() {
		return nil, errs.Invalid.Errorf("there is something after the document")
	}
	return v, nil
}

type difference struct{ changes []Change }

func (d *difference) compare(path string, a, b any) {
	switch x := a.(type) {
	case map[string]any:
		if y, ok := b.(map[string]any); ok {
			d.members(path, x, y)
			return
		}
	case []any:
		if y, ok := b.([]any); ok {
			d.items(path, x, y)
			return
		}
	}
	if was, becomes := text(a), text(b); was != becomes {
		d.changes = append(d.changes, Change{Path: path, Was: was, Becomes: becomes})
	}
}

func (d *difference) members(path string, a, b map[string]any) {
	names := make([]string, 0, len(a)+len(b))
	for name := range a {
		names = append(names, name)
	}
	for name := range b {
		if _, both := a[name]; !both {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	if path != "" {
		path += "."
	}
	for _, name := range names {
		d.compare(path+name, member(a, name), member(b, name))
	}
}

func member(of map[string]any, name string) any {
	if v, ok := of[name]; ok {
		return v
	}
	return absent{}
}

func (d *difference) items(path string, a, b []any) {
	for i := range max(len(a), len(b)) {
		d.compare(path+"["+strconv.Itoa(i)+"]", item(a, i), item(b, i))
	}
}

func item(of []any, i int) any {
	if i < len(of) {
		return of[i]
	}
	return absent{}
}

// text is the JSON of a value: members in order, so equal values have equal texts.
func text(v any) string {
	if v == (absent{}) {
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("ops: what was read as JSON can't be written: %v", err))
	}
	return string(b)
}
