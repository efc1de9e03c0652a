package version

import (
	"runtime/debug"
	"testing"
)

func TestFrom(t *testing.T) {
	build := &debug.BuildInfo{
		GoVersion: "go1.26.0",
		Main:      debug.Module{Version: "v0.1.0"},
		Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0123456789abcdef"},
			{Key: "vcs.time", Value: "2026-01-02T03:04:05Z"},
			{Key: "vcs.modified", Value: "true"},
		},
	}
	for _, c := range []struct {
		name  string
		tag   string
		build *debug.BuildInfo
		want  string
	}{
		{"all is known", "v0.2.0", build, "v0.2.0, commit 0123456789ab of 2026-01-02T03:04:05Z, with changes, go1.26.0"},
		{"no tag from the linker", "", build, "v0.1.0, commit 0123456789ab of 2026-01-02T03:04:05Z, with changes, go1.26.0"},
		{"nothing but the compiler", "", &debug.BuildInfo{GoVersion: "go1.26.0"}, "unknown, go1.26.0"},
	} {
		if got := from(c.tag, c.build).String(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestReadNamesTheCompiler(t *testing.T) {
	if info := Read(); info.Go == "" || info.Version == "" {
		t.Errorf("got %+v", info)
	}
}
