package catalog

import (
	"embed"
	"fmt"
	"path"
	"strings"
)

//go:embed shipped/*.yaml
var shipped embed.FS

// Shipped are the names of the products that come with the program, in order.
func Shipped() []string {
	files, err := shipped.ReadDir("shipped")
	if err != nil {
		panic(fmt.Sprintf("catalog: the shipped products are not there: %v", err))
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(f.Name(), ".yaml")
	}
	return names
}

// ShippedFile is the file of a product that comes with the program.
func ShippedFile(name string) ([]byte, error) {
	file, err := shipped.ReadFile(path.Join("shipped", name+".yaml"))
	if err != nil {
		return nil, fmt.Errorf("there is no shipped product %q; there are %s", name, strings.Join(Shipped(), ", "))
	}
	return file, nil
}
