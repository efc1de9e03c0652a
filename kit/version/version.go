// Package version tells which version of the program this is.
//
// The package must not know what the program does.
package version

import (
	"cmp"
	"fmt"
	"runtime/debug"
)

// tag is set by the linker: make build passes what git calls the commit.
var tag string

// Info names a build.
type Info struct {
	Version  string `json:"version"`            // the tag, or what git or the module system calls the commit
	Revision string `json:"revision,omitempty"` // the commit
	Time     string `json:"time,omitempty"`     // when it was committed
	Modified bool   `json:"modified,omitempty"` // whether the tree had changes
	Go       string `json:"go"`                 // the compiler
}

// Read returns what is known of this build.
func Read() Info {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		build = &debug.BuildInfo{}
	}
	return from(tag, build)
}

func from(tag string, build *debug.BuildInfo) Info {
	info := Info{Version: cmp.Or(tag, build.Main.Version, "unknown"), Go: build.GoVersion}
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			info.Revision = s.Value
		case "vcs.time":
			info.Time = s.Value
		case "vcs.modified":
			info.Modified = s.Value == "true"
		}
	}
	return info
}

// String gives one line for people.
func (i Info) String() string {
	s := i.Version
	if i.Revision != "" {
		s += fmt.Sprintf(", commit %.12s of %s", i.Revision, i.Time)
	}
	if i.Modified {
		s += ", with changes"
	}
	return s + ", " + i.Go
}
