package servicing

// Target is what should be booked by the events alone.
func (l *Loan) Target() (Division, error) {
	s, err := l.Replay(l.last())
	if err != nil {
		return Division{}, err
	}
	return l.target(s)
}

// Of is what an account gets of a division.
func (d *Division) Of(account string) (sum int64) {
	for _, p := range d.Parts {
		if p.Account == account {
			sum += p.Amount
		}
	}
	return sum
}

// Equal reports whether two divisions give everybody the same.
func (d *Division) Equal(o *Division) bool {
	diff := d.clone()
	diff.plus(o, -1)
	return diff.none()
}
