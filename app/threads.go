package app

import (
	"os"
	"runtime"
)

// threadsEach is how many goroutines may run at once on a processor.
const threadsEach = 4

// share lets the operating system divide the processors between goroutines. Go lets one that computes run on for 10 ms
// while others wait; with more threads than processors, who has just been woken by a disk or a caller goes first. With
// two processors it takes two thirds off the latencies that one request in a hundred sees, and costs no throughput.
func share() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(threadsEach * runtime.NumCPU())
	}
}

// spare is memory that nobody touches. The collector of garbage begins when as much has been made as is in use, and counts it
// as in use: so it lets as much more garbage stand, and a node whose ledgers are small does not collect many times a second.
var spare []byte

const spareBytes = 128 << 20

// rest lets the collector rest, unless somebody has told it how much it may use.
func rest() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" && spare == nil {
		spare = make([]byte, spareBytes)
	}
}
