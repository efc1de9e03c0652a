package longmen

import (
	"context"
	"errors"
	"fmt"

	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/core/proof"
)

// ErrNotCovered means that no checkpoint covers a sequence yet, because nothing of that sequence was applied.
var ErrNotCovered = errors.New("no checkpoint covers that sequence")

// ErrNoKey means that this node has no checkpoints of the ledger, because its key is not in the data folder.
var ErrNoKey = errors.New("this node does not have the ledger's key, so it has no checkpoints")

// Prove shows that the command at a sequence was applied with its result. Whoever has the public key can check it.
func (l *Ledger) Prove(ctx context.Context, sequence uint64) (proof.Proof, error) {
	if l.follower.checkpoints == nil {
		return proof.Proof{}, fmt.Errorf("prove sequence %d: %w", sequence, ErrNoKey)
	}
	note, err := l.covering(ctx, sequence)
	if err != nil {
		return proof.Proof{}, fmt.Errorf("prove sequence %d: %w", sequence, err)
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

// covering gives a checkpoint that covers a sequence, and waits until history has all that it covers. What the last one
// does not cover yet is signed now.
func (l *Ledger) covering(ctx context.Context, sequence uint64) ([]byte, error) {
	note, signed := l.follower.checkpoints.Last()
	if sequence > signed.Size && sequence <= l.Applied() {
		if err := l.follower.history.Wait(ctx, sequence); err != nil {
			return nil, err
		}
		if err := l.follower.following.Checkpoint(); err != nil {
			return nil, err
		}
		note, signed = l.follower.checkpoints.Last()
	}
	if sequence == 0 || sequence > signed.Size {
		return nil, ErrNotCovered
	}
	return note, l.follower.history.Wait(ctx, signed.Size)
}

// ProveExtension shows that the newest checkpoint extends an older one: nothing that it covers has changed.
func (l *Ledger) ProveExtension(ctx context.Context, older []byte) (proof.Extension, error) {
	if l.follower.checkpoints == nil {
		return proof.Extension{}, ErrNoKey
	}
	newest, err := l.covering(ctx, 1)
	if err != nil {
		return proof.Extension{}, err
	}
	return proof.ProveExtension(older, newest, node.Hashes{History: l.follower.history})
}
