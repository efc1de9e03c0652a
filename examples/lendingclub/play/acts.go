package play

import (
	"context"
	"fmt"

	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/examples/lendingclub/market"
)

// open opens what there is one of.
func (p *Player) open(ctx context.Context, l *lane, _ int) error {
	ops := []*pb.Operation{{Operation: &pb.Operation_OpenAsset{OpenAsset: &pb.OpenAsset{Code: Asset, Scale: scale}}}}
	for i := range Chart {
		if a := &Chart[i]; a.Address != "" {
			ops = append(ops, openAccount(a.Address, a))
		}
	}
	ops = append(ops, transfer(Own, Capital, StartCapital))
	return l.add(ctx, "open", 0, command(purposeOpen, ops...), nil)
}

// chart finds a line of the chart by its code.
func chart(code uint32) *Account {
	for i := range Chart {
		if Chart[i].Code == code {
			return &Chart[i]
		}
	}
	panic(fmt.Sprintf("there is no account code %d in the chart", code))
}

// deposit opens an investor's account, and his money arrives.
func (p *Player) deposit(ctx context.Context, l *lane, i int) error {
	c := command(PurposeDeposit, openAccount(p.investors[i], chart(codeInvestor)), transfer(Custody, p.investors[i], p.m.Deposit(i)))
	return l.add(ctx, "deposit", uint64(i), c, nil)
}

func (p *Player) listed(month int) (list []*market.Loan) {
	for _, l := range p.m.Loans {
		if l.Listed == month {
			list = append(list, l)
		}
	}
	return list
}

// list opens a loan's register, whose cap is its amount, and its two accounts.
func (p *Player) list(ctx context.Context, l *lane, loan *market.Loan) error {
	c := command(purposeOpen,
		openAccount(Escrow(loan.Number), chart(codeEscrow)),
		openAccount(Borrower(loan.Number), chart(codeBorrower)),
		openRegister(Register(loan.Number), loan.Units))
	return l.add(ctx, "list", uint64(loan.Number), c, nil)
}

// bids fund a loan: each is one command of money and units. They go out in one batch, so holder numbers follow the bids.
func (p *Player) bids(ctx context.Context, l *lane, loan *market.Loan) error {
	register, escrow := Register(loan.Number), Escrow(loan.Number)
	bids := p.m.Bids(loan)
	for i, b := range bids {
		if err := l.bid(ctx, uint64(loan.Number*batchSize+i), register, escrow, p.investors[b.Investor], b.Units, b.Units*market.CentsPerUnit); err != nil {
			return err
		}
	}
	if err := l.flush(ctx); err != nil {
		return err
	}
	p.Stats.Bids.Add(int64(len(bids)))
	return nil
}

// disburse pays a funded loan out.
func (p *Player) disburse(ctx context.Context, l *lane, loan *market.Loan) error {
	borrower := Borrower(loan.Number)
	c := command(PurposeDisburse, transfer(Escrow(loan.Number), borrower, loan.Amount()), transfer(borrower, Custody, loan.Amount()))
	return l.add(ctx, "disburse", uint64(loan.Number), c, nil)
}

// payment is one that is due in a month.
type payment struct {
	loan *market.Loan
	market.Payment
}

func (p *Player) due(month int) (list []payment) {
	for _, l := range p.m.Loans {
		for _, d := range l.Payments {
			if d.Month == month {
				list = append(list, payment{l, d})
			}
		}
	}
	return list
}

// repay is what a thousand investors wait for. The borrower's money arrives; then one command keeps the fee and
// distributes the rest, interest and principal, to all holders.
func (p *Player) repay(ctx context.Context, l *lane, d payment, n int) error {
	borrower, register := Borrower(d.loan.Number), Register(d.loan.Number)
	arrives := command(PurposeCollect, transfer(Custody, borrower, d.Amount))
	arrives.References = installment(d.loan.Number, d.Number)
	if err := l.add(ctx, "collect", uint64(n), arrives, nil); err != nil {
		return err
	}
	repay := command(PurposeRepay)
	if d.Split.Fee > 0 {
		repay.Operations = append(repay.Operations, transfer(borrower, Fees, d.Split.Fee))
	}
	repay.Operations = append(repay.Operations, distribute(register, borrower, d.Split.Interest, d.Split.Principal))
	repay.References = arrives.References
	return l.add(ctx, "repay", uint64(n), repay, func(r *pb.Result) error { return p.repaid(d, r) })
}

func (p *Player) repaid(d payment, r *pb.Result) error {
	if d.Recalled {
		p.Answered.Recalled = r.GetSequence()
	}
	for _, out := range r.GetOutputs() {
		p.Stats.Credits.Add(int64(out.GetCount()))
		p.Stats.Unclaimed.Add(int64(out.GetUnclaimed()))
		if want := d.Split.Interest + d.Split.Principal; out.GetAmount() != want {
			return fmt.Errorf("it distributed %d cents instead of %d", out.GetAmount(), want)
		}
	}
	p.Stats.Payments.Add(1)
	return nil
}

// freeze stops all credits to one investor's account.
func (p *Player) freeze(ctx context.Context, l *lane, _ int) error {
	return l.add(ctx, "freeze", 0, command(purposeFreeze, freezeCredits(p.investors[p.m.Frozen])), nil)
}

// recall is the one accident of the play: a borrower's bank takes a payment back, but some investors have had theirs
// paid out already. What can't be taken back the platform puts up, so that the borrower gets all of it.
func (p *Player) recall(month int) []step {
	if p.m.Recalled == nil || month != p.m.RecallMonth() {
		return nil
	}
	spenders := p.m.Spenders()
	return []step{
		{Trading, 18, 9, len(spenders), batchSize, func(ctx context.Context, l *lane, i int) error { return p.withdraw(ctx, l, spenders[i]) }},
		{Trading, 19, 9, 1, batchSize, p.takeBack},
		{Trading, 19, 10, 1, batchSize, p.cover},
	}
}

// withdraw pays out all that an investor has.
func (p *Player) withdraw(ctx context.Context, l *lane, investor int) error {
	c := command(PurposeWithdraw, transferAll(p.investors[investor], Custody))
	return l.add(ctx, "withdraw", uint64(investor), c, func(r *pb.Result) error {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, out := range r.GetOutputs() {
			p.Answered.Withdrawn[investor] = out.GetAmount()
		}
		return nil
	})
}

func (p *Player) takeBack(ctx context.Context, l *lane, _ int) error {
	return l.add(ctx, "recall", 0, command(PurposeRecall, reverse(p.Answered.Recalled)), func(r *pb.Result) error {
		for _, out := range r.GetOutputs() {
			p.Answered.TakenBack += out.GetAmount()
			for _, missing := range out.GetMissing() {
				p.Answered.Missing[missing.GetAccount()] += missing.GetAmount()
			}
		}
		return nil
	})
}

// cover puts up what is missing from the platform's own money and sends the whole payment back to the borrower's bank.
func (p *Player) cover(ctx context.Context, l *lane, _ int) error {
	borrower, missing, amount := Borrower(p.m.Recalled.Number), int64(0), int64(0)
	for _, m := range p.Answered.Missing {
		missing += m
	}
	for _, d := range p.m.Recalled.Payments {
		if d.Recalled {
			amount = d.Amount
		}
	}
	c := command(PurposeCover)
	if missing > 0 {
		c.Operations = append(c.Operations, transfer(Cover, Own, missing), transfer(Custody, borrower, missing))
	}
	c.Operations = append(c.Operations, transfer(borrower, Custody, amount))
	return l.add(ctx, "cover", 0, c, nil)
}

// traded are the loans of which units are sold in a month.
func (p *Player) traded(month int) (list []*market.Loan) {
	for _, l := range p.m.Loans {
		if sales := p.m.Sales(l); len(sales) > 0 && sales[0].Month == month {
			list = append(list, l)
		}
	}
	return list
}

// sell moves units of a loan against money, each sale in one command. They keep their order: who is new among the
// holders gets the next number.
func (p *Player) sell(ctx context.Context, l *lane, loan *market.Loan) error {
	for i, s := range p.m.Sales(loan) {
		seller, buyer := p.investors[s.Seller], p.investors[s.Buyer]
		c := command(PurposeSale, transfer(buyer, seller, s.Price), move(Register(loan.Number), seller, buyer, s.Units))
		err := l.add(ctx, "sale", uint64(loan.Number*batchSize+i), c, func(*pb.Result) error {
			p.Stats.Sales.Add(1)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sweep takes the month's fees from the custody bank to the platform's own: what stays there is the clients'.
func (p *Player) sweep(ctx context.Context, l *lane, month int) error {
	fees := p.m.Fees(month)
	if fees == 0 {
		return nil
	}
	return l.add(ctx, "fees", 0, command(PurposeFees, transfer(Own, Custody, fees)), nil)
}
