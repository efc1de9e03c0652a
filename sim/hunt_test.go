package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The hunt compiles this package's tests once more, with all bugs planted in copies of the files they are in (go build
// -overlay), and starts the program once for each bug. PLANTED and the number of stories come by the environment.
const (
	plantedVariable = "LONGMEN_PLANTED"
	storiesVariable = "LONGMEN_STORIES"
	caught          = 3 // exit status
)

func TestMain(m *testing.M) {
	if os.Getenv(plantedVariable) == "" {
		os.Exit(m.Run())
	}
	report, err := Run(context.Background(), Options{First: 1, Seeds: number(storiesVariable, 50), Workers: 1, Silent: true}, io.Discard)
	if err == nil {
		os.Exit(0)
	}
	fmt.Printf("story %d: %s\n", report.Seeds, report.First.What)
	os.Exit(caught)
}

func TestPlantedBugsAreCaught(t *testing.T) { hunt(t, 50, false) }

// hunt looks for every bug, the rare ones only if told to.
func hunt(t *testing.T, stories int, rare bool) {
	program := compilePlanted(t)
	turns := make(chan struct{}, 2)
	for _, b := range bugs {
		if b.rare && !rare {
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			turns <- struct{}{}
			defer func() { <-turns }()
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(stories)*2*time.Second)
			defer cancel()
			c := exec.CommandContext(ctx, program)
			c.Env = append(os.Environ(), plantedVariable+"="+b.name, storiesVariable+"="+strconv.Itoa(stories))
			out, err := c.CombinedOutput()
			if c.ProcessState.ExitCode() != caught {
				t.Fatalf("%s: not caught within %d stories (%v)\n%s", b.what, stories, err, out)
			}
			text, _, _ := strings.Cut(string(out), "\n")
			t.Log(text)
		})
	}
}

// compilePlanted makes the program for the hunt.
func compilePlanted(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	folder, replace := t.TempDir(), map[string]string{}
	place := func(file, text string) {
		replace[filepath.Join(root, file)] = filepath.Join(folder, strings.ReplaceAll(file, "/", "-"))
		if err := os.WriteFile(replace[filepath.Join(root, file)], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := map[string]string{}
	for _, b := range bugs {
		text, ok := files[b.file]
		if !ok {
			source, err := os.ReadFile(filepath.Join(root, b.file))
			if err != nil {
				t.Fatal(err)
			}
			text = string(source)
		}
		if n := strings.Count(text, b.good); n != 1 {
			t.Fatalf("bug %s: %s has the text it replaces %d times, want 1; plant it anew:\n%s", b.name, b.file, n, b.good)
		}
		files[b.file] = strings.Replace(text, b.good, strings.ReplaceAll(b.bad, "PLANTED", fmt.Sprintf("(plantedBug == %q)", b.name)), 1)
	}
	for file, text := range files {
		place(file, text)
		name := filepath.Base(filepath.Dir(file))
		extra := fmt.Sprintf("package %s\n\nimport \"os\"\n\nvar plantedBug = os.Getenv(%q)\n", name, plantedVariable)
		if name == "ledger" {
			extra += besides
		}
		place(filepath.Join(filepath.Dir(file), "planted.go"), extra)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(folder, "hunt")
	c := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-overlay", list, "-o", program, ".")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("compile with bugs: %v\n%s", err, out)
	}
	return program
}
