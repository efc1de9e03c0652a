package id_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
)

var at = time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)

func make1(t *testing.T, when time.Time, random []byte) id.ID {
	t.Helper()
	i, err := id.New(clock.NewManual(when), bytes.NewReader(random))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// The example of RFC 9562, appendix A.6: 2022-02-22 14:22:22.00 -05:00.
func TestNewMakesTheIDOfTheStandard(t *testing.T) {
	when := time.Date(2022, 2, 22, 19, 22, 22, 0, time.UTC)
	random := []byte{0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f}
	const want = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
	if got := make1(t, when, random).String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		when   time.Time
		random int
	}{
		{"a clock before 1970", time.UnixMilli(-1), 10},
		{"a clock after the last instant", time.UnixMilli(1 << 48), 10},
		{"too few random bytes", at, 9},
	} {
		if i, err := id.New(clock.NewManual(c.when), bytes.NewReader(make([]byte, c.random))); err == nil {
			t.Errorf("%s gave %s", c.name, i)
		}
	}
}

func TestIDKeepsItsTime(t *testing.T) {
	i := make1(t, at, make([]byte, 10))
	if got, want := i.Micros(), at.UnixMicro(); got != want {
		t.Errorf("time part is %d, want %d", got, want)
	}
	if err := i.CheckNew(); err != nil {
		t.Error(err)
	}
	if later := make1(t, at.Add(time.Millisecond), make([]byte, 10)); later.String() <= i.String() {
		t.Errorf("%s does not sort after %s", later, i)
	}
}

func TestParseRefuses(t *testing.T) {
	const good = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
	for name, s := range map[string]string{
		"nothing":             "",
		"no hyphens":          strings.ReplaceAll(good, "-", ""),
		"braces":              "{" + good + "}",
		"a hyphen moved":      "017f22e27-9b0-7cc3-98c4-dc0c0c07398f",
		"a letter beyond f":   "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
		"version 4":           "017f22e2-79b0-4cc3-98c4-dc0c0c07398f",
		"another variant":     "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f",
		"the zero id":         id.ID{}.String(),
		"one character more":  good + "0",
		"one character fewer": good[:35],
	} {
		if i, err := id.Parse(s); err == nil {
			t.Errorf("%s: %q was read as %s", name, s, i)
		}
	}
}

func TestTextAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var i id.ID
		copy(i[:], rapid.SliceOfN(rapid.Byte(), id.Size, id.Size).Draw(t, "bytes"))
		i = i.Derive("any", 0)
		for _, s := range []string{i.String(), strings.ToUpper(i.String())} {
			back, err := id.Parse(s)
			if err != nil || back != i {
				t.Fatalf("%s was read as %s, %v", s, back, err)
			}
		}
		text, err := json.Marshal(i)
		if err != nil {
			t.Fatal(err)
		}
		var back id.ID
		if err := json.Unmarshal(text, &back); err != nil || back != i {
			t.Fatalf("%s was read as %s, %v", text, back, err)
		}
	})
}

// The rule of derivation is for ever: these ids stand in journals. They were worked out by another program.
func TestDeriveIsFixed(t *testing.T) {
	i, err := id.Parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		label string
		n     uint64
		want  string
	}{
		{"", 0, "017f22e2-79b0-8fce-a1d9-d4d81a574dc9"},
		{"step", 1, "017f22e2-79b0-82c3-985c-5e416b570ac9"},
		{"step", 2, "017f22e2-79b0-83a0-926b-a8860c8160c9"},
	} {
		if got := i.Derive(c.label, c.n).String(); got != c.want {
			t.Errorf("Derive(%q, %d) = %s, want %s", c.label, c.n, got, c.want)
		}
	}
}

func TestDerivedIDsDiffer(t *testing.T) {
	i := make1(t, at, make([]byte, 10))
	j := make1(t, at, []byte("0123456789"))
	seen := map[id.ID]string{i: "the first id itself", j: "the second id itself"}
	for name, d := range map[string]id.ID{
		"first, step 0":   i.Derive("step", 0),
		"first, step 1":   i.Derive("step", 1),
		"first, stop 0":   i.Derive("stop", 0),
		"first, step0 0":  i.Derive("step\x00", 0),
		"second, step 0":  j.Derive("step", 0),
		"step of a step":  i.Derive("step", 0).Derive("step", 0),
		"large number":    i.Derive("step", 1<<63),
		"no label at all": i.Derive("", 0),
	} {
		if other, ok := seen[d]; ok {
			t.Errorf("%s and %s have the same id %s", name, other, d)
		}
		seen[d] = name
		if err := d.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if d.CheckNew() == nil {
			t.Errorf("%s passes for an id that somebody made", name)
		}
		if d.Micros() != i.Micros() {
			t.Errorf("%s lost the time part", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
	f.Add("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")
	f.Fuzz(func(t *testing.T, s string) {
		i, err := id.Parse(s)
		if err == nil && !strings.EqualFold(i.String(), s) {
			t.Errorf("%q was read as %s", s, i)
		}
	})
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := id.New(clock.Real{}, rand.Reader); err != nil {
			b.Fatal(err)
		}
	}
}
