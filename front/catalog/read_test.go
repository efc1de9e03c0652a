package catalog_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/longmen/longmen/front/catalog"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with a file.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s, make it anew with -update: %s", file, diff)
	}
}

func shipped(t testing.TB, name string) *catalog.Product {
	t.Helper()
	file, err := catalog.ShippedFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := catalog.Read(file)
	if err != nil {
		t.Fatalf("%s:\n%v", name, err)
	}
	return p
}

// TestShipped shows that the products that come with the program can be read, and that what is kept of them reads as
// the same product.
func TestShipped(t *testing.T) {
	names := catalog.Shipped()
	if len(names) != 5 {
		t.Errorf("%d products", len(names))
	}
	for _, name := range names {
		p := shipped(t, name)
		if p.Code != name {
			t.Errorf("%s has the code %s", name, p.Code)
		}
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		again, err := catalog.Read(text)
		if err != nil {
			t.Fatalf("%s:\n%v", name, err)
		}
		back, err := json.Marshal(again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(text), string(back)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		file, err := p.File()
		if err != nil {
			t.Fatal(err)
		}
		if again, err = catalog.Read(file); err != nil {
			t.Fatalf("%s, written:\n%v\n%s", name, err, file)
		}
		if back, err = json.Marshal(again); err != nil || string(back) != string(text) {
			t.Errorf("%s, written: %v %s", name, err, cmp.Diff(string(text), string(back)))
		}
	}
}

func TestSchema(t *testing.T) {
	s, err := catalog.Schema()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "product.schema.json", s)
}
