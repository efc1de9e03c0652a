package journal

// Rows is the store under a Journal.
func (j *Journal) Rows() Store { return j.rows }

// Waiting is how many groups wait for the next transaction.
func (w *Writer) Waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.waiting)
}

// Busy is how many groups wait or are on their way.
func (w *Writer) Busy() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.busy)
}
