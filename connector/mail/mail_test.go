package mail_test

import (
	"strings"
	"testing"

	"github.com/longmen/longmen/connector/mail"
	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/kit/errs"
)

func TestAddresses(t *testing.T) {
	for address, good := range addresses {
		s := mail.NewSimulator()
		err := s.Send(t.Context(), notice.Message{Address: address, Body: "x"})
		if good != (err == nil) || (err != nil && !errs.Is(err, errs.Invalid)) || len(s.Messages(1)) == 1 != good {
			t.Errorf("%q: %v", address, err)
		}
		if err != nil && address != "" && strings.Contains(err.Error(), address) {
			t.Errorf("the error tells the address: %v", err)
		}
	}
}

var addresses = map[string]bool{
	"wang@example.com": true, "a.b+c@sub.example.cn": true,
	"": false, "wang": false, "Wang <wang@example.com>": false, "wang@example.com\n": false, "wang@": false,
	strings.Repeat("a", 250) + "@example.com": false,
}
