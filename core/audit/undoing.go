package audit

import "context"

// undoings are the commands that undo something, with what they were told of the past.
type undoings struct{ list []undoing }

type undoing struct{ sequence uint64 }

func (u *undoings) note(c *decodedCommand) {}

func (p *replay) checkUndoings(context.Context) error { return nil }
