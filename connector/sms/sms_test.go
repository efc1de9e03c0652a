package sms_test

import (
	"strings"
	"testing"

	"github.com/longmen/longmen/connector/sms"
	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/kit/errs"
)

func TestAddresses(t *testing.T) {
	for address, good := range addresses {
		s := sms.NewSimulator()
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
	"13800138000": true, "+8613800138000": true, "+14155550123": true,
	"": false, "1380013800": false, "12800138000": false, "138001380001": false, "+0123456789": false, "a@b.cn": false, "13800138000\n": false,
}
