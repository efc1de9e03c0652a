package api

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/id"
)

// KeyID gives the command id of an idempotency key: a UUIDv7 stands for itself, every other key is mapped for good. The
// program's own ids, of version 8, are nobody's keys.
//
// The mapping needs no table. The id is made of the first 16 bytes of SHA-256("longmen key" || principal || key): its
// time part is 39 bits of them, an instant before June 1987, so that no id made from a clock is among them and the
// sequencer looks it up among the ids of all time; 74 further bits are as they are. It has version 8, so nobody else can send
// it. The same key of the same principal is the same id on every node and after every restore.
func KeyID(principal ledger.ID, key string) (ledger.ID, error) {
	if len(key) == 0 || len(key) > MaxKey {
		return ledger.ID{}, fmt.Errorf("has %d characters, it must have 1 to %d", len(key), MaxKey)
	}
	for i := range len(key) {
		if key[i] < '!' || key[i] > '~' {
			return ledger.ID{}, fmt.Errorf("character %d is no visible ASCII character", i+1)
		}
	}
	if own, err := id.Parse(key); err == nil {
		return ledger.ID(own), own.CheckNew()
	}
	h := sha256.New()
	h.Write([]byte("longmen key"))
	h.Write(principal[:])
	h.Write([]byte(key))
	var out ledger.ID
	copy(out[:], h.Sum(nil))
	var millis [8]byte
	copy(millis[2:], out[:6])
	binary.BigEndian.PutUint64(millis[:], binary.BigEndian.Uint64(millis[:])&keyMillis)
	copy(out[:6], millis[2:])
	out[6] = out[6]&0x0f | 0x80
	out[8] = out[8]&0x3f | 0x80
	return out, nil
}

// keyMillis bounds the time part of an id made from a key: 2^39 milliseconds after 1970.
const keyMillis = 1<<39 - 1
