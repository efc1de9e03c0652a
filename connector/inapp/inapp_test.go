package inapp_test

import (
	"testing"

	"github.com/longmen/longmen/connector/inapp"
	"github.com/longmen/longmen/core/notice"
)

func TestTheSimulatorKeepsWhatItWasGiven(t *testing.T) {
	s := inapp.NewSimulator()
	if err := s.Send(t.Context(), notice.Message{Address: "party", Body: "x"}); err != nil || s.Messages(1)[0].Body != "x" {
		t.Error(err, s.Messages(1))
	}
}
