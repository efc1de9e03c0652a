package sale

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/market/claim"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Trade is a claim that changed hands.
type Trade struct {
	Tenant   id.ID
	Sale     id.ID // the order
	Loan     id.ID
	Ledger   string
	Seller   id.ID
	Buyer    id.ID
	Units    uint64
	Face     int64 // its part of the principal
	Accrued  int64 // its part of the interest, in the price
	Price    int64
	Receives int64 // the seller
	Pays     int64 // the buyer
	Date     day.Date
	Sequence uint64
}

// MaxPage is the most trades of one list.
const MaxPage = 1_000

const tradeColumns = "tenant, sale, loan, ledger, seller, buyer, units, face, accrued, price, receives, pays, date, sequence"

// insertTrade keeps a trade.
func (s *Sales) insertTrade(ctx context.Context, tx *sql.Tx, t *Trade) error {
	_, err := tx.ExecContext(ctx, s.DB.Rebind(`INSERT INTO sale_trade (`+tradeColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
		t.Tenant[:], t.Sale[:], t.Loan[:], t.Ledger, t.Seller[:], t.Buyer[:], int64(t.Units), t.Face, t.Accrued, t.Price, t.Receives, t.Pays, int64(t.Date), int64(t.Sequence))
	if err != nil {
		return fmt.Errorf("keep trade: %w", err)
	}
	return nil
}

// Trades lists what an investor has bought and sold in a ledger, in its order, after a sequence: at most limit, 1 to MaxPage.
func (s *Sales) Trades(ctx context.Context, tenant id.ID, ledger string, investor id.ID, after uint64, limit int) (list []Trade, err error) {
	if limit < 1 || limit > MaxPage {
		return nil, errs.Invalid.Errorf("%d, want 1 to %d", limit, MaxPage).On("limit")
	}
	const half = `SELECT ` + tradeColumns + ` FROM sale_trade WHERE tenant = ? AND ledger = ? AND `
	return s.trades(ctx, half+`seller = ? AND sequence > ? UNION ALL `+half+`buyer = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
		tenant[:], ledger, investor[:], int64(after), tenant[:], ledger, investor[:], int64(after), limit)
}

// Traded lists the loans from one to another, by their ids, of which claims were sold until a day.
func (s *Sales) Traded(ctx context.Context, tenant, first, last id.ID, until day.Date) (list []id.ID, err error) {
	rows, err := s.DB.Reader().QueryContext(ctx, s.DB.Rebind(`SELECT DISTINCT loan FROM sale_trade WHERE tenant = ? AND loan BETWEEN ? AND ? AND date <= ?`),
		tenant[:], first[:], last[:], int64(until))
	if err != nil {
		return nil, fmt.Errorf("read loans that were sold: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var loan []byte
		if err := rows.Scan(&loan); err != nil {
			return nil, fmt.Errorf("read loans that were sold: %w", err)
		}
		list = append(list, id.ID(loan))
	}
	return list, rows.Err()
}

// EachTrade gives a function the trades of a loan until a day, in their order.
func (s *Sales) EachTrade(ctx context.Context, tenant, loan id.ID, until day.Date, f func(*Trade) error) error {
	for after, more := uint64(0), true; more; {
		list, err := s.trades(ctx, `SELECT `+tradeColumns+` FROM sale_trade WHERE tenant = ? AND loan = ? AND sequence > ? AND date <= ? ORDER BY sequence LIMIT ?`,
			tenant[:], loan[:], int64(after), int64(until), MaxPage)
		if err != nil {
			return err
		}
		for i := range list {
			if err := f(&list[i]); err != nil {
				return err
			}
			after = list[i].Sequence
		}
		more = len(list) == MaxPage
	}
	return nil
}

// Charged are the fees that were paid with a trade, the seller's and then the buyer's, by the loan's product. Of a trade with other amounts, which
// somebody wrote past the product, it is not known what was paid for what.
func (t *Trade) Charged(p *catalog.Product) ([]catalog.Charged, error) {
	q := claim.Quote{Face: t.Face, Accrued: t.Accrued, Price: t.Price}
	if err := q.Charge(p); err != nil {
		return nil, err
	}
	if q.Receives != t.Receives || q.Pays != t.Pays {
		return nil, fmt.Errorf("by the product sale %s brings %d and costs %d, it brought %d and cost %d", t.Sale, q.Receives, q.Pays, t.Receives, t.Pays)
	}
	return append(q.Seller, q.Buyer...), nil
}

// Trade gives the trade to which a sale led.
func (s *Sales) Trade(ctx context.Context, tenant, sale id.ID) (Trade, error) {
	list, err := s.trades(ctx, `SELECT `+tradeColumns+` FROM sale_trade WHERE tenant = ? AND sale = ?`, tenant[:], sale[:])
	if err == nil && len(list) == 0 {
		err = errs.NotFound.Errorf("the claim was not sold")
	}
	if err != nil {
		return Trade{}, err
	}
	return list[0], nil
}

func (s *Sales) trades(ctx context.Context, query string, args ...any) (list []Trade, err error) {
	rows, err := s.DB.Reader().QueryContext(ctx, s.DB.Rebind(query), args...)
	if err != nil {
		return nil, fmt.Errorf("read trades: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var t Trade
		var tenant, sale, loan, seller, buyer []byte
		if err := rows.Scan(&tenant, &sale, &loan, &t.Ledger, &seller, &buyer, &t.Units, &t.Face, &t.Accrued, &t.Price, &t.Receives, &t.Pays, &t.Date, &t.Sequence); err != nil {
			return nil, fmt.Errorf("read trades: %w", err)
		}
		copy(t.Tenant[:], tenant)
		copy(t.Sale[:], sale)
		copy(t.Loan[:], loan)
		copy(t.Seller[:], seller)
		copy(t.Buyer[:], buyer)
		list = append(list, t)
	}
	return list, rows.Err()
}
