package longmen_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/longmen/longmen"
)

// A payment reaches all holders of a register as one command.
func Example() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "longmen")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	db, err := longmen.Open(ctx, longmen.Config{Folder: folder})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	book, err := db.Create(ctx, longmen.New{Name: "main", Zone: "Asia/Shanghai", Clock: longmen.RealClock})
	if err != nil {
		log.Fatal(err)
	}

	client := func(address string) *longmen.OpenAccount {
		return &longmen.OpenAccount{
			Address: address, Asset: "CNY", Side: longmen.CreditNormal, Type: longmen.Liability, Code: 2001, Constraint: longmen.Nonnegative,
		}
	}
	apply := func(operations ...longmen.Operation) longmen.Result {
		result, err := book.Do(ctx, operations...)
		if err != nil {
			log.Fatal(err)
		}
		return result
	}
	apply(
		&longmen.OpenAsset{Code: "CNY", Scale: 2},
		&longmen.OpenAccount{Address: "bank", Asset: "CNY", Side: longmen.DebitNormal, Type: longmen.Asset, Code: 1001, Constraint: longmen.Unbounded},
		client("payer"), client("a"), client("b"), client("c"), client("unclaimed"),
		&longmen.OpenRegister{Address: "note:1", Asset: "CNY", Cap: 300, Tranches: []string{"principal", "interest"}, Unclaimed: "unclaimed"},
		&longmen.Issue{Register: "note:1", Account: "a", Units: 100},
		&longmen.Issue{Register: "note:1", Account: "b", Units: 100},
		&longmen.Issue{Register: "note:1", Account: "c", Units: 100},
		&longmen.Transfer{Debit: "bank", Credit: "payer", Mode: longmen.Exact, Amount: 10_100},
	)
	result := apply(&longmen.Distribute{Register: "note:1", Payer: "payer", Amounts: []int64{10_000, 100}})
	fmt.Println(result.Code, result.Outputs[0].Count, "holders paid")
	for _, address := range []string{"a", "b", "c", "payer"} {
		state, err := book.Account(ctx, address)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(address, state.Balance())
	}
	refused := apply(&longmen.Transfer{Debit: "payer", Credit: "a", Mode: longmen.Exact, Amount: 1})
	fmt.Println(refused.Code)
	// Output:
	// applied 3 holders paid
	// a 3368
	// b 3366
	// c 3366
	// payer 0
	// balance_too_low
}
