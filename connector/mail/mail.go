// Package mail sends mail. It has a simulator, which keeps what it was given in memory and sends nothing.
//
// The package must not know what a message means or to whom an address belongs.
package mail

import (
	"net/mail"

	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/kit/errs"
)

// maxAddress bounds an address (RFC 5321).
const maxAddress = 254

// NewSimulator makes a post office that takes messages for addresses that could be some.
func NewSimulator() *notice.Box {
	return &notice.Box{Check: func(address string) error {
		parsed, err := mail.ParseAddress(address)
		if err == nil && parsed.Address == address && len(address) <= maxAddress {
			return nil
		}
		return plan.Permanent(errs.Invalid.Errorf("the address is no bare mail address").On("address"))
	}}
}
