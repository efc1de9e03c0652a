package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A calendar is checked and used without a node.
func TestCalendarFile(t *testing.T) {
	folder := t.TempDir()
	file, bad := filepath.Join(folder, "home.yaml"), filepath.Join(folder, "bad.yaml")
	for name, text := range map[string]string{
		file: "code: HOME\nname: {zh: 假日, en: Holidays}\nholidays: [2026-02-16..2026-02-20]\n",
		bad:  "code: HOME\nname: {zh: 假日, en: Holidays}\nholidays: [2026-02-30]\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"calendar", "check", file}, 0, "HOME is a calendar with 5 holidays and 0 workdays"},
		{[]string{"calendar", "check", "CN"}, 0, "CN is a calendar with 61 holidays and 11 workdays"},
		{[]string{"calendar", "check", "CN", "--json"}, 0, `"holidays": 61`},
		{[]string{"calendar", "check", bad}, 1, "line 3: holidays[0]"},
		{[]string{"calendar", "show", "--shipped", "CN"}, 0, "2026-02-15..2026-02-23"},
		{[]string{"calendar", "show", "--shipped", "XX"}, 1, "there is CN"},
		// 14 February 2026 is a Saturday, on which people work all the same.
		{[]string{"product", "simulate", "consumer-loan", "--term", "90 days"}, 0, "2026-02-16"},
		{[]string{"product", "simulate", "consumer-loan", "--term", "90 days", "--calendar", file}, 0, "2026-02-23"},
		{[]string{"product", "simulate", "consumer-loan", "--term", "90 days", "--calendar", "CN"}, 0, "  1  2026-02-14"},
		{[]string{"product", "simulate", "consumer-loan", "--calendar", bad}, 1, "line 3"},
	} {
		var out bytes.Buffer
		if code := run(t.Context(), c.args, strings.NewReader(""), &out, &out); code != c.code || !strings.Contains(out.String(), c.says) {
			t.Errorf("%v: %d, want %d and %q:\n%s", c.args, code, c.code, c.says, out.String())
		}
	}
}
