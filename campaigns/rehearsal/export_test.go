package rehearsal

import (
	"rapport/campaigns"
	"rapport/customers"
	"rapport/deliveries"
)

// Customer is how a customer stands; nil when nobody has the id.
func (w *World) Customer(id string) *customers.Customer {
	if p := w.people[id]; p != nil {
		return w.profile(p)
	}
	return nil
}

// Ledger lists every delivery as it stands, in the order of planning.
func (w *World) Ledger() []deliveries.Delivery {
	all := make([]deliveries.Delivery, len(w.ledger))
	for i, p := range w.ledger {
		all[i] = p.Delivery
	}
	return all
}

// Journeys lists every entry as it stands, in the order of entering.
func (w *World) Journeys() []campaigns.Entry {
	all := make([]campaigns.Entry, len(w.journeys))
	for i, j := range w.journeys {
		all[i] = j.Entry
	}
	return all
}
