package audit

import (
	"cmp"
	"slices"
	"time"

	"github.com/longmen/longmen/kit/id"
)

// Part is where something is wrong.
type Part string

// The parts of a ledger as it is stored.
const (
	PartJournal    Part = "journal"    // the truth
	PartCheckpoint Part = "checkpoint" // evidence
	PartKey        Part = "key"
	PartState      Part = "state"    // what the replay made: a defect of the program
	PartHistory    Part = "history"  // made from the journal, and can be made again
	PartSnapshot   Part = "snapshot" // made from the journal, and can be made again
	PartRows       Part = "rows"     // beside the ledgers
)

// Rebuildable reports whether it can be made again from the journal.
func (p Part) Rebuildable() bool { return p == PartHistory || p == PartSnapshot }

// Finding is one thing that is wrong.
type Finding struct {
	Part     Part   `json:"part"`
	Sequence uint64 `json:"sequence,omitempty"` // of the command where it shows, 0 when it is of none
	What     string `json:"what"`
	Do       string `json:"do"`
}

// Proven is what was proved about a ledger.
type Proven string

// The three things that can be proved.
const (
	// Consistent: what is stored fits together and follows from the journal.
	Consistent Proven = "consistent in itself"
	// Equal: the ledger is, to its last command, what the checkpoint says.
	Equal Proven = "equal to the checkpoint"
	// Extends: the ledger begins with what the older checkpoint says, and goes on.
	Extends Proven = "extends the older checkpoint"
)

// Proof is one thing that was proved.
type Proof struct {
	Proven Proven `json:"proven"`
	Name   string `json:"name,omitempty"` // of the checkpoint, as the caller gave it
	Size   uint64 `json:"size"`           // commands that it covers
}

// Ledger is what was found of one ledger.
type Ledger struct {
	Name      string     `json:"name"`
	ID        id.ID      `json:"id"`
	Clock     string     `json:"clock,omitempty"` // real or simulated
	Zone      string     `json:"zone,omitempty"`
	Commands  uint64     `json:"commands"`
	Refused   uint64     `json:"refused"` // of them
	Groups    uint64     `json:"groups"`
	Bytes     uint64     `json:"bytes"`
	First     *time.Time `json:"first,omitempty"` // booking time of the first command
	Last      *time.Time `json:"last,omitempty"`
	Epoch     uint64     `json:"epoch"`
	Engine    uint16     `json:"engine"` // version in force at the end
	Root      string     `json:"root,omitempty"`
	State     string     `json:"state,omitempty"` // digest, hexadecimal
	Accounts  int        `json:"accounts"`
	Registers int        `json:"registers"`
	Holdings  int        `json:"holdings"`
	Holds     int        `json:"holds"`

	Key         string   `json:"key,omitempty"` // the public key that was believed
	KeyGiven    bool     `json:"key_given"`     // by the caller, not found in the folder
	Checkpoints uint64   `json:"checkpoints"`   // stored ones that the replay confirms
	Covered     uint64   `json:"covered"`       // commands that the newest of them covers
	Unfinished  int64    `json:"unfinished,omitempty"`
	History     *uint64  `json:"history,omitempty"` // how far it was compared; absent when there is none
	Snapshots   []uint64 `json:"snapshots,omitempty"`
	Undoings    uint64   `json:"undoings"` // commands that undo, whose past was compared

	Proved   []Proof   `json:"proved"`
	Remarks  []string  `json:"remarks,omitempty"` // worth knowing, not wrong
	Findings []Finding `json:"findings"`
	Omitted  int       `json:"omitted,omitempty"` // findings beyond the most that are told
}

// Sound reports whether nothing is wrong.
func (l *Ledger) Sound() bool { return len(l.Findings) == 0 }

// Report is the outcome of an audit.
type Report struct {
	Sound    bool      `json:"sound"`
	Truth    bool      `json:"truth"` // nothing is wrong that can't be made again from the journal
	Ledgers  []Ledger  `json:"ledgers"`
	Findings []Finding `json:"findings"` // of what belongs to no ledger
}

// settle works out what holds for all.
func (r *Report) settle() {
	r.Truth = true
	r.Sound = len(r.Findings) == 0
	judge := func(list []Finding) {
		for i := range list {
			r.Truth = r.Truth && list[i].Part.Rebuildable()
		}
	}
	judge(r.Findings)
	for i := range r.Ledgers {
		l := &r.Ledgers[i]
		r.Sound = r.Sound && l.Sound()
		judge(l.Findings)
		slices.SortStableFunc(l.Findings, func(a, b Finding) int { return cmp.Compare(rank(a.Part), rank(b.Part)) })
	}
}

// rank puts first what weighs most.
func rank(p Part) int {
	return slices.Index([]Part{PartJournal, PartState, PartCheckpoint, PartKey, PartHistory, PartSnapshot, PartRows}, p)
}

// What to do about a finding.
const (
	doJournal = "the journal is the truth and can't be made again: stop the node, keep this folder as it is, and restore the newest backup that is sound; " +
		"what was signed and kept elsewhere says what is missing"
	doRewritten = "the journal, or how this program applies it, is not what it was when this was signed: keep both, compare with a backup, " +
		"and verify with the program version that made it"
	doBehind     = "bring the journal back from a backup that goes so far; nothing of what is missing can be made again from here"
	doProgram    = "this is a defect of the program: keep the journal and report it"
	doNewer      = "verify with a newer version of this program"
	doEvidence   = "the journal stands by itself, but this evidence is worth nothing any more: take the checkpoints from a copy that was kept elsewhere"
	doKey        = "give the ledger's public key with --key, from where it was kept"
	doHistory    = "stop the node, remove the history, and start the node: it makes history again from the journal"
	doSnapshot   = "stop the node and remove the file: the node starts from an older one or from the journal"
	doUndoing    = "what this command was told of the past is not what happened: the money that it moved must be looked at by people"
	doTwice      = "one wish was carried out twice: people must look at what both commands moved and undo the second; report it, for the node lets no id through twice"
	doLedgerList = "put the ledger's row back from a backup; without it the node doesn't know its journal"
)

// Progress is how far an audit has come.
type Progress struct {
	Ledger string
	Stage  string
	Done   uint64 // commands
	Total  uint64
}

// The stages of an audit.
const (
	StageReplay   = "replay"
	StageState    = "state"
	StageSnapshot = "snapshots"
)
