package rpc

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/longmen/longmen/api"
	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
)

// applyAnswer is an ApplyResponse that is written to the wire straight from the answers.
type applyAnswer struct{ answers []api.Answer }

// Field numbers of the messages that are written by hand.
const (
	fieldResults = 1 // ApplyResponse

	fieldSequence  = 1 // Result
	fieldTimestamp = 2
	fieldDate      = 3
	fieldCode      = 4
	fieldOperation = 5
	fieldRepeated  = 6
	fieldMessage   = 7
	fieldOutputs   = 8
)

// appendApply appends the response. Results are short, so their length mostly fits the byte that is kept for it.
func appendApply(b []byte, answers []api.Answer) ([]byte, error) {
	var err error
	for i := range answers {
		b = protowire.AppendTag(b, fieldResults, protowire.BytesType)
		at := len(b)
		b = append(b, 0)
		if b, err = appendResult(b, &answers[i]); err != nil {
			return nil, err
		}
		n := len(b) - at - 1
		if n < 0x80 {
			b[at] = byte(n)
			continue
		}
		more := protowire.SizeVarint(uint64(n)) - 1
		b = append(b, make([]byte, more)...)
		copy(b[at+1+more:], b[at+1:at+1+n])
		protowire.AppendVarint(b[:at], uint64(n))
	}
	return b, nil
}

func appendResult(b []byte, a *api.Answer) ([]byte, error) {
	r := &a.Result
	b = appendVarint(b, fieldSequence, r.Sequence)
	b = appendVarint(b, fieldTimestamp, uint64(r.Timestamp))
	b = appendVarint(b, fieldDate, uint64(r.Date))
	b = appendVarint(b, fieldCode, uint64(r.Code))
	b = appendVarint(b, fieldOperation, uint64(r.Index))
	if a.Repeated {
		b = appendVarint(b, fieldRepeated, 1)
	}
	if a.Why != "" {
		b = protowire.AppendTag(b, fieldMessage, protowire.BytesType)
		b = protowire.AppendString(b, a.Why)
	}
	for i := range r.Outputs {
		o := outputFrom(&r.Outputs[i])
		b = protowire.AppendTag(b, fieldOutputs, protowire.BytesType)
		b = protowire.AppendVarint(b, uint64(proto.Size(o)))
		var err error
		if b, err = (proto.MarshalOptions{UseCachedSize: true}).MarshalAppend(b, o); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// balancesAnswer is a BalancesResponse that is written to the wire straight from the balances.
type balancesAnswer struct {
	at       api.Position
	balances []ledger.AccountState
}

// Field numbers of the messages of Balances.
const (
	fieldBalances = 3 // BalancesResponse; sequence and timestamp are as in Result

	fieldMissing     = 1 // Balance
	fieldBalance     = 2
	fieldAvailable   = 3
	fieldDebits      = 4
	fieldCredits     = 5
	fieldDebitsHeld  = 6
	fieldCreditsHeld = 7
	fieldFrozen      = 8
)

// appendBalances appends the response. A balance has at most 79 bytes, so its length fits one.
func appendBalances(b []byte, m *balancesAnswer) []byte {
	b = appendVarint(b, fieldSequence, m.at.Sequence)
	b = appendVarint(b, fieldTimestamp, uint64(m.at.Timestamp))
	for i := range m.balances {
		v := &m.balances[i]
		b = protowire.AppendTag(b, fieldBalances, protowire.BytesType)
		at := len(b)
		b = append(b, 0)
		if v.Number != 0 {
			b = appendVarint(b, fieldBalance, uint64(v.Balance()))
			b = appendVarint(b, fieldAvailable, uint64(v.Available()))
			b = appendVarint(b, fieldDebits, uint64(v.Debits))
			b = appendVarint(b, fieldCredits, uint64(v.Credits))
			b = appendVarint(b, fieldDebitsHeld, uint64(v.DebitsHeld))
			b = appendVarint(b, fieldCreditsHeld, uint64(v.CreditsHeld))
			b = appendVarint(b, fieldFrozen, uint64(v.Frozen))
		} else {
			b = appendVarint(b, fieldMissing, 1)
		}
		b[at] = byte(len(b) - at - 1)
	}
	return b
}

// balancesFrom makes the message of it.
func balancesFrom(m *balancesAnswer) *pb.BalancesResponse {
	response := &pb.BalancesResponse{Sequence: m.at.Sequence, Timestamp: int64(m.at.Timestamp)}
	for i := range m.balances {
		v := &m.balances[i]
		if v.Number == 0 {
			response.Balances = append(response.Balances, &pb.Balance{Missing: true})
			continue
		}
		response.Balances = append(response.Balances, &pb.Balance{
			Balance: v.Balance(), Available: v.Available(), Debits: v.Debits, Credits: v.Credits,
			DebitsHeld: v.DebitsHeld, CreditsHeld: v.CreditsHeld, Frozen: v.Frozen,
		})
	}
	return response
}

// appendVarint leaves a zero out, as proto3 does.
func appendVarint(b []byte, field protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
}

// resultFrom makes the message of an answer.
func resultFrom(a *api.Answer) *pb.Result {
	r := &a.Result
	m := &pb.Result{
		Sequence: r.Sequence, Timestamp: int64(r.Timestamp), Date: int32(r.Date), Code: pb.Code(r.Code), Operation: uint32(r.Index),
		Repeated: a.Repeated, Message: a.Why,
	}
	for i := range r.Outputs {
		m.Outputs = append(m.Outputs, outputFrom(&r.Outputs[i]))
	}
	return m
}

func outputFrom(o *ledger.Output) *pb.Output {
	m := &pb.Output{
		Operation: uint32(o.Index), Amount: o.Amount, Units: o.Units, Count: o.Count, Deducted: o.Deducted,
		Unclaimed: o.Unclaimed, UnclaimedAmount: o.Set, SetOffs: o.SetOffs, SetOffAmount: o.SetOff,
	}
	for i := range o.Tranches {
		t := &o.Tranches[i]
		m.Tranches = append(m.Tranches, &pb.Tranche{
			Amount: t.Amount, Units: t.Units, Q: int128From(t.Q), Rem: int128From(t.Rem),
			CutDeficit: int128From(t.Cut.Deficit), CutUnits: t.Cut.Units, CutHolder: t.Cut.Holder,
		})
	}
	for _, missing := range o.Missing {
		m.Missing = append(m.Missing, &pb.Missing{Account: missing.Account, Amount: missing.Amount})
	}
	return m
}

func int128From(v share.Int128) *pb.Int128 { return &pb.Int128{High: v.Hi, Low: v.Lo} }
