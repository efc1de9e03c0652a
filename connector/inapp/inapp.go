// Package inapp tells a party's app that there is something to read: the text itself is read from the outbox. It has a
// simulator, which keeps what it was given in memory; a push service takes its place where there is one.
//
// The package must not know what a message means or which devices a party has.
package inapp

import "github.com/longmen/longmen/core/notice"

// NewSimulator makes a push service that takes everything.
func NewSimulator() *notice.Box { return &notice.Box{} }
