package clock_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/longmen/longmen/kit/clock"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestManualStandsStillUntilMoved(t *testing.T) {
	m := clock.NewManual(start)
	if got := m.Now(); !got.Equal(start) {
		t.Fatalf("new clock stands at %v, want %v", got, start)
	}
	if err := m.Advance(time.Hour); err != nil {
		t.Fatal(err)
	}
	if got, want := m.Now(), start.Add(time.Hour); !got.Equal(want) {
		t.Fatalf("after an hour the clock stands at %v, want %v", got, want)
	}
	if err := m.Set(start.Add(2 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got, want := m.Now(), start.Add(2*time.Hour); !got.Equal(want) {
		t.Fatalf("after Set the clock stands at %v, want %v", got, want)
	}
}

func TestManualNeverMovesBack(t *testing.T) {
	m := clock.NewManual(start)
	if err := m.Advance(-1); err == nil {
		t.Error("Advance(-1) was accepted")
	}
	if err := m.Set(start.Add(-time.Nanosecond)); err == nil {
		t.Error("Set to an earlier instant was accepted")
	}
	if err := m.Set(start); err != nil {
		t.Errorf("Set to the same instant was refused: %v", err)
	}
	if got := m.Now(); !got.Equal(start) {
		t.Errorf("refused moves moved the clock to %v", got)
	}
}

func TestRealFollowsTheMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c clock.Clock = clock.Real{}
		before := c.Now()
		time.Sleep(time.Minute) // the bubble's clock jumps, nobody waits
		if got := c.Now().Sub(before); got != time.Minute {
			t.Errorf("a minute later the clock is %v further", got)
		}
	})
}

func TestZone(t *testing.T) {
	for range 2 {
		zone, err := clock.Zone("Asia/Shanghai")
		if err != nil || start.In(zone).Hour() != 11 {
			t.Fatalf("%v, %v", zone, err)
		}
		if _, err := clock.Zone("Asia/Nowhere"); err == nil {
			t.Fatal("there is no such zone")
		}
	}
}
