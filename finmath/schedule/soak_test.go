//go:build soak

package schedule_test

import (
	"flag"
	"testing"

	"pgregory.net/rapid"
)

// TestMillionAgainstDecimals compares a million random terms.
func TestMillionAgainstDecimals(t *testing.T) {
	if err := flag.Set("rapid.checks", "1000000"); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, againstDecimals)
}
