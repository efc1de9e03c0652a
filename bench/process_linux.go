package bench

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit in which the kernel tells processors' time.
const tick = 10 * time.Millisecond

// machineTime is what all processes together have used.
func machineTime() time.Duration {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	total := int64(0)
	for i, f := range strings.Fields(line) {
		// cpu, user, nice, system, idle, iowait, irq, softirq; what follows is time of others.
		if i == 0 || i == 4 || i == 5 || i > 7 {
			continue
		}
		v, _ := strconv.ParseInt(f, 10, 64)
		total += v
	}
	return time.Duration(total) * tick
}

// ownTime is what this process has used.
func ownTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMemory is the most memory that a process has had since forgetPeak.
func peakMemory(pid int) uint64 {
	kb, _ := strconv.ParseUint(strings.TrimSuffix(field(fmt.Sprintf("/proc/%d/status", pid), "VmHWM"), " kB"), 10, 64)
	return kb << 10
}

// forgetPeak lets the peak begin anew.
func forgetPeak(pid int) {
	// Where the kernel does not allow it the peak is that of the whole life, which is no lower.
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}

// pause sleeps more exactly than the runtime does, whose timers round to milliseconds when nothing else is to do.
func pause(d time.Duration) {
	t := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&t, nil)
}

// tether lets a process end with this one, however that ends.
func tether(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
