package servicing

// Target is what should be booked by the events alone.
func (l *Loan) Target() (Division, error) {
	s, err := l.Replay(l.last())
	if err != nil {
		return Division{}, err
	}
	return l.target(s)
}

// Equal reports whether two divisions give everybody the same.
func (d *Division) Equal(o *Division) bool {
	diff := d.clone()
	diff.plus(o, -1)
	return diff.none()
}
