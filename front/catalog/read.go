package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/longmen/longmen/finmath/amount"
)

// Limits of a file.
const (
	MaxFile = 64 << 10 // bytes
	maxText = 1_000    // bytes of one text
	maxList = 100      // entries of one list
)

// Read reads a product from its file. What is wrong comes as Faults, each with its line, field and reason.
func Read(file []byte) (*Product, error) {
	p := &Product{}
	if err := read(file, p, p.Check); err != nil {
		return nil, err
	}
	return p, nil
}

// read fills what a pointer points to from a file and lets it check itself.
func read(file []byte, into any, check func() Faults) error {
	root, fault := parse(file)
	if fault != nil {
		return Faults{*fault}
	}
	r := &reader{lines: map[string]int{"": root.Line}, scale: scaleOf(root)}
	r.value("", root, reflect.ValueOf(into).Elem())
	if len(r.faults) == 0 {
		for _, f := range check() {
			f.Line = r.line(f.Field)
			r.faults = append(r.faults, f)
		}
	}
	if len(r.faults) > 0 {
		slices.SortStableFunc(r.faults, func(a, b Fault) int { return a.Line - b.Line })
		return r.faults[:min(len(r.faults), maxFaults)]
	}
	return nil
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

func parse(file []byte) (*yaml.Node, *Fault) {
	if len(file) > MaxFile {
		return nil, &Fault{Reason: fmt.Sprintf("the file has %d bytes, at most %d", len(file), MaxFile)}
	}
	d := yaml.NewDecoder(bytes.NewReader(file))
	var doc, more yaml.Node
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, &Fault{Line: 1, Reason: "the file is empty"}
		}
		return nil, syntax(err)
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, syntax(err)
		}
		return nil, &Fault{Line: more.Line, Reason: "a second document begins here; a file holds one"}
	}
	return doc.Content[0], nil
}

// syntax is an error of the YAML library as a fault.
func syntax(err error) *Fault {
	f := &Fault{Line: 1, Reason: "it is no YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := yamlLine.FindStringSubmatch(f.Reason); m != nil {
		f.Line, _ = strconv.Atoi(m[1])
		f.Reason = strings.Replace(f.Reason, m[0], "", 1)
	}
	return f
}

// scaleOf finds the asset's scale before amounts are read. What is wrong with it is told when it is read itself.
func scaleOf(root *yaml.Node) int {
	scale := 2
	if asset := member(root, "asset"); asset != nil {
		if n := member(asset, "scale"); n != nil {
			if x, err := strconv.Atoi(n.Value); err == nil && x >= 0 && x <= amount.MaxDigits {
				scale = x
			}
		}
	}
	return scale
}

func member(n *yaml.Node, name string) *yaml.Node {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

// reader fills a product from the nodes of a file.
type reader struct {
	scale  int
	faults Faults
	lines  map[string]int
}

func (r *reader) fault(n *yaml.Node, path, format string, args ...any) {
	r.faults = append(r.faults, Fault{Line: n.Line, Field: path, Reason: fmt.Sprintf(format, args...)})
}

// line is the line of a field, or of what it is missing in.
func (r *reader) line(path string) int {
	for {
		if line, ok := r.lines[path]; ok {
			return line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
}

// value reads a node into a value of the product's types.
func (r *reader) value(path string, n *yaml.Node, v reflect.Value) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.fault(n, path, "anchors and aliases are not read: write it out")
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == rateType {
			r.scalar(path, n, v)
			return
		}
		r.object(path, n, v)
	case reflect.Slice:
		r.list(path, n, v)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		r.value(path, n, v.Elem())
	default:
		r.scalar(path, n, v)
	}
}

var (
	rateType  = reflect.TypeFor[Rate]()
	moneyType = reflect.TypeFor[Money]()
)

func (r *reader) object(path string, n *yaml.Node, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		r.fault(n, path, "want fields (%s), not %s", strings.Join(namesOf(v.Type()), ", "), kindOf(n))
		return
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		field, known := fieldOf(v.Type(), key.Value)
		switch {
		case !known:
			r.fault(key, at, "there is no such field; there are %s", strings.Join(namesOf(v.Type()), ", "))
		case seen[key.Value]:
			r.fault(key, at, "the field stands here twice")
		default:
			r.lines[at] = key.Line
			r.value(at, value, v.FieldByIndex(field.Index))
		}
		seen[key.Value] = true
	}
	for _, f := range fields(v.Type()) {
		if !seen[f.name] {
			r.missing(join(path, f.name), n, &f, v.FieldByIndex(f.Index))
		}
	}
}

// missing gives a field that is left out its default, or refuses.
func (r *reader) missing(path string, in *yaml.Node, f *field, v reflect.Value) {
	switch {
	case f.optional:
	case f.standard != "":
		f.fill(v)
	case v.Kind() == reflect.Struct && v.Type() != rateType:
		r.object(path, &yaml.Node{Kind: yaml.MappingNode, Line: in.Line}, v)
	default:
		r.fault(in, path, "it is missing: %s", f.is)
	}
}

func (r *reader) list(path string, n *yaml.Node, v reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		r.fault(n, path, "want a list, not %s", kindOf(n))
		return
	}
	if most := longestList(v.Type()); len(n.Content) > most {
		r.fault(n, path, "%d entries, at most %d", len(n.Content), most)
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		at := path + "[" + strconv.Itoa(i) + "]"
		r.lines[at] = item.Line
		r.value(at, item, v.Index(i))
	}
	if len(n.Content) == 0 {
		v.SetZero()
	}
}

// longestList is the most entries of a list of this type.
func longestList(t reflect.Type) int {
	if t.Elem() == spanType {
		return maxSpans
	}
	return maxList
}

func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "fields"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "nothing"
	}
	return strconv.Quote(n.Value)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
