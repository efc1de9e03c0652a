package notice

import (
	"context"
	"slices"
	"sync"
)

// maxBox is how many messages a box keeps.
const maxBox = 1_000

// Box is a channel that sends nothing: it keeps the last messages in memory, where they can be looked at. A message
// that comes again is there once. Check, if there is one, says whether an address is one of the channel.
type Box struct {
	Check func(address string) error

	mu   sync.Mutex
	kept []Message
}

// Send keeps a message.
func (b *Box) Send(_ context.Context, m Message) error {
	if b.Check != nil {
		if err := b.Check(m.Address); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if slices.ContainsFunc(b.kept, func(k Message) bool { return k.ID == m.ID }) {
		return nil
	}
	if len(b.kept) == maxBox {
		b.kept = slices.Delete(b.kept, 0, 1)
	}
	b.kept = append(b.kept, m)
	return nil
}

// Messages gives the last messages, newest first, at most limit.
func (b *Box) Messages(limit int) []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := slices.Clone(b.kept[max(0, len(b.kept)-limit):])
	slices.Reverse(list)
	return list
}
