package play

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/longmen/longmen/examples/marketplace/client"
	"github.com/longmen/longmen/kit/id"
)

// Account is a line of the chart of accounts.
type Account struct {
	Code    uint32
	Name    string
	Address string // "" where there are many
	Side    string
	Type    string
	Bounded bool
	Client  bool // client money: what must lie at the custody bank
}

// Chart is the chart of accounts, by code: the play's own and those that the platform opens.
var Chart = []Account{
	{1010, "custody bank", Custody, "debit", "asset", true, false},
	{1020, "own bank", Own, "debit", "asset", true, false},
	{2001, "cash of investors and borrowers", "", "credit", "liability", true, true},
	{2003, "unclaimed", Unclaimed, "credit", "liability", true, true},
	{2004, "cover", Cover, "credit", "liability", false, false},
	{2101, "escrow of listings", "", "credit", "liability", true, true},
	{2102, "raised, on its way to borrowers", "", "credit", "liability", true, true},
	{2103, "paid beyond what was due", "", "credit", "liability", true, true},
	{2201, "risk reserve", Reserve, "credit", "liability", true, false},
	{2202, "guarantees", "", "credit", "liability", true, false},
	{4001, "fees earned", Fees, "credit", "income", false, false},
	{9001, "written off and not recovered", Lost, "debit", "asset", false, false},
	{9002, "the other side of it", Contra, "credit", "liability", false, false},
}

// Accounts that there is one of.
const (
	Custody   = "bank:custody"
	Own       = "bank:own"
	Unclaimed = "platform:cny:unclaimed"
	Cover     = "platform:cny:cover"
	Reserve   = "platform:cny:reserve"
	Fees      = "platform:cny:fees"
	Lost      = "platform:cny:lost"
	Contra    = "platform:cny:contra"
)

const codeCash = 2001

// chart finds a line of the chart by its code.
func chart(code uint32) *Account {
	for i := range Chart {
		if Chart[i].Code == code {
			return &Chart[i]
		}
	}
	panic(fmt.Sprintf("there is no account code %d in the chart", code))
}

// Cash is the address of a party's cash account.
func Cash(party id.ID) string { return "party:" + hex.EncodeToString(party[:]) + ":cash" }

// Purposes of the play's own commands. Those of the platform's products are 2001 to 3999.
const (
	PurposeOpen = iota + 1
	PurposeDeposit
	PurposeDraw
	PurposeCollect
	PurposeSendBack
	PurposeSweep
	PurposeEndow
)

// Purposes are what a statement calls them, those of the product too.
var Purposes = map[uint32]string{
	PurposeDeposit: "deposit", PurposeDraw: "to the bank", PurposeCollect: "from the bank", PurposeSendBack: "sent back", PurposeSweep: "fees swept",
	PurposeEndow: "for the reserve", 2001: "payout of the loan", 2002: "repayment", 2003: "repayment taken back", 2004: "sold to the reserve",
	3002: "bid", 3003: "bid taken back", 3006: "bid returned", 3012: "claim sale",
}

// operation is one of a command, as JSON.
type operation map[string]any

func openAccount(address string, a *Account) operation {
	constraint := "unbounded"
	if a.Bounded {
		constraint = "nonnegative"
	}
	return operation{"open_account": map[string]any{
		"address": address, "asset": Asset, "side": a.Side, "type": a.Type, "code": a.Code, "constraint": constraint,
	}}
}

func transfer(debit, credit string, cents int64) operation {
	return operation{"transfer": map[string]any{"debit": debit, "credit": credit, "amount": client.Amount(cents)}}
}

// command is one that the ledger is sent.
type command struct {
	ID         id.ID       `json:"id"`
	Purpose    uint32      `json:"purpose"`
	Operations []operation `json:"operations"`
}

func (p *Player) command(kind string, n uint64, purpose uint32, operations ...operation) (command, error) {
	own, err := p.id(kind, n)
	return command{own, purpose, operations}, err
}

// mostCommands of a batch.
const mostCommands = 500

// apply sends commands in batches. The play sends none that should be refused.
func (p *Player) apply(ctx context.Context, list []command) error {
	for len(list) > 0 {
		n := min(len(list), mostCommands)
		var out struct {
			Results []struct{ Code, Detail string }
		}
		if err := p.c.Post(ctx, p.staff[finance], at+"/batches", "", map[string]any{"commands": list[:n]}, &out); err != nil {
			return err
		}
		for i, r := range out.Results {
			if r.Code != "applied" {
				return fmt.Errorf("the ledger refused a command (%s): %s: %s", Purposes[list[i].Purpose], r.Code, r.Detail)
			}
		}
		list = list[n:]
	}
	return nil
}
