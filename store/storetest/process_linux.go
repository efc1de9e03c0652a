package storetest

import (
	"os/exec"
	"syscall"
)

// endWithParent makes the kernel stop the server at once when this process dies, however it dies.
func endWithParent(cmd *exec.Cmd) { cmd.SysProcAttr.Pdeathsig = syscall.SIGQUIT }
