package share

import "math/bits"

// When units have moved or been cancelled some holdings may stand far ahead, and
// then more cents are past due than there are to give, or just as many. payEarlier
// undoes what accrue gave, looks for a window of time in which the cent of the cut
// falls due, gives what fell due before the window, and chooses within it. Time is
// what one unit has earned; the window is so narrow that no holding has two cents in it.
func (s *Scratch) payEarlier(blocks []Block, units uint64, amount int64, lines []int64) Cut {
	takeBack(blocks, lines)
	clear(s.count[:])

	target := Int128{Lo: uint64(amount)}
	early, late := window(blocks, units, target)
	whole := Int128{}
	s.cents = s.cents[:0]
	base := 0
	for _, b := range blocks {
		for i := range b.Rows {
			r := &b.Rows[i]
			atEnd, _ := r.Carry.dueBy(late, b.Units[i])
			line, deficit := r.Carry.dueBy(early, b.Units[i])
			r.Carry.Hi -= line
			r.Paid += line
			lines[base+i] = line
			whole = whole.Add(Int128{Lo: uint64(line)})
			if atEnd > line {
				s.cents = append(s.cents, cent{deficit: deficit, units: b.Units[i], holder: uint32(base + i)})
			}
		}
		base += len(b.Rows)
	}
	cut := give(s.cents, int(target.Sub(whole).Lo), blocks, lines)
	cut.Deficit = cut.Deficit.Sub(early.Mul(cut.Units))
	return cut
}

// takeBack undoes the cents that lines say were given, and clears lines.
func takeBack(blocks []Block, lines []int64) {
	base := 0
	for _, b := range blocks {
		for i := range b.Rows {
			b.Rows[i].Carry.Hi += lines[base+i]
			b.Rows[i].Paid -= lines[base+i]
			lines[base+i] = 0
		}
		base += len(b.Rows)
	}
}

// window returns two instants, as how much less one unit had earned then: at early
// fewer than target cents were past due, at late no fewer. Between them no holding
// earns a whole cent. It doubles and halves, so it takes at most 256 looks at the
// rows, and a few when no holding is far ahead.
func window(blocks []Block, units uint64, target Int128) (early, late Int128) {
	rows, most := 0, uint64(0)
	for _, b := range blocks {
		rows += len(b.Rows)
		for _, u := range b.Units {
			most = max(most, u)
		}
	}
	// The first guess is the time in which an average holding earns one cent.
	step, _ := Cents(int64(rows)).floorDiv(units)
	early = step.Add(Int128{Lo: 1})
	for allDue(blocks, early).Cmp(target) >= 0 {
		late, early = early, early.Add(early)
	}
	for early.Sub(late).wide(most).cmp(int192{mid: 1}) >= 0 {
		middle := late.Add(early).half()
		if allDue(blocks, middle).Cmp(target) >= 0 {
			late = middle
		} else {
			early = middle
		}
	}
	return early, late
}

// allDue counts the cents that were past due when each unit had earned back less.
func allDue(blocks []Block, back Int128) Int128 {
	var sumHi, sumLo, c uint64
	for _, b := range blocks {
		for i := range b.Rows {
			n, _ := b.Rows[i].Carry.dueBy(back, b.Units[i])
			sumLo, c = bits.Add64(sumLo, uint64(n), 0)
			sumHi += c
		}
	}
	return Int128{Hi: int64(sumHi), Lo: sumLo}
}

// dueBy returns how many cents of a holding of u units were past due, that is had a
// negative deficit, when each unit had earned back less, and the deficit that the
// next one had then, if it was below one cent.
func (x Int128) dueBy(back Int128, u uint64) (cents int64, deficit uint64) {
	earned := back.wide(u)
	if x.Sign() <= 0 || u == 0 || earned.hi != 0 || int64(earned.mid) < 0 {
		return 0, 0
	}
	lo, b := bits.Sub64(x.Lo, earned.lo, 1) // less one, as in accrueRows
	hi, b := bits.Sub64(uint64(x.Hi), earned.mid, b)
	if b != 0 {
		return 0, 0
	}
	return int64(hi), ^lo
}
