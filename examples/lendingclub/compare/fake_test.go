package compare

import (
	"context"
	"fmt"
	"sync"

	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/examples/lendingclub/client"
	"github.com/longmen/longmen/examples/lendingclub/recount"
)

// fake is a ledger for the few operations that the play uses, small enough to see that it is right. It divides payments
// by the recount's rule, so it shows that play and recount agree on everything else; the real ledger has its own.
type fake struct {
	mu        sync.Mutex
	sequence  uint64
	results   map[string]*pb.Result // by id
	balances  map[string]int64      // debits less credits
	side      map[string]pb.Side
	frozen    map[string]bool
	registers map[string]*fakeRegister
	repaid    map[uint64]*fakePayment

	refuse func(c *pb.Command) pb.Code // to play a refusal
	now    int64
}

type fakeRegister struct {
	*recount.Register
	holders   []string
	place     map[string]int
	unclaimed []int64
	aside     string
}

// fakePayment is what is needed to undo one.
type fakePayment struct {
	command *pb.Command
	before  *recount.Register
	lines   []int64
	aside   []bool
}

func newFake() *fake {
	return &fake{
		results: map[string]*pb.Result{}, balances: map[string]int64{}, side: map[string]pb.Side{}, frozen: map[string]bool{},
		registers: map[string]*fakeRegister{}, repaid: map[uint64]*fakePayment{},
	}
}

func (f *fake) Apply(_ context.Context, commands []*pb.Command) ([]*pb.Result, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	results := make([]*pb.Result, len(commands))
	for i, c := range commands {
		if first := f.results[string(c.GetId())]; first != nil {
			results[i] = first
			continue
		}
		f.sequence++
		r := &pb.Result{Sequence: f.sequence, Timestamp: f.now}
		if f.refuse != nil {
			r.Code = f.refuse(c)
		}
		for n := 0; n < len(c.GetOperations()) && r.GetCode() == pb.Code_CODE_APPLIED; n++ {
			r.Operation = uint32(n)
			r.Code = f.operation(c, c.GetOperations()[n], r)
		}
		f.results[string(c.GetId())], results[i] = r, r
	}
	return results, nil
}

func (f *fake) operation(c *pb.Command, op *pb.Operation, r *pb.Result) pb.Code {
	switch o := op.GetOperation().(type) {
	case *pb.Operation_OpenAsset:
	case *pb.Operation_Advance:
		if o.Advance.GetTo() < f.now {
			return pb.Code_CODE_CLOCK_BACKWARDS
		}
		f.now = o.Advance.GetTo()
	case *pb.Operation_OpenAccount:
		if f.side[o.OpenAccount.GetAddress()] != 0 {
			return pb.Code_CODE_ACCOUNT_EXISTS
		}
		f.side[o.OpenAccount.GetAddress()] = o.OpenAccount.GetSide()
	case *pb.Operation_OpenRegister:
		f.registers[o.OpenRegister.GetAddress()] = &fakeRegister{
			Register: recount.NewRegister(2), place: map[string]int{}, aside: o.OpenRegister.GetUnclaimed(),
		}
	case *pb.Operation_Transfer:
		return f.transfer(o.Transfer, r)
	case *pb.Operation_Freeze:
		f.frozen[o.Freeze.GetAccount()] = true
	case *pb.Operation_Issue:
		reg := f.registers[o.Issue.GetRegister()]
		reg.Issue(o.Issue.GetUnits())
		reg.enter(o.Issue.GetAccount())
	case *pb.Operation_Move:
		return f.move(o.Move)
	case *pb.Operation_Distribute:
		return f.distribute(c, o.Distribute, r)
	case *pb.Operation_Reverse:
		return f.reverse(o.Reverse, r)
	default:
		return pb.Code_CODE_MALFORMED
	}
	return pb.Code_CODE_APPLIED
}

func (r *fakeRegister) enter(account string) {
	r.place[account] = len(r.holders)
	r.holders = append(r.holders, account)
	r.unclaimed = append(r.unclaimed, 0)
}

// has is the balance on the account's own side.
func (f *fake) has(address string) int64 {
	if f.side[address] == pb.Side_SIDE_DEBIT {
		return f.balances[address]
	}
	return -f.balances[address]
}

func (f *fake) transfer(t *pb.Transfer, r *pb.Result) pb.Code {
	amount := t.GetAmount()
	if f.side[t.GetDebit()] == 0 || f.side[t.GetCredit()] == 0 {
		return pb.Code_CODE_ACCOUNT_NOT_FOUND
	}
	if f.frozen[t.GetCredit()] {
		return pb.Code_CODE_CREDITS_FROZEN
	}
	if t.GetMode() == pb.TransferMode_TRANSFER_MODE_AT_MOST {
		amount = min(amount, max(0, f.has(t.GetDebit())))
		r.Outputs = append(r.Outputs, &pb.Output{Operation: r.GetOperation(), Amount: amount})
	}
	f.balances[t.GetDebit()] += amount
	f.balances[t.GetCredit()] -= amount
	if f.has(t.GetDebit()) < 0 || f.has(t.GetCredit()) < 0 {
		return pb.Code_CODE_BALANCE_TOO_LOW // the fake leaves it at that: the play ends here
	}
	return pb.Code_CODE_APPLIED
}

func (f *fake) move(m *pb.Move) pb.Code {
	reg := f.registers[m.GetRegister()]
	if _, known := reg.place[m.GetTo()]; !known {
		reg.Issue(0)
		reg.enter(m.GetTo())
	}
	if reg.Move(reg.place[m.GetFrom()], reg.place[m.GetTo()], m.GetUnits()) != nil {
		return pb.Code_CODE_UNITS_TOO_FEW
	}
	return pb.Code_CODE_APPLIED
}

func (f *fake) distribute(c *pb.Command, d *pb.Distribute, r *pb.Result) pb.Code {
	reg := f.registers[d.GetRegister()]
	p := &fakePayment{command: c, before: reg.Keep(), lines: make([]int64, len(reg.Units)), aside: make([]bool, len(reg.Units))}
	out := &pb.Output{Operation: r.GetOperation()}
	for t, amount := range d.GetAmounts() {
		reg.Pay(t, amount, p.lines)
		out.Amount += amount
	}
	f.balances[d.GetPayer()] += out.GetAmount()
	for i, line := range p.lines {
		if line == 0 {
			continue
		}
		out.Count++
		to := reg.holders[i]
		if f.frozen[to] {
			p.aside[i] = true
			reg.unclaimed[i] += line
			out.Unclaimed++
			to = reg.aside
		}
		f.balances[to] -= line
	}
	r.Outputs = append(r.Outputs, out)
	f.repaid[r.GetSequence()] = p
	if f.has(d.GetPayer()) < 0 {
		return pb.Code_CODE_BALANCE_TOO_LOW
	}
	return pb.Code_CODE_APPLIED
}

func (f *fake) reverse(o *pb.Reverse, r *pb.Result) pb.Code {
	p := f.repaid[o.GetSequence()]
	if p == nil {
		return pb.Code_CODE_COMMAND_NOT_FOUND
	}
	out := &pb.Output{}
	ops := p.command.GetOperations()
	d := ops[len(ops)-1].GetDistribute()
	reg := f.registers[d.GetRegister()]
	reg.Register = p.before
	for i, line := range p.lines {
		from, given := reg.holders[i], line
		if p.aside[i] {
			from = reg.aside
			reg.unclaimed[i] -= line
		}
		if has := f.has(from); has < line {
			given = max(0, has)
			out.Missing = append(out.Missing, &pb.Missing{Account: from, Amount: line - given})
		}
		f.balances[from] += given
		f.balances[d.GetPayer()] -= given
		out.Amount += given
	}
	for _, op := range ops[:len(ops)-1] {
		t := op.GetTransfer()
		f.balances[t.GetCredit()] += t.GetAmount()
		f.balances[t.GetDebit()] -= t.GetAmount()
		out.Amount += t.GetAmount()
	}
	r.Outputs = append(r.Outputs, out)
	return pb.Code_CODE_APPLIED
}

func (f *fake) Balances(_ context.Context, addresses []string) ([]*pb.Balance, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]*pb.Balance, len(addresses))
	for i, a := range addresses {
		list[i] = &pb.Balance{Missing: f.side[a] == 0, Balance: f.has(a)}
	}
	return list, nil
}

func (f *fake) Holders(_ context.Context, register string) ([]client.Holding, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	reg := f.registers[register]
	if reg == nil {
		return nil, fmt.Errorf("there is no register %s", register)
	}
	list := make([]client.Holding, len(reg.holders))
	for i, account := range reg.holders {
		list[i] = client.Holding{Account: account, Holder: uint32(i), Units: reg.Units[i], Unclaimed: client.Amount(reg.unclaimed[i])}
		for t := range reg.Tranches {
			list[i].Shares = append(list[i].Shares, client.Share{Paid: client.Amount(reg.Tranches[t].Paid[i])})
		}
	}
	return list, nil
}
