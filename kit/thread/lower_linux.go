package thread

import (
	"runtime"
	"syscall"
)

// niceness is a tenth of the usual share when others want to run.
const niceness = 10

// lower never unlocks the thread: it ends with the goroutine, and its priority with it.
func lower() {
	runtime.LockOSThread()
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), niceness)
}
