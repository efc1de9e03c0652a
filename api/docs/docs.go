// Package docs shows the description of the REST door to people: one page, made from the OpenAPI document, with
// nothing loaded from anywhere else.
//
// The package must not know what the operations do.
package docs

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/errs"
)

// Path is where the page is.
const Path = "/docs"

//go:embed page.html page.css page.js
var files embed.FS

var page = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"text": text, "anchor": anchor,
}).ParseFS(files, "page.html"))

// Register puts the page and the OpenAPI document onto the mux. The document must not change any more.
func Register(mux *http.ServeMux, doc *huma.OpenAPI) {
	mux.HandleFunc("GET "+Path, serve("text/html; charset=utf-8", func() ([]byte, error) {
		var html bytes.Buffer
		err := page.Execute(&html, view(doc))
		return html.Bytes(), err
	}))
	mux.HandleFunc("GET "+Path+"/page.css", serve("text/css; charset=utf-8", func() ([]byte, error) { return files.ReadFile("page.css") }))
	mux.HandleFunc("GET "+Path+"/page.js", serve("text/javascript; charset=utf-8", func() ([]byte, error) { return files.ReadFile("page.js") }))
	mux.HandleFunc("GET /openapi.json", serve("application/json", func() ([]byte, error) { return json.MarshalIndent(doc, "", "  ") }))
	mux.HandleFunc("GET /openapi.yaml", serve("application/yaml", doc.YAML))
}

// serve makes the content when it is first asked for.
func serve(contentType string, make func() ([]byte, error)) http.HandlerFunc {
	made := sync.OnceValues(make)
	return func(w http.ResponseWriter, _ *http.Request) {
		content, err := made()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'")
		// Whoever has gone need not be told.
		_, _ = w.Write(content)
	}
}

// Page is what the template shows.
type Page struct {
	Title, Version, Description string
	Groups                      []Group
	Schemas                     []Schema
	Codes                       []Code
}

// Group is the operations of one tag.
type Group struct {
	Name, Description string
	Operations        []Operation
}

// Operation is one method of one path.
type Operation struct {
	ID, Method, Path, Summary, Description string
	Parameters                             []Field
	Body, Answer                           *Schema
	Example                                string
	Curl                                   string
	Statuses                               []string
}

// Schema is a named object, or one that stands in its place.
type Schema struct {
	Name, Description string
	Fields            []Field
}

// Field is a parameter or a member of an object.
type Field struct {
	Name, In, Type, Link, Doc, Example string
	Required                           bool
}

// Code is an outcome or an error.
type Code struct {
	Name, Means string
	Status      int
}

func view(doc *huma.OpenAPI) Page {
	p := Page{Title: doc.Info.Title, Version: doc.Info.Version, Description: doc.Info.Description}
	v := viewer{schemas: doc.Components.Schemas.Map()}
	for _, tag := range doc.Tags {
		g := Group{Name: tag.Name, Description: tag.Description}
		for _, path := range sorted(doc.Paths) {
			item := doc.Paths[path]
			for _, op := range []*huma.Operation{item.Get, item.Post} {
				if op != nil && slices.Contains(op.Tags, tag.Name) {
					g.Operations = append(g.Operations, v.operation(op))
				}
			}
		}
		p.Groups = append(p.Groups, g)
	}
	for _, name := range sorted(v.schemas) {
		p.Schemas = append(p.Schemas, v.schema(name, v.schemas[name]))
	}
	for _, c := range ledger.Codes {
		if c.Code != ledger.Applied {
			p.Codes = append(p.Codes, Code{Name: c.Name, Means: c.Means})
		}
	}
	for _, c := range errs.Codes() {
		p.Codes = append(p.Codes, Code{Name: c.Name(), Means: c.Title(), Status: c.Status()})
	}
	return p
}

func sorted[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

type viewer struct{ schemas map[string]*huma.Schema }

func (v viewer) operation(op *huma.Operation) Operation {
	out := Operation{ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary, Description: op.Description}
	path, headers := op.Path, ""
	var query []string
	for _, p := range op.Parameters {
		f := v.field(p.Name, p.Schema)
		f.In, f.Required, f.Doc = p.In, p.Required, p.Description
		if p.Example != nil {
			f.Example = fmt.Sprint(p.Example)
		}
		out.Parameters = append(out.Parameters, f)
		switch {
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", f.Example)
		case p.In == "header" && p.Required:
			headers += fmt.Sprintf(" \\\n  -H '%s: %s'", p.Name, f.Example)
		case p.In == "query" && p.Required:
			query = append(query, p.Name+"="+f.Example)
		}
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	data := ""
	if op.RequestBody != nil {
		schema := op.RequestBody.Content["application/json"].Schema
		out.Body = v.inline(schema)
		example, _ := json.MarshalIndent(v.example(schema, 0), "", "  ")
		out.Example = string(example)
		data = fmt.Sprintf(" \\\n  -H 'Content-Type: application/json' -d '%s'", example)
	}
	out.Curl = fmt.Sprintf("curl -H \"Authorization: Bearer $TOKEN\"%s%s \\\n  'http://127.0.0.1:7421%s'", headers, data, path)
	for _, status := range sorted(op.Responses) {
		out.Statuses = append(out.Statuses, status)
		if content := op.Responses[status].Content["application/json"]; content != nil {
			out.Answer = v.inline(content.Schema)
		}
	}
	return out
}

// inline shows the object behind a reference in its place.
func (v viewer) inline(s *huma.Schema) *Schema {
	name := nameOf(s.Ref)
	if name != "" {
		s = v.schemas[name]
	}
	out := v.schema(name, s)
	return &out
}

func nameOf(ref string) string { return strings.TrimPrefix(ref, "#/components/schemas/") }

func (v viewer) schema(name string, s *huma.Schema) Schema {
	out := Schema{Name: name, Description: s.Description}
	for _, member := range sorted(s.Properties) {
		f := v.field(member, s.Properties[member])
		f.Required = slices.Contains(s.Required, member)
		out.Fields = append(out.Fields, f)
	}
	// What must be there comes first.
	slices.SortStableFunc(out.Fields, func(a, b Field) int {
		switch {
		case a.Required && !b.Required:
			return -1
		case b.Required && !a.Required:
			return 1
		}
		return 0
	})
	return out
}

func (v viewer) field(name string, s *huma.Schema) Field {
	f := Field{Name: name, Doc: s.Description}
	list := ""
	if s.Type == huma.TypeArray {
		list, s = "list of ", s.Items
		if f.Doc == "" {
			f.Doc = s.Description
		}
	}
	switch {
	case s.Ref != "":
		f.Type, f.Link = nameOf(s.Ref), anchor("schema", nameOf(s.Ref))
	case len(s.OneOf) > 0:
		f.Type = "amount"
	case len(s.Enum) > 0:
		var words []string
		for _, e := range s.Enum {
			words = append(words, fmt.Sprint(e))
		}
		f.Type = strings.Join(words, " | ")
	case s.Format != "" && s.Type == huma.TypeString:
		f.Type = s.Format
	default:
		f.Type = s.Type
	}
	f.Type = list + f.Type
	if len(s.Examples) > 0 {
		f.Example = fmt.Sprint(s.Examples[0])
	}
	return f
}

// maxDepth keeps examples short.
const maxDepth = 4

func (v viewer) example(s *huma.Schema, depth int) any {
	if s.Ref != "" {
		s = v.schemas[nameOf(s.Ref)]
	}
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Type == huma.TypeArray:
		return []any{v.example(s.Items, depth+1)}
	case s.Type == huma.TypeObject:
		out := map[string]any{}
		for name, p := range s.Properties {
			// An amount may be left out for reasons of its own, but nobody expects it to be.
			if depth < maxDepth && (slices.Contains(s.Required, name) || name == "amount") {
				out[name] = v.example(p, depth+1)
			}
		}
		if s.MaxProperties != nil && *s.MaxProperties == 1 {
			out["transfer"] = v.example(s.Properties["transfer"], depth+1)
		}
		return out
	case s.Type == huma.TypeInteger:
		if s.Minimum != nil {
			return int64(*s.Minimum)
		}
		return 1
	case s.Type == huma.TypeBoolean:
		return true
	}
	return ""
}

func anchor(kind, name string) string { return "#" + kind + "-" + name }

// text shows the little Markdown that descriptions use: paragraphs, `code` and **strong**.
func text(s string) template.HTML {
	var out strings.Builder
	for paragraph := range strings.SplitSeq(s, "\n\n") {
		escaped := template.HTMLEscapeString(paragraph)
		escaped = pairs(escaped, "**", "<strong>", "</strong>")
		escaped = pairs(escaped, "`", "<code>", "</code>")
		out.WriteString("<p>" + escaped + "</p>")
	}
	return template.HTML(out.String())
}

func pairs(s, mark, before, after string) string {
	parts := strings.Split(s, mark)
	for i := 1; i < len(parts); i += 2 {
		parts[i] = before + parts[i] + after
	}
	return strings.Join(parts, "")
}
