package order

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

func (n New) prepare(k *Kinds) (*write, error) {
	if err := checkID("id", n.ID); err != nil {
		return nil, err
	}
	m := k.byCode[n.Kind]
	if m == nil {
		return nil, invalid("kind", "%.40q is no kind of order here", n.Kind)
	}
	if err := n.check(); err != nil {
		return nil, err
	}
	if !slices.Contains(m.By, n.Role) {
		return nil, errs.Forbidden.Errorf("role %q may not open an order of kind %s", n.Role, n.Kind).On("role")
	}
	w := &write{id: n.ID, order: n.ID, opens: true, kind: m, kinds: k, version: 1, act: n.Act}
	var err error
	if w.parties, err = checkParties(n.Parties); err != nil {
		return nil, err
	}
	if w.attributes, err = Canonical(n.Attributes); err != nil {
		return nil, err
	}
	return w, w.finish(n.Amounts, n.References)
}

func (c Change) prepare(k *Kinds) (*write, error) {
	if err := checkID("id", c.ID); err != nil {
		return nil, err
	}
	if err := checkID("order", c.Order); err != nil {
		return nil, err
	}
	if c.ID == c.Order {
		return nil, invalid("id", "it is the order's: a change has an id of its own")
	}
	if c.Version < 1 || c.Version > maxVersion {
		return nil, invalid("version", "%d: give the version of the order that you have seen, 1 to %d", c.Version, maxVersion)
	}
	if err := checkCode("transition", c.Transition); err != nil {
		return nil, err
	}
	if c.Kind != "" {
		if err := checkCode("kind", c.Kind); err != nil {
			return nil, err
		}
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	w := &write{id: c.ID, order: c.Order, of: c.Kind, having: c.Having, kinds: k, version: c.Version, transition: c.Transition, act: c.Act}
	if c.Attributes != nil {
		var err error
		if w.attributes, err = Canonical(c.Attributes); err != nil {
			return nil, err
		}
	}
	return w, w.finish(c.Amounts, c.References)
}

func (a *Act) check() error {
	for _, err := range []error{
		checkID("actor", a.Actor), checkAnyID("behalf", a.Behalf), checkCode("role", a.Role), checkAnyID("approval", a.Approval),
		checkAnyID("evidence.ledger", a.Evidence.Ledger), checkAnyID("evidence.command", a.Evidence.Command),
	} {
		if err != nil {
			return err
		}
	}
	if a.Reason != "" {
		if err := checkCode("reason", a.Reason); err != nil {
			return err
		}
	}
	e := a.Evidence
	if e.Command.IsZero() && e != (Evidence{}) {
		return invalid("evidence.command", "it is missing: a ledger or a sequence is said with the command's id")
	}
	if e.Sequence > maxPlace {
		return invalid("evidence.sequence", "%d is more than a ledger counts", e.Sequence)
	}
	return nil
}

func checkParties(list []Party) ([]Party, error) {
	if len(list) < 1 || len(list) > MaxParties {
		return nil, invalid("parties", "%d given, want 1 to %d", len(list), MaxParties)
	}
	for i, p := range list {
		if err := checkCode(at("parties", i, "part"), p.Part); err != nil {
			return nil, err
		}
		if err := checkID(at("parties", i, "party"), p.Party); err != nil {
			return nil, err
		}
		if slices.Contains(list[:i], p) {
			return nil, invalid(at("parties", i, ""), "the party is given twice with the part %s", p.Part)
		}
	}
	return slices.SortedFunc(slices.Values(list), func(a, b Party) int {
		return cmp.Or(cmp.Compare(a.Part, b.Part), bytes.Compare(a.Party[:], b.Party[:]))
	}), nil
}

func checkAmounts(list []Amount) ([]Amount, error) {
	if len(list) > MaxAmounts {
		return nil, invalid("amounts", "%d given, at most %d", len(list), MaxAmounts)
	}
	for i, a := range list {
		if err := checkCode(at("amounts", i, "code"), a.Code); err != nil {
			return nil, err
		}
		if err := checkAsset(at("amounts", i, "asset"), a.Asset); err != nil {
			return nil, err
		}
		if a.Amount > MaxAmount || a.Amount < -MaxAmount {
			return nil, invalid(at("amounts", i, "amount"), "%d is beyond 10^18 minor units", a.Amount)
		}
		if slices.ContainsFunc(list[:i], func(b Amount) bool { return a.Code == b.Code }) {
			return nil, invalid(at("amounts", i, "code"), "%s is given twice", a.Code)
		}
	}
	return sortAmounts(slices.Clone(list)), nil
}

func sortAmounts(list []Amount) []Amount {
	slices.SortFunc(list, func(a, b Amount) int { return cmp.Compare(a.Code, b.Code) })
	return list
}

func checkReferences(list []Reference) ([]Reference, error) {
	if len(list) > MaxReferences {
		return nil, invalid("references", "%d given, at most %d", len(list), MaxReferences)
	}
	for i, r := range list {
		if r.Type == 0 {
			return nil, invalid(at("references", i, "type"), "it is missing: types are 1 to 65535")
		}
		if r.Value == [16]byte{} {
			return nil, invalid(at("references", i, "value"), "it is missing: give 16 bytes that are not all zero")
		}
		if slices.Contains(list[:i], r) {
			return nil, invalid(at("references", i, ""), "it is given twice")
		}
	}
	return sortReferences(slices.Clone(list)), nil
}

func sortReferences(list []Reference) []Reference {
	slices.SortFunc(list, func(a, b Reference) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), bytes.Compare(a.Value[:], b.Value[:]))
	})
	return list
}

// finish checks what an opening and a change have in common, and takes the hash of the whole.
func (w *write) finish(amounts []Amount, references []Reference) error {
	var err error
	if w.amounts, err = checkAmounts(amounts); err != nil {
		return err
	}
	if w.references, err = checkReferences(references); err != nil {
		return err
	}
	w.hash = w.digest()
	return nil
}

// digest is the hash of the content: SHA-256 of all fields in a fixed order, what varies in length after its length.
func (w *write) digest() [32]byte {
	b := make([]byte, 0, 512)
	text := func(s string) { b = append(append(b, byte(len(s))), s...) } // codes, at most 32 bytes
	ids := func(list ...id.ID) {
		for _, i := range list {
			b = append(b, i[:]...)
		}
	}
	b = append(b, 1) // the format
	ids(w.id, w.order)
	if w.opens {
		text(w.kind.Code)
	} else {
		text(w.of)
	}
	b = binary.LittleEndian.AppendUint32(b, w.version)
	text(w.transition)
	ids(w.act.Actor, w.act.Behalf, w.act.Approval, w.act.Evidence.Ledger, w.act.Evidence.Command)
	b = binary.LittleEndian.AppendUint64(b, w.act.Evidence.Sequence)
	text(w.act.Role)
	text(w.act.Reason)
	b = append(b, byte(len(w.parties)))
	for _, p := range w.parties {
		text(p.Part)
		ids(p.Party)
	}
	b = append(b, byte(len(w.amounts)))
	for _, a := range w.amounts {
		text(a.Code)
		text(a.Asset)
		b = binary.LittleEndian.AppendUint64(b, uint64(a.Amount))
	}
	b = append(b, byte(len(w.references)))
	for _, r := range w.references {
		b = binary.LittleEndian.AppendUint16(b, r.Type)
		b = append(b, r.Value[:]...)
	}
	if w.having != (Reference{}) {
		b = append(binary.LittleEndian.AppendUint16(b, w.having.Type), w.having.Value[:]...)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(w.attributes)))
	return sha256.Sum256(append(b, w.attributes...))
}
