package bench

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/id"
)

func TestIDsAreNewAndOfNow(t *testing.T) {
	s, seen := newIDs(1), map[ledger.ID]bool{}
	for range 1000 {
		own := s.next()
		if err := id.ID(own).Check(); err != nil || seen[own] {
			t.Fatal(own, err)
		}
		if age := time.Since(time.UnixMicro(id.ID(own).Micros())); age < 0 || age > time.Minute {
			t.Fatalf("%v is of %v ago", own, age)
		}
		seen[own] = true
		var text [36]byte
		textID(text[:], &own)
		if string(text[:]) != own.String() {
			t.Fatalf("%s is written as %s", own, text)
		}
	}
}

// A batch is what the generated code reads, and only its ids change from one sending to the next.
func TestBatchKeepsAllButItsIDs(t *testing.T) {
	s := newIDs(1)
	b, err := newBatch("main", []*ledger.Command{
		{ID: s.next(), Operations: []ledger.Operation{&ledger.Transfer{Debit: "a:1", Credit: "a:2", Mode: ledger.Exact, Amount: 7}}},
		{ID: s.next(), Purpose: 9, Operations: []ledger.Operation{&ledger.Distribute{Register: "r", Payer: "a:1", Amounts: []int64{5, 6}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	read := func() *pb.ApplyRequest {
		m := &pb.ApplyRequest{}
		if err := proto.Unmarshal(b.message, m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	first := read()
	s.fill(b.ids...)
	second := read()
	if len(first.Commands) != 2 || first.Commands[1].Operations[0].GetDistribute().GetAmounts()[1] != 6 {
		t.Fatalf("%v", first)
	}
	for i := range first.Commands {
		if string(first.Commands[i].Id) == string(second.Commands[i].Id) {
			t.Errorf("command %d is sent twice", i)
		}
		second.Commands[i].Id = first.Commands[i].Id
	}
	if !proto.Equal(first, second) {
		t.Errorf("more than the ids has changed:\n%v\n%v", first, second)
	}
}

func TestAppliedCountsResultsAndFindsRefusals(t *testing.T) {
	answer := &pb.ApplyResponse{Results: []*pb.Result{
		{Sequence: 3, Timestamp: 5, Date: 6}, {Sequence: 4, Outputs: []*pb.Output{{Amount: 3}}},
	}}
	b, _ := proto.Marshal(answer)
	if n, err := applied(b); n != 2 || err != nil {
		t.Error(n, err)
	}
	answer.Results = append(answer.Results, &pb.Result{Sequence: 5, Code: pb.Code_CODE_BALANCE_TOO_LOW})
	b, _ = proto.Marshal(answer)
	if n, err := applied(b); n != 2 || err == nil {
		t.Error(n, err)
	}
}
