package history

import (
	"context"
	"fmt"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
)

// BucketTotal is a line of a trial balance: what was booked on all accounts of one asset and account code.
type BucketTotal struct {
	Bucket          uint32
	Asset           uint16
	Code            uint32
	Debits, Credits share.Int128
}

// sums are debits and credits by bucket, whose numbers begin with 1.
type sums []bucketSum

type bucketSum struct{ debits, credits share.Int128 }

func (s *sums) at(bucket uint32) *bucketSum {
	for len(*s) <= int(bucket) {
		*s = append(*s, bucketSum{})
	}
	return &(*s)[bucket]
}

// addEntry adds an entry's record. An explicit line of a payout is in the payout's own totals.
func (s *sums) addEntry(buckets *numbers, record []byte) {
	if ledger.EntryKind(record[86]) == ledger.EntryLine && le.Uint64(record[40:]) != 0 {
		return
	}
	b, amount := s.at(uint32(buckets.at(le.Uint32(record[72:])))), share.Cents(0)
	amount.Lo = le.Uint64(record[24:])
	if record[87]&flagDebit != 0 {
		b.debits = b.debits.Add(amount)
	} else {
		b.credits = b.credits.Add(amount)
	}
}

func (s *sums) add(totals []ledger.BucketTotal) {
	for _, t := range totals {
		b := s.at(t.Bucket)
		b.debits = b.debits.Add(share.Int128{Lo: uint64(t.Debits)})
		b.credits = b.credits.Add(share.Int128{Lo: uint64(t.Credits)})
	}
}

func (s sums) appendTo(b []byte) []byte {
	for i := range s {
		b = appendInt128(appendInt128(b, s[i].debits), s[i].credits)
	}
	return b
}

func decodeSums(b []byte) sums {
	s := make(sums, len(b)/32)
	for i := range s {
		s[i] = bucketSum{int128(b[32*i:]), int128(b[32*i+16:])}
	}
	return s
}

// sumsAt gives the totals after a sequence, and the lengths of the logs where they were written last.
func (h *History) sumsAt(ctx context.Context, sequence uint64) (sums, counts, error) {
	var place int64
	var data []byte
	found, err := h.reads.one(ctx, "SELECT place, data FROM history_totals WHERE place BETWEEN ? AND ? ORDER BY place DESC LIMIT 1",
		[]any{h.place(0), h.place(sequence)}, &place, &data)
	if err != nil {
		return nil, counts{}, err
	}
	var s sums
	base := counts{}
	if found {
		if data, err = unseal("totals", place, data); err != nil {
			return nil, base, err
		}
		s = decodeSums(data)
		c, err := h.command(ctx, uint64(place&maxPosition))
		if err != nil {
			return nil, base, err
		}
		base = c.counts
	}
	if sequence == 0 {
		return s, base, nil
	}
	end, err := h.command(ctx, sequence)
	if err != nil {
		return nil, base, err
	}
	return s, base, h.addBooked(ctx, &s, base, end.counts)
}

// addBooked adds what was booked between two lengths of the logs.
func (h *History) addBooked(ctx context.Context, s *sums, from, to counts) error {
	if err := h.scanEntries(ctx, from.Entries, to.Entries, func(_ uint64, record []byte) { s.addEntry(&h.buckets, record) }); err != nil {
		return err
	}
	for after := from.Payouts; after < to.Payouts; after += prefetchPayouts {
		list := make([]uint64, 0, prefetchPayouts)
		for no := after + 1; no <= min(to.Payouts, after+prefetchPayouts); no++ {
			list = append(list, no)
		}
		payouts, err := h.payoutsOf(ctx, list)
		if err != nil {
			return err
		}
		for _, p := range payouts {
			s.add(p.totals)
		}
	}
	return nil
}

// TrialBalance lists what was booked on each account code up to a position, by bucket. By asset, debits and credits
// are equal.
func (h *History) TrialBalance(ctx context.Context, at Position) ([]BucketTotal, error) {
	s, _, err := h.sumsAt(ctx, at.Sequence)
	if err != nil {
		return nil, fmt.Errorf("trial balance at sequence %d: %w", at.Sequence, err)
	}
	return h.bucketTotals(ctx, s)
}

// bucketTotals names the buckets of sums, those without anything left out.
func (h *History) bucketTotals(ctx context.Context, s sums) ([]BucketTotal, error) {
	var list []BucketTotal
	for i := range s {
		if s[i] == (bucketSum{}) {
			continue
		}
		data, err := h.openedRow(ctx, openedBucket, uint32(i))
		if err != nil || len(data) != 6 {
			return nil, firstError(err, damaged("opened", h.owner(uint32(i)), "the bucket can't be read"))
		}
		list = append(list, BucketTotal{
			Bucket: uint32(i), Asset: le.Uint16(data), Code: le.Uint32(data[2:]), Debits: s[i].debits, Credits: s[i].credits,
		})
	}
	return list, nil
}
