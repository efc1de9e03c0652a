package rpc

import (
	"errors"
	"fmt"

	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/id"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// applyCall is an ApplyRequest, read from the wire straight into commands: the generated messages would be made only to
// be thrown away, at more than twice the cost. What is not a plain transfer goes through the generated code.
type applyCall struct {
	ledger   string
	commands []*ledger.Command
	refused  []*ledger.Refusal // by command; nil for those that can be applied
}

// Field numbers of the messages that are read by hand.
const (
	fieldLedger   = 1 // ApplyRequest
	fieldCommands = 2

	fieldID         = 1 // Command
	fieldOperations = 2
	fieldPurpose    = 3
	fieldEffective  = 4
	fieldActor      = 5
	fieldBehalf     = 6
	fieldApproval   = 7
	fieldTrace      = 8
	fieldReferences = 9

	fieldTransfer = 1 // Operation

	fieldDebit    = 1 // Transfer
	fieldCredit   = 2
	fieldAmount   = 3
	fieldMode     = 4
	fieldReceived = 5

	fieldType  = 1 // Reference
	fieldValue = 2
)

var errWire = errors.New("the bytes are not a protobuf message")

// decodeApply reads the request. The call shares nothing with data.
func decodeApply(data []byte, call *applyCall) error {
	w := wire{s: string(data)}
	count := 0
	for outer := w; outer.more(); {
		num, typ := outer.tag()
		if num == fieldCommands && typ == protowire.BytesType {
			count++
		}
		outer.skip(num, typ)
	}
	*call = applyCall{commands: make([]*ledger.Command, 0, count), refused: make([]*ledger.Refusal, 0, count)}
	slab := slab{
		commands:   make([]ledger.Command, 0, count),
		transfers:  make([]ledger.Transfer, 0, count),
		operations: make([]ledger.Operation, 0, count),
	}
	for w.more() {
		num, typ := w.tag()
		switch {
		case num == fieldLedger && typ == protowire.BytesType:
			call.ledger = w.bytes()
		case num == fieldCommands && typ == protowire.BytesType:
			command, refused, err := slab.command(w.bytes())
			if err != nil {
				return fmt.Errorf("commands[%d]: %w", len(call.commands), err)
			}
			call.commands = append(call.commands, command)
			call.refused = append(call.refused, refused)
		default:
			w.skip(num, typ)
		}
	}
	if w.bad {
		return errWire
	}
	return nil
}

// balancesCall is a BalancesRequest, read from the wire by hand.
type balancesCall struct {
	ledger    string
	addresses []string
	sequence  uint64
}

// Field numbers of BalancesRequest.
const (
	fieldAddresses = 2
	fieldAtLeast   = 3
)

func decodeBalances(data []byte, call *balancesCall) error {
	w := wire{s: string(data)}
	*call = balancesCall{}
	for w.more() {
		num, typ := w.tag()
		switch {
		case num == fieldLedger && typ == protowire.BytesType:
			call.ledger = w.bytes()
		case num == fieldAddresses && typ == protowire.BytesType:
			call.addresses = append(call.addresses, w.bytes())
		case num == fieldAtLeast && typ == protowire.VarintType:
			call.sequence = w.varint()
		default:
			w.skip(num, typ)
		}
	}
	if w.bad {
		return errWire
	}
	return nil
}

// slab holds the parts of a batch's commands, so that they are made in a few pieces and not one by one.
type slab struct {
	commands   []ledger.Command
	transfers  []ledger.Transfer
	operations []ledger.Operation
}

// command reads one command. A field that can't be is a refusal of this command; bytes that are no message are an error.
func (b *slab) command(s string) (*ledger.Command, *ledger.Refusal, error) {
	b.commands = append(b.commands, ledger.Command{})
	c := &b.commands[len(b.commands)-1]
	first := len(b.operations)
	var refused *ledger.Refusal
	fault := func(index int, err error) {
		if refused == nil && err != nil {
			refused = &ledger.Refusal{Code: ledger.Malformed, Index: uint16(index), Why: err.Error()}
		}
	}
	w := wire{s: s}
	for w.more() {
		num, typ := w.tag()
		switch {
		case typ == protowire.BytesType && num == fieldOperations:
			op, err, broken := b.operation(w.bytes())
			if broken != nil {
				return nil, nil, fmt.Errorf("operations[%d]: %w", len(b.operations)-first, broken)
			}
			if at := len(b.operations) - first; at < ledger.MaxOperations {
				fault(at, err)
			}
			b.operations = append(b.operations, op)
		case typ == protowire.BytesType && num == fieldID:
			fault(0, readID("id", w.bytes(), &c.ID))
			if !c.ID.IsZero() {
				fault(0, newID(c.ID))
			}
		case typ == protowire.BytesType && num == fieldActor:
			fault(0, readID("actor", w.bytes(), &c.Actor))
		case typ == protowire.BytesType && num == fieldBehalf:
			fault(0, readID("behalf", w.bytes(), &c.Behalf))
		case typ == protowire.BytesType && num == fieldApproval:
			fault(0, readID("approval", w.bytes(), &c.Approval))
		case typ == protowire.BytesType && num == fieldTrace:
			fault(0, readID("trace", w.bytes(), &c.Trace))
		case typ == protowire.BytesType && num == fieldReferences:
			r, err := w.reference(w.bytes())
			if err != nil {
				err = fmt.Errorf("references[%d].%w", len(c.References), err)
			}
			fault(0, err)
			c.References = append(c.References, r)
		case typ == protowire.VarintType && num == fieldPurpose:
			c.Purpose = uint32(w.varint())
		case typ == protowire.VarintType && num == fieldEffective:
			c.Effective = ledger.Date(int32(w.varint()))
		default:
			w.skip(num, typ)
		}
	}
	if w.bad {
		return nil, nil, errWire
	}
	c.Operations = b.operations[first:len(b.operations):len(b.operations)]
	return c, refused, nil
}

// operation reads one operation: by hand if it is nothing but a transfer, else by the generated code.
func (b *slab) operation(s string) (op ledger.Operation, fault, broken error) {
	w := wire{s: s}
	if num, typ := w.tag(); num == fieldTransfer && typ == protowire.BytesType {
		if body := w.bytes(); !w.bad && !w.more() {
			t, ok := b.transfer(body)
			if !ok {
				return nil, nil, errWire
			}
			return t, nil, nil
		}
	}
	var m pb.Operation
	if err := proto.Unmarshal([]byte(s), &m); err != nil {
		return nil, nil, errWire
	}
	op, fault = operationOf(&m)
	return op, fault, nil
}

func (b *slab) transfer(s string) (*ledger.Transfer, bool) {
	b.transfers = append(b.transfers, ledger.Transfer{})
	t := &b.transfers[len(b.transfers)-1]
	mode := pb.TransferMode(0)
	w := wire{s: s}
	for w.more() {
		num, typ := w.tag()
		switch {
		case typ == protowire.BytesType && num == fieldDebit:
			t.Debit = w.bytes()
		case typ == protowire.BytesType && num == fieldCredit:
			t.Credit = w.bytes()
		case typ == protowire.BytesType && num == fieldReceived:
			t.Received = w.bytes()
		case typ == protowire.VarintType && num == fieldAmount:
			t.Amount = int64(w.varint())
		case typ == protowire.VarintType && num == fieldMode:
			mode = pb.TransferMode(int32(w.varint()))
		default:
			w.skip(num, typ)
		}
	}
	t.Mode = transferMode(mode)
	return t, !w.bad
}

func (w *wire) reference(s string) (ref ledger.Reference, fault error) {
	r := wire{s: s}
	for r.more() {
		num, typ := r.tag()
		switch {
		case typ == protowire.VarintType && num == fieldType:
			v := uint32(r.varint())
			if v > 1<<16-1 {
				fault = fmt.Errorf("type: %d is above 65535", v)
			}
			ref.Type = uint16(v)
		case typ == protowire.BytesType && num == fieldValue:
			if err := readID("value", r.bytes(), (*ledger.ID)(&ref.Value)); err != nil {
				fault = err
			}
		default:
			r.skip(num, typ)
		}
	}
	w.bad = w.bad || r.bad
	return ref, fault
}

// newID refuses ids that only the program makes.
func newID(own ledger.ID) error {
	if err := id.ID(own).CheckNew(); err != nil {
		return fmt.Errorf("id: %w", err)
	}
	return nil
}

// readID takes 16 bytes, or none for an id that is absent.
func readID[S string | []byte](field string, s S, id *ledger.ID) error {
	switch len(s) {
	case 0:
		*id = ledger.ID{}
	case len(id):
		copy(id[:], s)
	default:
		return fmt.Errorf("%s: has %d bytes, an id has 16", field, len(s))
	}
	return nil
}

// wire takes protobuf fields from the front of s. After the first fault bad is set and s is empty.
type wire struct {
	s   string
	bad bool
}

func (w *wire) more() bool { return len(w.s) > 0 }

func (w *wire) fail() {
	w.bad, w.s = true, ""
}

func (w *wire) varint() uint64 {
	if len(w.s) > 0 && w.s[0] < 0x80 {
		v := uint64(w.s[0])
		w.s = w.s[1:]
		return v
	}
	return w.longVarint()
}

func (w *wire) longVarint() uint64 {
	var v uint64
	for i := 0; i < len(w.s) && i < 10; i++ {
		b := w.s[i]
		if i == 9 && b > 1 {
			break
		}
		v |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			w.s = w.s[i+1:]
			return v
		}
	}
	w.fail()
	return 0
}

func (w *wire) tag() (protowire.Number, protowire.Type) {
	v := w.varint()
	num, typ := protowire.DecodeTag(v)
	if num < protowire.MinValidNumber || num > protowire.MaxValidNumber {
		w.fail()
	}
	return num, typ
}

func (w *wire) bytes() string {
	n := w.varint()
	if n > uint64(len(w.s)) {
		w.fail()
		return ""
	}
	v := w.s[:n]
	w.s = w.s[n:]
	return v
}

// skip passes over a field that is not known here.
func (w *wire) skip(num protowire.Number, typ protowire.Type) { w.pass(num, typ, maxGroups) }

// maxGroups bounds how deep groups stand in each other. Nobody has sent one for years.
const maxGroups = 100

func (w *wire) pass(num protowire.Number, typ protowire.Type, depth int) {
	switch typ {
	case protowire.VarintType:
		w.varint()
	case protowire.BytesType:
		w.bytes()
	case protowire.Fixed32Type:
		w.drop(4)
	case protowire.Fixed64Type:
		w.drop(8)
	case protowire.StartGroupType:
		for depth > 0 && w.more() {
			inner, typ := w.tag()
			if typ == protowire.EndGroupType && inner == num {
				return
			}
			w.pass(inner, typ, depth-1)
		}
		w.fail()
	default:
		w.fail()
	}
}

func (w *wire) drop(n int) {
	if len(w.s) < n {
		w.fail()
		return
	}
	w.s = w.s[n:]
}
