package deliveries

import (
	"context"

	"rapport/customers"
)

// Finder reads deliveries by id (Record).
type Finder interface {
	Lookup(ctx context.Context, refs []Ref) ([]Delivery, error)
}

// Follow fills in, from the ledger, how messages of a conversation stand of which no
// event tells yet: those that wait, and until when.
func Follow(ctx context.Context, ledger Finder, lines []customers.Line) error {
	var refs []Ref
	var of []*customers.Line
	for i := range lines {
		if line := &lines[i]; line.Ours && line.Status == "" && line.Delivery != 0 {
			refs, of = append(refs, Ref{ID: line.Delivery}), append(of, line)
		}
	}
	if len(refs) == 0 {
		return nil
	}
	found, err := ledger.Lookup(ctx, refs)
	if err != nil {
		return err
	}
	for i, d := range found {
		of[i].Status, of[i].Reason = string(d.Status), d.Reason
		if d.Status == Planned {
			of[i].Until = d.DueAt
		}
	}
	return nil
}
