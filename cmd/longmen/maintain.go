package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/core/audit"
)

// proofs are what a caller has from elsewhere to prove ledgers against.
type proofs struct {
	keys, checkpoints []string
}

func (p *proofs) flags(c *cobra.Command) {
	c.Flags().StringArrayVar(&p.keys, "key", nil, "public key of a ledger from another source, believed instead of the one in the folder; up to once a ledger")
	c.Flags().StringArrayVar(&p.checkpoints, "checkpoint", nil, "file with a checkpoint that was kept elsewhere; repeated for several")
}

// maxNote bounds a file with a checkpoint.
const maxNote = 64 << 10

func (p *proofs) given() ([]audit.Given, error) {
	var list []audit.Given
	for _, name := range p.checkpoints {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		note, err := io.ReadAll(io.LimitReader(f, maxNote))
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		list = append(list, audit.Given{Name: name, Note: note})
	}
	return list, nil
}

func newVerify() *cobra.Command {
	var o longmen.VerifyOptions
	evidence, asJSON := &proofs{}, false
	c := &cobra.Command{
		Use: "verify [FOLDER]", Short: "Prove ledgers from what is stored of them", Args: cobra.MaximumNArgs(1),
		Long: `Prove ledgers from what is stored of them: the chain of the journal, a replay of every command, the tree over commands and
results, every signed checkpoint, history and snapshots against the replay, and what must add up; that rows are readable and speak of
no command that the journal lacks. No node need run and no
secret is needed; a node may run. Nothing is changed. It says which of three it proved: consistent in itself; equal to a
checkpoint that you give; extends an older one. It fails if anything is wrong, and names the command where it shows.`,
		Example: `  longmen verify
  longmen verify /backup/2026-03-01 --checkpoint kept.txt --key "longmen/0195...+c74f20a3+ARpc..."
  longmen verify --dsn postgres://longmen@db.internal/longmen`,
		RunE: func(c *cobra.Command, args []string) error {
			o.Folder = folderOf(c, args)
			o.Keys = evidence.keys
			var err error
			if o.Given, err = evidence.given(); err != nil {
				return err
			}
			o.Tell = teller(c, asJSON)
			report, err := longmen.Verify(c.Context(), o)
			if err != nil {
				return err
			}
			return reported(c, report, asJSON)
		},
	}
	c.Flags().StringVar(&o.DSN, "dsn", "", "PostgreSQL that has journal and history; the folder has the evidence")
	c.Flags().StringVarP(&o.Ledger, "ledger", "l", "", "name of the only ledger to verify; all if empty")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	evidence.flags(c)
	return c
}

func newExport() *cobra.Command {
	var o longmen.ExportOptions
	c := &cobra.Command{
		Use: "export TO", Short: "Copy journal and evidence into a folder that can be verified anywhere", Args: cobra.ExactArgs(1),
		Long: `Copy journal, checkpoints and public keys into a new folder, while the node serves. It is for auditors: it has no rows, which hold personal
data, and "longmen verify" proves it without a server and without secrets. Stopped before its end, it goes on when it is called again.`,
		Example: "  longmen export /audit/2026-03\n  longmen export /audit/2026-03 --dsn postgres://longmen@db.internal/longmen",
		RunE: func(c *cobra.Command, args []string) error {
			o.Folder, o.To, o.Tell = dataOf(c), args[0], teller(c, false)
			if err := longmen.Export(c.Context(), o); err != nil {
				return err
			}
			return say(c, "exported to %s; prove it with: longmen verify %s\n", o.To, o.To)
		},
	}
	c.Flags().StringVar(&o.DSN, "dsn", "", "PostgreSQL that has the journal")
	return c
}

func newBackup() *cobra.Command {
	var o longmen.BackupOptions
	c := &cobra.Command{
		Use: "backup TO", Short: "Copy a data folder while its node serves", Args: cobra.ExactArgs(1),
		Long: `Copy a data folder into a new one while its node serves: books, rows and uploaded files. The copy is there as a whole or not at
all. Token and lookup key are not in it, and neither are the secret keys unless you say so: whoever has them can sign. Books and
rows on PostgreSQL are backed up with its tools.`,
		Example: "  longmen backup /backup/2026-03-01\n  longmen backup /backup/2026-03-01 --history=false",
		RunE: func(c *cobra.Command, args []string) error {
			o.Folder, o.To = dataOf(c), args[0]
			if err := longmen.Backup(c.Context(), o); err != nil {
				return err
			}
			return say(c, "backed up to %s; prove it with: longmen verify %s\n", o.To, o.To)
		},
	}
	c.Flags().BoolVar(&o.History, "history", true, "copy history and snapshots too; without them a node makes them again")
	c.Flags().BoolVar(&o.Keys, "keys", false, "copy the secret keys too")
	return c
}

func newRestore() *cobra.Command {
	var o longmen.RestoreOptions
	evidence, asJSON := &proofs{}, false
	c := &cobra.Command{
		Use: "restore FROM TO", Short: "Make a data folder from a backup and prove it", Args: cobra.ExactArgs(2),
		Long: `Make a data folder from a backup or an export, and prove it as "longmen verify" does before it gets its name: what is there
then is a proved folder, or none. Damaged history and snapshots are left out, since the node makes them again. A folder with rows
needs the lookup key that the node had.`,
		Example: `  longmen restore /backup/2026-03-01 ./longmen-data
  longmen restore /backup/2026-03-01 ./longmen-data --checkpoint kept.txt`,
		RunE: func(c *cobra.Command, args []string) error {
			o.From, o.To, o.Keys, o.Tell = args[0], args[1], evidence.keys, teller(c, asJSON)
			var err error
			if o.Given, err = evidence.given(); err != nil {
				return err
			}
			report, err := longmen.Restore(c.Context(), o)
			if report != nil {
				if shown := showReport(c.OutOrStdout(), report, asJSON); shown != nil {
					return shown
				}
			}
			if err != nil || asJSON {
				return err
			}
			if err := lookupKeyMissing(c, o.To); err != nil {
				return err
			}
			return say(c, "restored to %s; serve it with: longmen serve --data %s\n", o.To, o.To)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	evidence.flags(c)
	return c
}

// lookupKeyMissing says which key a restored folder with rows needs.
func lookupKeyMissing(c *cobra.Command, folder string) error {
	if _, err := os.Stat(filepath.Join(folder, longmen.RowsFile)); err != nil {
		return nil
	}
	return say(c, "no backup has the lookup key, by which identifiers of parties are found: put it into %s, mode 0600, before you serve; if it is lost: longmen rekey\n",
		filepath.Join(folder, longmen.LookupKeyFile))
}

// folderOf is the folder named as a word, or the data folder.
func folderOf(c *cobra.Command, args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	return dataOf(c)
}

func say(c *cobra.Command, format string, args ...any) error {
	_, err := fmt.Fprintf(c.OutOrStdout(), format, args...)
	return err
}

// tellEvery is how often progress is told.
const tellEvery = 2 * time.Second

// teller tells of progress on the side where errors go, so that the answer stays clean.
func teller(c *cobra.Command, silent bool) func(audit.Progress) {
	if silent {
		return nil
	}
	next := time.Now().Add(tellEvery)
	return func(p audit.Progress) {
		if now := time.Now(); now.After(next) {
			next = now.Add(tellEvery)
			fmt.Fprintf(c.ErrOrStderr(), "%s: %s %d of %d\n", p.Ledger, p.Stage, p.Done, p.Total)
		}
	}
}

// reported shows a report; what is wrong ends the program as a failure.
func reported(c *cobra.Command, r *audit.Report, asJSON bool) error {
	if err := showReport(c.OutOrStdout(), r, asJSON); err != nil {
		return err
	}
	if !r.Sound {
		return errSaid
	}
	return context.Cause(c.Context())
}

func showReport(w io.Writer, r *audit.Report, asJSON bool) error {
	if asJSON {
		return printJSON(w, r)
	}
	for i := range r.Ledgers {
		if err := showLedger(w, &r.Ledgers[i]); err != nil {
			return err
		}
	}
	if err := showFindings(w, r.Findings); err != nil {
		return err
	}
	verdict := "everything is sound"
	switch {
	case !r.Truth:
		verdict = "NOT SOUND: the truth itself is damaged"
	case !r.Sound:
		verdict = "NOT SOUND: what is damaged can be made again from the journal"
	}
	_, err := fmt.Fprintln(w, verdict)
	return err
}

func showLedger(w io.Writer, l *audit.Ledger) error {
	instant := func(t *time.Time) string {
		if t == nil {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	key := l.Key
	if l.KeyGiven {
		key += " (given)"
	}
	history := ""
	if l.History != nil {
		history = fmt.Sprintf("compared up to %d", *l.History)
	}
	var snapshots []string
	for _, s := range l.Snapshots {
		snapshots = append(snapshots, fmt.Sprint(s))
	}
	list := []string{
		"ledger", l.Name, "id", l.ID.String(), "clock", l.Clock, "commands", fmt.Sprintf("%d in %d groups, %d refused", l.Commands, l.Groups, l.Refused),
		"from", instant(l.First), "to", instant(l.Last),
		"state", fmt.Sprintf("%d accounts, %d registers, %d holdings, %d holds", l.Accounts, l.Registers, l.Holdings, l.Holds),
		"key", key, "checkpoints", fmt.Sprintf("%d, the newest covers %d", l.Checkpoints, l.Covered), "history", history,
		"snapshots", strings.Join(snapshots, ", "), "undoings", count(l.Undoings),
	}
	for _, p := range l.Proved {
		proved := fmt.Sprintf("%s, %d commands", p.Proven, p.Size)
		if p.Name != "" {
			proved += " (" + p.Name + ")"
		}
		list = append(list, "proved", proved)
	}
	for _, remark := range l.Remarks {
		list = append(list, "remark", remark)
	}
	if err := pairs(w, list...); err != nil {
		return err
	}
	if err := showFindings(w, l.Findings); err != nil {
		return err
	}
	more := ""
	if l.Omitted > 0 {
		more = fmt.Sprintf("and %d more\n", l.Omitted)
	}
	_, err := fmt.Fprintln(w, more)
	return err
}

func showFindings(w io.Writer, list []audit.Finding) error {
	for _, f := range list {
		where := string(f.Part)
		if f.Sequence > 0 {
			where = fmt.Sprintf("%s, command %d", f.Part, f.Sequence)
		}
		if _, err := fmt.Fprintf(w, "WRONG  %s: %s\n       %s\n", where, f.What, f.Do); err != nil {
			return err
		}
	}
	return nil
}
