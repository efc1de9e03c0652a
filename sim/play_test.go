package sim

import (
	"os"
	"strconv"
	"testing"

	"github.com/longmen/longmen/core/ledger"
)

// number reads a number from the environment, for a person who looks for something.
func number(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return usual
}

func TestEngineAndModelAgreeOverCrashesAndTakeOvers(t *testing.T) {
	report, err := Run(t.Context(), Options{
		First: uint64(number("LONGMEN_SIM_FIRST", 1)), Seeds: number("LONGMEN_SIM_SEEDS", 60),
		History: number("LONGMEN_SIM_HISTORY", 6),
	}, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range ledger.Codes {
		if info.Code.Journaled() && !unreachable[info.Code] && report.Codes[info.Code] == 0 && report.Seeds >= 30 {
			t.Errorf("no story provokes %s", info.Name)
		}
	}
	if report.Crashes < 3*report.Seeds || report.Takeovers < report.Seeds || report.Commands < 500*report.Seeds {
		t.Errorf("stories are too quiet: %+v", report)
	}
}

// A story whose difference of the largest amount once came with another one: a command that no door takes.
func TestDifferencesOfTheLargestAmounts(t *testing.T) {
	if _, err := Run(t.Context(), Options{First: 113, Seeds: 1, Commands: 500}, t.Output()); err != nil {
		t.Error(err)
	}
}
