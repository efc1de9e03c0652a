package sim

import (
	"bytes"
	"errors"
	"io"
	"reflect"

	"github.com/longmen/longmen/core/ledger"
)

// changed is a copy of an operation with one word changed: a number, a name, or one of a list.
func (w *world) changed(op ledger.Operation) ledger.Operation {
	was := reflect.ValueOf(op).Elem()
	other := reflect.New(was.Type())
	other.Elem().Set(was)
	w.change(other.Elem().Field(w.IntN(was.NumField())))
	return other.Interface().(ledger.Operation)
}

func (w *world) change(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		names := []string{w.account("").Address, "GOLD", "CNY", v.String() + "x"}
		v.SetString(pick(w.Rand, names))
	case reflect.Int64, reflect.Int32:
		v.SetInt(v.Int() + pick(w.Rand, []int64{-1, 1, 1}))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(v.Uint() + pick(w.Rand, []uint64{1, 1, 2}))
	case reflect.Struct:
		w.change(v.Field(w.IntN(v.NumField())))
	case reflect.Slice:
		if v.Len() > 0 {
			list := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(list, v)
			v.Set(list)
			w.change(v.Index(w.IntN(v.Len())))
		}
	}
}

// whatIf applies two commands to copies of the leader's engine and of the model: where the states differ, so must the
// digests. So no part of the state is missing in the digest. (Equal states may have come about by other entries.)
func (p *play) whatIf(c, other *ledger.Command) {
	m := p.leader()
	if m == nil || m.cut != nil || m.applied != uint64(len(p.results)) {
		return
	}
	cut := m.driver.Engine().Cut()
	defer cut.Close()
	var file []byte
	var err error
	for err == nil {
		file, err = cut.Next(file)
	}
	if !errors.Is(err, io.EOF) {
		p.fail("write snapshot: %v", err)
	}
	engines, models := [2][32]byte{}, p.truth.Fork(2)
	seq, at, date := m.applied+1, max(p.wall, p.truth.Now()), p.truth.Date()
	for i, c := range []*ledger.Command{c, other} {
		e, err := ledger.LoadEngine(bytes.NewReader(file))
		if err != nil {
			p.fail("load snapshot: %v", err)
		}
		got, want := e.Apply(seq, at, date, c, nil, &ledger.Effects{}), models[i].Apply(seq, at, date, c)
		if !bytes.Equal(ledger.AppendResult(nil, &got), ledger.AppendResult(nil, &want)) {
			p.fail("what if: the engine says %s\n    the model says %s", show(&got), show(&want))
		}
		engines[i] = e.Digest()
	}
	if engines[0] == engines[1] && !models[0].Equal(models[1]) {
		p.fail("what if: the states differ, the digests do not")
	}
}
