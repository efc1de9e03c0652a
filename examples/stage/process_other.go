//go:build !unix

package stage

import "os/exec"

// apart does nothing: only Unix knows process groups.
func apart(*exec.Cmd) {}
