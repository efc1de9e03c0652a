//go:build !linux

package bench

import (
	"os/exec"
	"time"
)

// Other systems tell these things in other ways; there the report leaves them out.

func machineTime() time.Duration { return 0 }
func ownTime() time.Duration     { return 0 }
func peakMemory(int) uint64      { return 0 }
func tether(*exec.Cmd)           {}
func forgetPeak(int)             {}
func pause(d time.Duration)      { time.Sleep(d) }
