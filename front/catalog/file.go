package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// File writes a product as a file: all of it, what has a default too. Read gives the same product.
func (p *Product) File() ([]byte, error) { return file(p, "product") }

// file writes what has been read as a file.
func file(v any, what string) ([]byte, error) {
	content, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write the %s: %w", what, err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(content, &doc); err != nil {
		return nil, fmt.Errorf("write the %s: %w", what, err)
	}
	plain(&doc)
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := errors.Join(e.Encode(&doc), e.Close()); err != nil {
		return nil, fmt.Errorf("write the %s: %w", what, err)
	}
	return b.Bytes(), nil
}

// plain takes away the braces of JSON. Texts keep their quotes: a rate without them is none.
func plain(n *yaml.Node) {
	if n.Kind != yaml.ScalarNode {
		n.Style = 0
	}
	for i, child := range n.Content {
		if plain(child); n.Kind == yaml.MappingNode && i%2 == 0 {
			child.Style = 0
		}
	}
}
