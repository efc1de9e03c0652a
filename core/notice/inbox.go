package notice

import "context"

// Inbox is a channel that hands nothing over: a notice on it is read where the outbox keeps it. So it is sent when it is
// told. A service that tells a party's device takes its place where there is one.
type Inbox struct{}

// Send has nothing to do. It is called for what could not be told at once.
func (Inbox) Send(context.Context, Message) error { return nil }
