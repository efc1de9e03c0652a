package longmen

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/longmen/longmen/core/audit"
	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/proof"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// A copy of a data folder is made under a name of its own that ends with .part, with a file in it that says that it is
// not complete, and gets its right name when it is. So it is there as a whole or not at all, whatever happens.

const (
	partSuffix     = ".part"
	unfinishedFile = "unfinished"
	completeFile   = "complete" // in its place while the folder gets its name
	contentsFile   = "contents.json"
	lockFile       = "lock"
	secretMode     = 0o600
	publicMode     = 0o644
	folderMode     = 0o700
)

// ErrUnfinished means that a folder is a copy that was never completed.
var ErrUnfinished = errors.New("the copy was never completed: remove it and make it again")

func refuseUnfinished(folder string) error {
	if _, err := os.Stat(filepath.Join(folder, unfinishedFile)); err == nil {
		return fmt.Errorf("%s: %w", folder, ErrUnfinished)
	}
	return nil
}

// contents is the list of a copy: what it must have at least.
type contents struct {
	Format  int              `json:"format"`
	Made    time.Time        `json:"made"`
	Ledgers []contentsLedger `json:"ledgers"`
}

type contentsLedger struct {
	ID       id.ID  `json:"id"`
	Name     string `json:"name"`
	Sequence uint64 `json:"sequence"` // last command
	Hash     string `json:"hash"`     // of the group that ends with it, hexadecimal
}

const (
	contentsFormat = 1
	maxContents    = 16 << 20
)

// list tells how far the journals of a copy go.
func listContents(ctx context.Context, j *journal.Journal, made time.Time) (c contents, err error) {
	c = contents{Format: contentsFormat, Made: made.UTC(), Ledgers: []contentsLedger{}}
	listed, err := j.Ledgers(ctx)
	for _, l := range listed {
		last, found, err := j.Last(ctx, l.ID)
		if err != nil {
			return c, err
		}
		entry := contentsLedger{ID: l.ID, Name: l.Name}
		if found {
			entry.Sequence, entry.Hash = last.Next()-1, hex.EncodeToString(last.Hash[:])
		}
		c.Ledgers = append(c.Ledgers, entry)
	}
	return c, err
}

// readContents reads the list of a copy. A node's own folder has none.
func readContents(folder string) (c contents, err error) {
	f, err := os.Open(filepath.Join(folder, contentsFile))
	if errors.Is(err, os.ErrNotExist) {
		return c, nil
	} else if err != nil {
		return c, err
	}
	d := json.NewDecoder(io.LimitReader(f, maxContents))
	if err = errors.Join(d.Decode(&c), f.Close()); err == nil && c.Format != contentsFormat {
		err = fmt.Errorf("format %d is not known", c.Format)
	}
	if err != nil {
		return c, fmt.Errorf("read %s of the copy: %w", contentsFile, err)
	}
	return c, nil
}

func (c *contents) ends() (list []audit.End) {
	for _, l := range c.Ledgers {
		end := audit.End{Ledger: ID(l.ID), Sequence: l.Sequence}
		if n, err := hex.Decode(end.Hash[:], []byte(l.Hash)); l.Sequence > 0 && (err != nil || n != len(end.Hash)) {
			end.Hash = [32]byte{} // which no group has
		}
		list = append(list, end)
	}
	return list
}

// part is a folder that is being made. One process has it at a time.
type part struct {
	path, final string
	lock        *store.Folder
}

// beginPart makes the folder in which a copy grows. What an earlier attempt has left is kept if it is to be gone on with,
// and removed otherwise.
func beginPart(final string, keep bool) (*part, error) {
	final, err := filepath.Abs(final)
	if err != nil {
		return nil, err
	}
	if list, err := os.ReadDir(final); err == nil && len(list) > 0 {
		return nil, fmt.Errorf("%s is there already and not empty: name a new folder", final)
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	p := &part{path: final + partSuffix, final: final}
	if err := p.own(); err != nil {
		return nil, err
	}
	if p.lock, err = store.LockFolder(p.path); err != nil {
		return nil, err
	}
	if err := p.begin(keep); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// own makes sure that the folder is there and is nobody else's.
func (p *part) own() error {
	if err := os.MkdirAll(p.path, folderMode); err != nil {
		return err
	}
	list, err := os.ReadDir(p.path)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return p.mark()
	}
	_, unfinished := os.Stat(p.file(unfinishedFile))
	if _, complete := os.Stat(p.file(completeFile)); complete != nil && unfinished != nil {
		return fmt.Errorf("%s is there and is no unfinished copy: move it away", p.path)
	}
	return nil
}

func (p *part) mark() error {
	err := writeFile(p.file(unfinishedFile), secretMode, strings.NewReader("This copy is not complete.\n"))
	return errors.Join(err, syncFolder(p.path))
}

// begin clears the folder unless its content is kept.
func (p *part) begin(keep bool) error {
	if err := p.mark(); err != nil {
		return err
	}
	if keep {
		err := os.Remove(p.file(completeFile))
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		return err
	}
	return p.clear()
}

// close lets another process have the folder.
func (p *part) close() error { return p.lock.Unlock() }

func (p *part) file(elements ...string) string {
	return filepath.Join(append([]string{p.path}, elements...)...)
}

// clear removes everything but the signs of whose the folder is.
func (p *part) clear() error {
	list, err := os.ReadDir(p.path)
	if err != nil {
		return err
	}
	for _, e := range list {
		if e.Name() != unfinishedFile && e.Name() != lockFile {
			if err := os.RemoveAll(p.file(e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// remove removes the folder.
func (p *part) remove() error {
	if err := p.clear(); err != nil {
		return err
	}
	return os.RemoveAll(p.path)
}

// finish gives the copy its name.
func (p *part) finish() error {
	if err := errors.Join(os.Rename(p.file(unfinishedFile), p.file(completeFile)), syncFolder(p.path)); err != nil {
		return err
	}
	// An empty folder of that name gives way.
	if err := os.Remove(p.final); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Rename(p.path, p.final); err != nil {
		return err
	}
	return errors.Join(syncFolder(filepath.Dir(p.final)), os.Remove(filepath.Join(p.final, lockFile)),
		os.Remove(filepath.Join(p.final, completeFile)))
}

// copyEvidence copies checkpoints and public keys, and the secret ones if asked. It comes before the journal is copied, so
// that no checkpoint says more than the journal has.
func (p *part) copyEvidence(from string, secrets bool) error {
	for _, folder := range []string{checkpoints, keys} {
		list, err := os.ReadDir(filepath.Join(from, folder))
		if errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		if err := os.MkdirAll(p.file(folder), folderMode); err != nil {
			return err
		}
		for _, e := range list {
			source, to := filepath.Join(from, folder, e.Name()), p.file(folder, e.Name())
			_, secret := id.Parse(e.Name())
			switch {
			case folder == checkpoints && strings.HasSuffix(e.Name(), ".log"):
				err = copyLog(source, to)
			case folder == keys && strings.HasSuffix(e.Name(), ".pub"):
				err = copyFile(source, to, publicMode)
			case folder == keys && secrets && secret == nil:
				err = copyFile(source, to, secretMode)
			}
			if err != nil {
				return err
			}
		}
		if err := syncFolder(p.file(folder)); err != nil {
			return err
		}
	}
	return nil
}

// copyFiles copies the files that others keep. It comes last: who writes a row that names a file wrote the file first.
func (p *part) copyFiles(from string) error {
	root := filepath.Join(from, FilesFolder)
	if _, err := os.Stat(root); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var folders []string
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		switch {
		case err != nil:
			return err
		case e.IsDir():
			folders = append(folders, p.file(name))
			return os.MkdirAll(p.file(name), folderMode)
		case !e.Type().IsRegular() || strings.HasPrefix(e.Name(), "."):
			return nil
		}
		return copyFile(path, p.file(name), secretMode)
	})
	for _, folder := range folders {
		err = errors.Join(err, syncFolder(folder))
	}
	return err
}

// copyLog copies a log of checkpoints as far as it is complete: a node may be writing the next one.
func copyLog(from, to string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it is only read
	whole, err := proof.WholeLog(f)
	if err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return writeFile(to, publicMode, io.NewSectionReader(f, 0, whole))
}

func copyFile(from, to string, mode os.FileMode) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	return errors.Join(writeFile(to, mode, f), f.Close())
}

// writeFile writes a file to the disk.
func writeFile(path string, mode os.FileMode, content io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Sync(), f.Close())
}

func (p *part) writeContents(c contents) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(p.file(contentsFile), publicMode, strings.NewReader(string(text)+"\n"))
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
