package nodetest_test

import (
	"testing"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node/nodetest"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// A ledger is the same after the node was restarted, and its history tells what was done.
func TestRestart(t *testing.T) {
	n := nodetest.Start(t, storetest.SQLite(t), storetest.SQLite(t), clock.Real{})
	l := n.Ledger("main", "Asia/Shanghai", 1)
	c := &ledger.Command{ID: ledger.ID(id.ID{}.Derive("open", 1)), Operations: []ledger.Operation{&ledger.OpenAsset{Code: "CNY", Scale: 2}}}
	answers, err := l.Apply(t.Context(), []*ledger.Command{c})
	if err != nil || answers[0].Result.Code != ledger.Applied {
		t.Fatal(answers, err)
	}
	n.Restart()
	l = n.Ledger("main", "Asia/Shanghai", 1)
	again, err := l.Apply(t.Context(), []*ledger.Command{c})
	if err != nil || !again[0].Repeated || again[0].Result.Sequence != answers[0].Result.Sequence {
		t.Fatal(again, err)
	}
	if seq, err := n.History(l).Find(t.Context(), c.ID); err != nil || seq != again[0].Result.Sequence {
		t.Error(seq, err)
	}
}
