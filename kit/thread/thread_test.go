package thread

import (
	"sync"
	"testing"
)

func TestTheOneThatYieldsStillRuns(t *testing.T) {
	var running sync.WaitGroup
	sum := 0
	running.Go(func() {
		Yield()
		for i := range 1000 {
			sum += i
		}
	})
	running.Wait()
	if sum != 499_500 {
		t.Fatal(sum)
	}
}
