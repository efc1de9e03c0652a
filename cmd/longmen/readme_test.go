package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// What README lets a newcomer type in his first five minutes does what it says, line by line.
func TestREADME(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n## Five minutes\n")
	part, _, more := strings.Cut(rest, "\n## ")
	if !found || !more {
		t.Fatal("README has no five minutes any more")
	}
	program, folder := filepath.Join(t.TempDir(), "longmen"), t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var script strings.Builder
	for _, block := range regexp.MustCompile("(?s)```\n(.*?)```").FindAllStringSubmatch(part, -1) {
		for line := range strings.Lines(block[1]) {
			switch {
			case strings.HasPrefix(line, "make build"):
			case strings.HasPrefix(line, "longmen serve &"):
				script.WriteString("longmen serve --listen 127.0.0.1:0 >serve.log 2>&1 &\ntrap \"kill $!; wait\" EXIT\n" +
					"for i in $(seq 300); do at=$(sed -n 's,.* on http://\\([^ ]*\\) (.*,\\1,p' serve.log); [ -z \"$at\" ] || break; sleep 0.1; done\n")
			default:
				script.WriteString(strings.ReplaceAll(line, "127.0.0.1:7421", "$at"))
			}
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "bash", "-e", "-c", script.String())
	c.Dir, c.Env = folder, append(os.Environ(), "PATH="+filepath.Dir(program)+":"+os.Getenv("PATH"))
	c.WaitDelay = 10 * time.Second
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, says := range []string{"33.34 + 0.34", "closing  33.68", "command 16 was applied with this result"} {
		if !strings.Contains(string(out), says) {
			t.Errorf("nowhere it says %q:\n%s", says, out)
		}
	}
}
