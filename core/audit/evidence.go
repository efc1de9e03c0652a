package audit

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/proof"
	"github.com/longmen/longmen/kit/id"
)

// evidence is what is known of a ledger beside its journal.
type evidence struct {
	key      string // public
	keyGiven bool
	logged   bool // there is a log of checkpoints
	given    []claim
	ends     []End
}

func (e *evidence) what() string {
	switch {
	case len(e.given) > 0:
		return "a signed checkpoint, " + e.given[0].name + ","
	case len(e.ends) > 0:
		return "a place on the copy's list"
	case e.logged:
		return "signed checkpoints"
	}
	return "a public key"
}

// claim is a checkpoint to be compared with the replay.
type claim struct {
	proof.Checkpoint
	name   string // "" for those of the log
	number uint64 // in the log
}

func (c *claim) String() string {
	if c.name != "" {
		return "checkpoint " + c.name
	}
	return fmt.Sprintf("checkpoint %d of the log", c.number)
}

// maxKeyFile bounds a file of a public key.
const maxKeyFile = 4 << 10

// readEvidence reads keys and the checkpoints that were given. What the caller gave must be right, or nothing is audited.
// What is wrong with the files is found.
func readEvidence(o Options) (map[ledger.ID]*evidence, []Finding, error) {
	all := map[ledger.ID]*evidence{}
	of := func(l ledger.ID) *evidence {
		if all[l] == nil {
			all[l] = &evidence{}
		}
		return all[l]
	}
	var findings []Finding
	logs, err := idFiles(o.Files.Checkpoints, ".log")
	if err != nil {
		return nil, nil, fmt.Errorf("list checkpoints: %w", err)
	}
	for l := range logs {
		of(l).logged = true
	}
	keys, err := idFiles(o.Files.Keys, ".pub")
	if err != nil {
		return nil, nil, fmt.Errorf("list keys: %w", err)
	}
	for l, path := range keys {
		key, err := readKey(path, l)
		if err != nil {
			findings = append(findings, Finding{Part: PartKey, What: err.Error(), Do: doKey})
		}
		of(l).key = key
	}
	for i, key := range o.Keys {
		l, err := keyLedger(key)
		if err != nil {
			return nil, nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		e := of(l)
		e.key, e.keyGiven = strings.TrimSpace(key), true
	}
	for _, g := range o.Given {
		c, err := openGiven(g, all)
		if err != nil {
			return nil, nil, fmt.Errorf("checkpoint %s: %w", g.Name, err)
		}
		e := of(c.Ledger)
		e.given = append(e.given, c)
	}
	for _, e := range all {
		slices.SortStableFunc(e.given, func(a, b claim) int { return compare(a.Size, b.Size) })
	}
	for _, end := range o.Ends {
		of(end.Ledger).ends = append(of(end.Ledger).ends, end)
	}
	slices.SortFunc(findings, func(a, b Finding) int { return strings.Compare(a.What, b.What) })
	return all, findings, nil
}

func compare(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// idFiles lists the files of a folder whose names are a ledger's id and a suffix.
func idFiles(folder, suffix string) (map[ledger.ID]string, error) {
	if folder == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	files := map[ledger.ID]string{}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), suffix)
		if l, err := id.Parse(name); ok && err == nil && l.String() == name {
			files[ledger.ID(l)] = filepath.Join(folder, e.Name())
		}
	}
	return files, err
}

// readKey reads the public key of a ledger.
func readKey(path string, l ledger.ID) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err := errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	key := strings.TrimSuffix(string(b), "\n")
	of, err := keyLedger(key)
	if err == nil && of != l {
		err = fmt.Errorf("it is the key of %s", proof.Origin(of))
	}
	if err != nil {
		return "", fmt.Errorf("the public key of ledger %v can't be used: %w", l, err)
	}
	return key, nil
}

// keyLedger tells whose a public key is.
func keyLedger(key string) (ledger.ID, error) {
	name, err := proof.KeyName(key)
	if err != nil {
		return ledger.ID{}, err
	}
	_, text, _ := strings.Cut(name, "/")
	l, err := id.Parse(text)
	if err != nil || proof.Origin(l) != name {
		return ledger.ID{}, fmt.Errorf("%w: public key: its name %q is not longmen/<ledger id>", proof.ErrMalformed, name)
	}
	return ledger.ID(l), nil
}

// openGiven checks the signature of a checkpoint that the caller gave.
func openGiven(g Given, all map[ledger.ID]*evidence) (claim, error) {
	c, err := proof.Peek(g.Note)
	if err != nil {
		return claim{}, err
	}
	e := all[c.Ledger]
	if e == nil || e.key == "" {
		return claim{}, fmt.Errorf("there is no public key of %s: give it", proof.Origin(c.Ledger))
	}
	if _, err := proof.Open(g.Note, e.key); err != nil {
		return claim{}, err
	}
	return claim{Checkpoint: c, name: g.Name}, nil
}

// checkpoints gives the checkpoints of a ledger's log one after the other.
type checkpoints struct {
	file *os.File
	next func() (proof.Logged, error, bool)
	stop func()
	rest int64
	err  error // of reading
}

// openCheckpoints opens a ledger's log up to its end as it is now.
func (v *verification) openCheckpoints() (*checkpoints, error) {
	c := &checkpoints{stop: func() {}}
	if !v.evidence.logged {
		return c, nil
	}
	if v.evidence.key == "" {
		v.find(PartKey, 0, doKey, "there are signed checkpoints and no public key that checks them")
		return c, nil
	}
	f, err := os.Open(filepath.Join(v.options.Files.Checkpoints, v.id.String()+".log"))
	if err != nil {
		return nil, fmt.Errorf("open checkpoints: %w", err)
	}
	c.file = f
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open checkpoints: %w", err), f.Close())
	}
	c.next, c.stop = iter.Pull2(func(yield func(proof.Logged, error) bool) {
		c.rest, c.err = proof.ReadLog(io.LimitReader(f, info.Size()), v.evidence.key, yield)
	})
	return c, nil
}

// take gives the next sound one; what is wrong with others is found.
func (c *checkpoints) take(v *verification) (claim, bool) {
	for c.next != nil {
		logged, err, ok := c.next()
		if !ok {
			break
		}
		if err == nil {
			return claim{Checkpoint: logged.Checkpoint, number: logged.Number}, true
		}
		v.find(PartCheckpoint, 0, doEvidence, "log of checkpoints, %v", err)
	}
	return claim{}, false
}

func (c *checkpoints) close() {
	c.stop()
	if c.file != nil {
		_ = c.file.Close() // it was only read
	}
}
