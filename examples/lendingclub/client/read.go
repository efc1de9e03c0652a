package client

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// page is how many items of a list are asked for at once.
const page = "1000"

// Bucket is a line of the trial balance.
type Bucket struct {
	Asset   string
	Code    uint32
	Debits  Amount
	Credits Amount
}

// TrialBalance reads the trial balance of now.
func (c *Client) TrialBalance(ctx context.Context) ([]Bucket, error) {
	var out struct{ Lines []Bucket }
	if err := c.get(ctx, "/trial-balance", nil, &out); err != nil {
		return nil, fmt.Errorf("read the trial balance: %w", err)
	}
	return out.Lines, nil
}

// Holding is one line of a register.
type Holding struct {
	Account   string
	Holder    uint32
	Units     uint64
	Unclaimed Amount
	Shares    []Share // by tranche
}

// Holders reads a whole register, by holder number.
func (c *Client) Holders(ctx context.Context, register string) ([]Holding, error) {
	var list []Holding
	query := url.Values{"limit": {page}}
	for {
		var out struct {
			Holders []Holding
			Next    string
		}
		if err := c.get(ctx, "/registers/"+url.PathEscape(register)+"/holders", query, &out); err != nil {
			return nil, fmt.Errorf("read the holders of %s: %w", register, err)
		}
		list = append(list, out.Holders...)
		if out.Next == "" {
			return list, nil
		}
		query.Set("cursor", out.Next)
	}
}

// Share is what a holding was paid in one tranche.
type Share struct{ Paid Amount }

// Register is what a register is and has.
type Register struct {
	Address  string
	Asset    string
	Cap      uint64
	Units    uint64
	Holdings uint32
	Payouts  uint64
}

// Register reads one register.
func (c *Client) Register(ctx context.Context, address string) (Register, error) {
	var out Register
	if err := c.get(ctx, "/registers/"+url.PathEscape(address), nil, &out); err != nil {
		return out, fmt.Errorf("read register %s: %w", address, err)
	}
	return out, nil
}

// Distribution is one payment to a register's holders.
type Distribution struct {
	Sequence  uint64
	Operation uint16
	Timestamp time.Time
	Amount    Amount
	Undoes    uint64
	Tranches  []struct{ Amount Amount }
}

// Distributions reads the newest ones of a register.
func (c *Client) Distributions(ctx context.Context, register string, most int) ([]Distribution, error) {
	var out struct{ Distributions []Distribution }
	query := url.Values{"limit": {strconv.Itoa(most)}}
	if err := c.get(ctx, "/registers/"+url.PathEscape(register)+"/distributions", query, &out); err != nil {
		return nil, fmt.Errorf("read the distributions of %s: %w", register, err)
	}
	return out.Distributions, nil
}

// Entry is one line of a statement.
type Entry struct {
	Sequence  uint64
	Timestamp time.Time
	Date      string
	Purpose   uint32
	Kind      string
	Side      string
	Amount    Amount
	Balance   Amount
	Other     string
	Register  string
}

// Statement is what happened on an account in a month.
type Statement struct {
	Address string
	Opening Amount
	Closing Amount
	Debits  Amount
	Credits Amount
	Count   uint64
	Final   bool
	Entries []Entry
}

// Statement reads a month's statement (2027-03) with its first lines.
func (c *Client) Statement(ctx context.Context, account, month string, most int) (Statement, error) {
	var out Statement
	query := url.Values{"limit": {strconv.Itoa(most)}}
	if err := c.get(ctx, "/accounts/"+url.PathEscape(account)+"/statements/"+month, query, &out); err != nil {
		return out, fmt.Errorf("read the statement of %s for %s: %w", account, month, err)
	}
	return out, nil
}
