//go:build !linux

package storetest

import "os/exec"

// endWithParent has no means here: a server outlives a test binary that is killed.
func endWithParent(*exec.Cmd) {}
