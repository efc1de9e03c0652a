package proof

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Proof shows that a command was applied with its result: it leads from the two by a path through the tree to a
// signed checkpoint.
type Proof struct {
	Sequence   uint64 `json:"sequence"`
	Record     []byte `json:"record"`     // the command's bytes as the journal holds them
	Result     []byte `json:"result"`     // the result's canonical bytes
	Path       []Hash `json:"path"`       // from the leaf up, RFC 6962's audit path
	Checkpoint string `json:"checkpoint"` // the signed note
}

// Prove makes the proof for a command that the checkpoint covers, from the stored hashes. It fails if they don't lead
// to the checkpoint's root, which means that storage is damaged or that these are not the command and its result.
func Prove(sequence uint64, record, result, checkpoint []byte, r Reader) (Proof, error) {
	p := Proof{Sequence: sequence, Record: record, Result: result, Checkpoint: string(checkpoint)}
	c, err := peek(p.Checkpoint)
	if err != nil {
		return Proof{}, fmt.Errorf("prove command %d: %w", sequence, err)
	}
	if sequence < 1 || sequence > c.Size {
		return Proof{}, fmt.Errorf("prove command %d: the checkpoint covers 1 to %d; wait for the next one", sequence, c.Size)
	}
	if p.Path, err = tlog.ProveRecord(int64(c.Size), int64(sequence-1), r); err != nil {
		return Proof{}, fmt.Errorf("prove command %d: %w", sequence, err)
	}
	if err := p.check(c); err != nil {
		return Proof{}, fmt.Errorf("prove command %d from the stored hashes: %w", sequence, err)
	}
	return p, nil
}

// CheckProof checks a proof with the ledger's public key alone, and with those of witnesses if there are any. The
// answer is the checkpoint on which the proof stands.
func CheckProof(p Proof, public string, witnesses ...string) (Signed, error) {
	s, err := Open([]byte(p.Checkpoint), public, witnesses...)
	if err != nil {
		return Signed{}, fmt.Errorf("check proof of command %d: %w", p.Sequence, err)
	}
	if err := p.check(s.Checkpoint); err != nil {
		return Signed{}, fmt.Errorf("check proof of command %d: %w", p.Sequence, err)
	}
	return s, nil
}

// check follows the path from the leaf to the root.
func (p Proof) check(c Checkpoint) error {
	if p.Sequence < 1 || p.Sequence > c.Size {
		return fmt.Errorf("%w: the checkpoint covers commands 1 to %d", ErrMismatch, c.Size)
	}
	if err := tlog.CheckRecord(p.Path, int64(c.Size), c.Root, int64(p.Sequence-1), Leaf(p.Record, p.Result)); err != nil {
		return fmt.Errorf("%w: command and result don't lead to the root of checkpoint %d", ErrMismatch, c.Size)
	}
	return nil
}

// Extension shows that a checkpoint extends an older one of the same ledger: everything that the older one covers
// stands unchanged in the newer.
type Extension struct {
	Old  string `json:"old"` // the signed notes
	New  string `json:"new"`
	Path []Hash `json:"path"` // RFC 6962's consistency proof
}

// ProveExtension makes the proof that one checkpoint extends another, from the stored hashes.
func ProveExtension(older, newer []byte, r Reader) (Extension, error) {
	x := Extension{Old: string(older), New: string(newer)}
	from, err := peek(x.Old)
	if err != nil {
		return Extension{}, fmt.Errorf("prove extension: old: %w", err)
	}
	to, err := peek(x.New)
	if err != nil {
		return Extension{}, fmt.Errorf("prove extension: new: %w", err)
	}
	if from.Size > to.Size {
		return Extension{}, fmt.Errorf("prove extension: the old checkpoint covers %d commands, the new one only %d; swap them", from.Size, to.Size)
	}
	if x.Path, err = tlog.ProveTree(int64(to.Size), int64(from.Size), r); err != nil {
		return Extension{}, fmt.Errorf("prove extension: %w", err)
	}
	if err := x.check(from, to); err != nil {
		return Extension{}, fmt.Errorf("prove extension from the stored hashes: %w", err)
	}
	return x, nil
}

// CheckExtension checks an extension with the ledger's public key alone, and with those of witnesses if there are any.
func CheckExtension(x Extension, public string, witnesses ...string) (older, newer Signed, err error) {
	if older, err = Open([]byte(x.Old), public, witnesses...); err != nil {
		return Signed{}, Signed{}, fmt.Errorf("check extension: old: %w", err)
	}
	if newer, err = Open([]byte(x.New), public, witnesses...); err != nil {
		return Signed{}, Signed{}, fmt.Errorf("check extension: new: %w", err)
	}
	if err := x.check(older.Checkpoint, newer.Checkpoint); err != nil {
		return Signed{}, Signed{}, fmt.Errorf("check extension: %w", err)
	}
	return older, newer, nil
}

func (x Extension) check(older, newer Checkpoint) error {
	switch {
	case older.Ledger != newer.Ledger:
		return fmt.Errorf("%w: the checkpoints are of %s and %s", ErrMismatch, Origin(older.Ledger), Origin(newer.Ledger))
	case older.Size > newer.Size:
		return fmt.Errorf("%w: the old checkpoint covers %d commands, the new one only %d", ErrMismatch, older.Size, newer.Size)
	case older.Simulated != newer.Simulated:
		return fmt.Errorf("%w: a ledger's clock is real or simulated for good", ErrMismatch)
	case older.Time > newer.Time, older.Epoch > newer.Epoch, older.Engine > newer.Engine:
		return fmt.Errorf("%w: time, epoch or engine version went back", ErrMismatch)
	case older.Size == newer.Size && (older.State != newer.State || older.Engine != newer.Engine):
		return fmt.Errorf("%w: two states are claimed for the same %d commands", ErrMismatch, older.Size)
	}
	if err := tlog.CheckTree(x.Path, int64(newer.Size), newer.Root, int64(older.Size), older.Root); err != nil {
		return fmt.Errorf("%w: the %d commands of the old checkpoint are not the first of the new one's %d", ErrMismatch, older.Size, newer.Size)
	}
	return nil
}
