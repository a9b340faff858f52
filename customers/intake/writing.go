package intake

import "rapport/customers"

// writing is the one write under way: the next batch is read meanwhile.
type writing struct {
	under chan wrote // nil while nothing is written
	tally customers.Tally
}

type wrote struct {
	tally customers.Tally
	err   error
}

// begin starts a write once the one before it has ended, whose error it gives.
func (w *writing) begin(write func() (customers.Tally, error)) error {
	if err := w.end(); err != nil {
		return err
	}
	under := make(chan wrote, 1)
	go func() {
		tally, err := write()
		under <- wrote{tally, err}
	}()
	w.under = under
	return nil
}

// end waits for the write under way and counts it.
func (w *writing) end() error {
	if w.under == nil {
		return nil
	}
	done := <-w.under
	w.under = nil
	w.tally.Added += done.tally.Added
	w.tally.Changed += done.tally.Changed
	w.tally.Unchanged += done.tally.Unchanged
	w.tally.OlderWords += done.tally.OlderWords
	return done.err
}
