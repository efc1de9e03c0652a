//go:build soak

package sim

import "testing"

func TestEveryPlantedBugIsCaughtWithinTwoThousandStories(t *testing.T) { hunt(t, 2000, true) }

func TestManyStories(t *testing.T) {
	if _, err := Run(t.Context(), Options{First: 1_000_000, Seeds: number("LONGMEN_SIM_SEEDS", 10_000), History: 20}, t.Output()); err != nil {
		t.Fatal(err)
	}
}
