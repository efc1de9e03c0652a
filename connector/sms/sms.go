// Package sms sends short messages. It has a simulator, which keeps what it was given in memory and sends nothing; a
// provider's line takes its place where there is a contract with one.
//
// The package must not know what a message means or to whom a number belongs.
package sms

import (
	"regexp"

	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/kit/errs"
)

// number is a mobile number of mainland China, or one of any country in international form.
var number = regexp.MustCompile(`^(1[3-9][0-9]{9}|\+[1-9][0-9]{6,14})$`)

// NewSimulator makes a line that takes messages for numbers that could be some.
func NewSimulator() *notice.Box {
	return &notice.Box{Check: func(address string) error {
		if number.MatchString(address) {
			return nil
		}
		return plan.Permanent(errs.Invalid.Errorf("the address is no mobile number: want 11 digits, or + and 7 to 15 of them").On("address"))
	}}
}
