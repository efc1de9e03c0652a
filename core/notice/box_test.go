package notice_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/longmen/longmen/core/notice"
)

func TestABoxKeepsTheLastMessagesOnce(t *testing.T) {
	refused := errors.New("nowhere")
	b := &notice.Box{Check: func(address string) error {
		if address == "" {
			return refused
		}
		return nil
	}}
	for n := range uint64(1_005) {
		for range 2 {
			if err := b.Send(t.Context(), notice.Message{ID: number(n), Address: "a", Body: fmt.Sprint(n)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := b.Send(t.Context(), notice.Message{ID: number(9_999)}); !errors.Is(err, refused) {
		t.Error(err)
	}
	all := b.Messages(10_000)
	if len(all) != 1_000 || all[0].Body != "1004" || all[999].Body != "5" || len(b.Messages(3)) != 3 {
		t.Errorf("%d messages, %v … %v", len(all), all[0], all[len(all)-1])
	}
}
