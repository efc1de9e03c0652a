package longmen

import (
	"context"
	"errors"
	"fmt"

	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/core/proof"
)

// ErrNotCovered means that no checkpoint covers a sequence yet. One is signed every second.
var ErrNotCovered = errors.New("no checkpoint covers that sequence yet: try again in a second")

// ErrNoKey means that this node has no checkpoints of the ledger, because its key is not in the data folder.
var ErrNoKey = errors.New("this node does not have the ledger's key, so it has no checkpoints")

// Prove shows that the command at a sequence was applied with its result. Whoever has the public key can check it.
func (l *Ledger) Prove(ctx context.Context, sequence uint64) (proof.Proof, error) {
	if l.follower.checkpoints == nil {
		return proof.Proof{}, fmt.Errorf("prove sequence %d: %w", sequence, ErrNoKey)
	}
	note, signed := l.follower.checkpoints.Last()
	if sequence == 0 || sequence > signed.Size {
		return proof.Proof{}, fmt.Errorf("prove sequence %d: %w", sequence, ErrNotCovered)
	}
	if err := l.follower.history.Wait(ctx, signed.Size); err != nil {
		return proof.Proof{}, err
	}
	record, _, err := l.follower.history.Recorded(ctx, sequence)
	if err != nil {
		return proof.Proof{}, err
	}
	result, _, err := l.follower.history.ResultBytes(ctx, sequence)
	if err != nil {
		return proof.Proof{}, err
	}
	return proof.Prove(sequence, record, result, note, node.Hashes{History: l.follower.history})
}

// ProveExtension shows that the newest checkpoint extends an older one: nothing that it covers has changed.
func (l *Ledger) ProveExtension(older []byte) (proof.Extension, error) {
	if l.follower.checkpoints == nil {
		return proof.Extension{}, ErrNoKey
	}
	return proof.ProveExtension(older, l.Checkpoint(), node.Hashes{History: l.follower.history})
}
