package history

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"

	"github.com/longmen/longmen/core/ledger"
)

// numbers is a growing array of numbers that one goroutine writes and many read.
type numbers struct {
	chunks atomic.Pointer[[]*numberChunk]
}

const numberShift = 9

type numberChunk [1 << numberShift]atomic.Uint64

// at gives the number at i, 0 if it was never set.
func (n *numbers) at(i uint32) uint64 {
	chunks := n.chunks.Load()
	if chunks == nil || int(i>>numberShift) >= len(*chunks) {
		return 0
	}
	return (*chunks)[i>>numberShift][i&(1<<numberShift-1)].Load()
}

// slot makes room for i. Only the writer calls it.
func (n *numbers) slot(i uint32) *atomic.Uint64 {
	var list []*numberChunk
	if p := n.chunks.Load(); p != nil {
		list = *p
	}
	if c := int(i >> numberShift); c >= len(list) {
		grown := make([]*numberChunk, len(list), max(2*len(list), c+1))
		copy(grown, list)
		for c >= len(grown) {
			grown = append(grown, &numberChunk{})
		}
		list = grown
		n.chunks.Store(&list)
	}
	return &list[i>>numberShift][i&(1<<numberShift-1)]
}

// Account is an account as it was opened.
type Account struct {
	Number     uint32
	Asset      uint16
	Side       ledger.Side
	Type       ledger.AccountType
	Constraint ledger.Constraint
	Code       uint32
	Bucket     uint32
	Address    string
}

// Accounts lie in blocks too, but their records differ in length.
func appendAccount(b []byte, a *ledger.AccountOpened) []byte {
	b = le.AppendUint16(b, a.Asset)
	b = append(b, uint8(a.Side), uint8(a.Type), uint8(a.Constraint))
	b = le.AppendUint32(b, a.Code)
	b = le.AppendUint32(b, a.Bucket)
	return append(append(b, uint8(len(a.Address))), a.Address...)
}

func decodeAccounts(first uint32, data []byte) ([]Account, bool) {
	f := fields{data, true}
	list := make([]Account, 0, blockSize)
	for n := first; len(f.b) > 0; n++ {
		a := Account{Number: n, Asset: le.Uint16(f.take(2))}
		k := f.take(3)
		a.Side, a.Type, a.Constraint = ledger.Side(k[0]), ledger.AccountType(k[1]), ledger.Constraint(k[2])
		a.Code, a.Bucket, a.Address = le.Uint32(f.take(4)), le.Uint32(f.take(4)), f.text()
		list = append(list, a)
	}
	return list, f.ok
}

// accountTail is the growing end of the accounts, as appender is of a log.
type accountTail struct {
	next  uint32 // accounts
	tail  []byte
	owned bool
}

func (a *accountTail) append(opened []ledger.AccountOpened, emit func(number uint64, data []byte)) {
	for i := range opened {
		if !a.owned {
			a.tail, a.owned = append([]byte(nil), a.tail...), true
		}
		a.tail = appendAccount(a.tail, &opened[i])
		a.next++
		if a.next&(blockSize-1) == 0 {
			emit(uint64(a.next-1)>>blockShift, a.tail)
			a.tail, a.owned = nil, false
		}
	}
}

func (a *accountTail) finish(emit func(number uint64, data []byte)) {
	if a.owned {
		// The checksum must not be overwritten when the tail grows.
		emit(uint64(a.next)>>blockShift, append([]byte(nil), a.tail...))
		a.owned = false
	}
}

// Account tells of an account by its number.
func (h *History) Account(ctx context.Context, number uint32) (Account, error) {
	if number == 0 || number > h.reached.Load().accounts {
		return Account{}, fmt.Errorf("account %d: %w", number, ErrNotFound)
	}
	n := uint64(number - 1)
	slot := int(n & (blockSize - 1))
	if list, ok := h.opened.get(n >> blockShift); ok && slot < len(list) {
		return list[slot], nil
	}
	place := h.place(n >> blockShift)
	var data []byte
	if _, err := h.reads.one(ctx, "SELECT data FROM history_account WHERE place = ?", []any{place}, &data); err != nil {
		return Account{}, err
	}
	list, err := h.unsealAccounts(place, data)
	if err != nil {
		return Account{}, err
	}
	if slot >= len(list) {
		return Account{}, damaged("account", place, "%d accounts, want at least %d", len(list), slot+1)
	}
	h.opened.put(n>>blockShift, list, len(list)*80)
	return list[slot], nil
}

func (h *History) unsealAccounts(place int64, data []byte) ([]Account, error) {
	data, err := unseal("account", place, data)
	if err != nil {
		return nil, err
	}
	list, ok := decodeAccounts(uint32(place&maxPosition)<<blockShift+1, data)
	if !ok {
		return nil, damaged("account", place, "the records can't be read")
	}
	return list, nil
}

// loadAccounts reads the bucket of every account, and the unfinished block.
func (h *History) loadAccounts(ctx context.Context, count uint32) (a accountTail, err error) {
	a.next = count
	seen := uint32(0)
	from, to := h.place(0), h.place(uint64(count))
	err = h.reads.each(ctx, "SELECT place, data FROM history_account WHERE place BETWEEN ? AND ? ORDER BY place", []any{from, to},
		func(row *sql.Rows) error {
			var place int64
			var data []byte
			if err := row.Scan(&place, &data); err != nil {
				return err
			}
			list, err := h.unsealAccounts(place, data)
			if err != nil {
				return err
			}
			for i := range list {
				h.buckets.slot(list[i].Number).Store(uint64(list[i].Bucket))
				seen++
			}
			if len(list) < blockSize {
				a.tail = data[: len(data)-sealSize : len(data)-sealSize]
			}
			return nil
		})
	if err == nil && seen != count {
		err = damaged("account", from, "there are %d accounts, want %d", seen, count)
	}
	return a, err
}

// Register is a register as it was opened.
type Register struct {
	Number    uint32
	Asset     uint16
	Unclaimed uint32
	Cap       uint64
	Address   string
	Tranches  []string
}

// Register tells of a register by its number.
func (h *History) Register(ctx context.Context, number uint32) (Register, error) {
	data, err := h.openedRow(ctx, openedRegister, number)
	if err != nil {
		return Register{}, fmt.Errorf("register %d: %w", number, err)
	}
	f := fields{data, true}
	r := Register{Number: number, Asset: le.Uint16(f.take(2)), Unclaimed: le.Uint32(f.take(4)), Cap: le.Uint64(f.take(8))}
	r.Address = f.text()
	for range int(f.take(1)[0]) {
		r.Tranches = append(r.Tranches, f.text())
	}
	if !f.ok {
		return r, damaged("opened", h.owner(number), "the register can't be read")
	}
	return r, nil
}

// Asset tells the code and scale of an asset.
func (h *History) Asset(ctx context.Context, number uint16) (code string, scale uint8, err error) {
	data, err := h.openedRow(ctx, openedAsset, uint32(number))
	if err != nil {
		return "", 0, fmt.Errorf("asset %d: %w", number, err)
	}
	if len(data) < 2 {
		return "", 0, damaged("opened", h.owner(uint32(number)), "the asset can't be read")
	}
	return string(data[1:]), data[0], nil
}

func (h *History) openedRow(ctx context.Context, kind int64, number uint32) ([]byte, error) {
	key := uint64(kind)<<32 | uint64(number)
	if data, ok := h.names.get(key); ok {
		return data, nil
	}
	var data []byte
	found, err := h.reads.one(ctx, "SELECT data FROM history_opened WHERE ledger = ? AND kind = ? AND number = ?",
		[]any{h.number, kind, int64(number)}, &data)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, ErrNotFound
	}
	if data, err = unseal("opened", h.openedKey(kind, number), data); err != nil {
		return nil, err
	}
	h.names.put(key, data, len(data)+64)
	return data, nil
}

func (h *History) openedKey(kind int64, number uint32) int64 {
	return h.owner(number) ^ kind<<56
}
