//go:build soak

package bench

import (
	"bytes"
	"testing"
)

// Every scenario at the size of the table. Whether a target is met depends on the machine, so what came out is told and
// not judged here.
func TestScenariosAtFullSize(t *testing.T) {
	for _, s := range Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			var out bytes.Buffer
			err := Run(t.Context(), Options{Scenarios: []string{s.Name}, Curve: true, Seconds: 5, Data: t.TempDir(), Serve: serveMyself}, &out)
			t.Log(out.String())
			if err != nil {
				t.Error(err)
			}
		})
	}
}
