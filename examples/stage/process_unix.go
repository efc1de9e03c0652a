//go:build unix

package stage

import (
	"os/exec"
	"syscall"
)

// apart keeps the terminal's Ctrl-C from the process: the node is to end after its client.
func apart(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
