package deliveries

import (
	"cmp"
	"time"

	"rapport/channels"
)

// The moves of a delivery are pure functions: from a row and what was learned
// to the row as it will stand. The store reads rows under lock, asks here, and
// writes the answer.

// Begun is the delivery after the verdict of its last gate, which fell now or At the
// moment it names.
func (d Delivery) Begun(v Verdict, now time.Time) Delivery {
	if v.At.After(now) {
		now = v.At
	}
	if v.Zone != "" {
		d.Zone, d.ZoneFrom = v.Zone, v.ZoneFrom
	}
	switch {
	case v.Go:
		if d.TakenAt.IsZero() {
			d.Cost = 0
		}
		d.Cost += v.Cost // an earlier attempt that may have rung keeps its price
		d.Status, d.Reason = Sending, ""
		d.Attempts, d.TakenAt, d.SettledAt = d.Attempts+1, now, time.Time{}
		return d
	case !v.Until.IsZero():
		d.Status, d.Reason, d.DueAt = Planned, string(v.Reason), v.Until
		return d
	}
	return d.Dropped(v.Reason, now)
}

// Dropped is the delivery given up for a reason. The extra copy of a resend
// goes back to Unconfirmed: the first one may be with the customer, so nobody
// may claim that it was skipped.
func (d Delivery) Dropped(reason SkipReason, now time.Time) Delivery {
	d.Status, d.Reason, d.SettledAt = Skipped, string(reason), now
	if d.Resent {
		d.Status = Unconfirmed
	}
	return d
}

// After is the delivery after the courier's word on it, and whether that
// word still counts. Evidence that came first is not pulled back: then only the
// provider's name for the message is taken from it.
func (d Delivery) After(o Outcome, now time.Time) (Delivery, bool) {
	evidenced := d.Status.Rank() >= Sent.Rank()
	switch {
	case evidenced && o.Status == Sent && o.Again && d.taken(o, now):
		return d, true
	case evidenced && o.Status == Sent:
		d.Segments, d.Cost = o.Segments, d.Cost+o.Cost
		d.ProviderID = cmp.Or(d.ProviderID, o.ProviderID)
		return d, true
	case evidenced || o.Status == Sending || !d.Status.May(o.Status):
		return d, false // a send begins with Begin only
	}
	switch o.Status {
	case Skipped:
		return d.Dropped(SkipReason(o.Reason), now), true
	case Planned:
		d = d.givenBack()
		d.Status, d.Reason, d.DueAt, d.SettledAt = Planned, o.Reason, o.DueAt, time.Time{}
		return d, true
	case Sent:
		d.ProviderID = o.ProviderID // not an earlier attempt's
		d.Segments, d.Cost = o.Segments, d.Cost+o.Cost
	case Failed:
		d = d.givenBack()
	}
	d.Status, d.Reason, d.SettledAt = o.Status, o.Reason, now
	return d, true
}

// taken reports whether the courier's word was written the first time: by itself, or,
// where a report had come before, with the segments that no report tells.
func (d Delivery) taken(o Outcome, now time.Time) bool {
	return d.ProviderID == o.ProviderID && (d.SettledAt.UnixMilli() == now.UnixMilli() || o.Segments > 0 && d.Segments == o.Segments)
}

// givenBack is the delivery without what its attempt took from caps and
// budgets, because the attempt certainly did not reach the customer. An earlier
// one that may have, which the provider had a name for or which was resent,
// keeps them taken.
func (d Delivery) givenBack() Delivery {
	begun := d.Status == Sending || d.Status == Unconfirmed
	if begun && !d.Resent && d.ProviderID == "" {
		d.TakenAt, d.Cost = time.Time{}, 0
	}
	return d
}

// Abandoned is the delivery whose holder is gone: planned again when nothing
// can have left, unconfirmed when the first byte may have. A webhook is told
// again, for its receiver knows a repeat.
func (d Delivery) Abandoned(now time.Time) (Delivery, bool) {
	switch {
	case d.Status == Queued, d.Status == Sending && d.Channel == channels.Webhook:
		d.Status = Planned
	case d.Status == Sending:
		d.Status, d.Reason, d.SettledAt = Unconfirmed, WorkerLost, now
	default:
		return d, false
	}
	return d, true
}

// Resolved is the unconfirmed delivery after a finding, and whether it moved. A
// second copy is planned only where the policy asks for one, and only once, or
// where a person does.
func (d Delivery) Resolved(f Finding, now time.Time) (Delivery, bool) {
	if d.Status != Unconfirmed || !d.Status.May(f.Status) {
		return d, false
	}
	if f.Status == Planned {
		if !f.ByHand && (d.Resent || d.Ambiguous != Resend) {
			return d, false
		}
		// Cap and cost stay taken: the first copy may have gone out.
		d.Status, d.Resent, d.DueAt, d.SettledAt = Planned, true, f.DueAt, time.Time{}
		return d, true
	}
	d.Status, d.SettledAt = f.Status, now
	switch f.Status {
	case Sent:
		d.Reason, d.ProviderID = "", f.ProviderID
	case Failed:
		d.Reason = GivenUp
	}
	return d, true
}

// Advanced is the delivery after a report, and whether the report moved it.
// Evidence counts whatever the courier believes: it may come before the
// courier has settled, or for a message thought not to have been sent. Money
// that was spent counts even where the report moves nothing else.
func (d Delivery) Advanced(p Progress, now time.Time) (Delivery, bool) {
	after, moved := d.advanced(p, now)
	if p.Cost == 0 || d.Attempts == 0 {
		return after, moved
	}
	after.Cost = max(0, after.Cost+p.Cost)
	return after, true
}

func (d Delivery) advanced(p Progress, now time.Time) (Delivery, bool) {
	if p.Status == Planned {
		return d.repeated(p)
	}
	evidence := p.Status.Rank() >= Sent.Rank() && p.Status.Rank() > d.Status.Rank()
	if d.Attempts == 0 || d.Status == Skipped || d.ofEarlierAttempt(p.ProviderID) {
		return d, false
	}
	if !evidence {
		return d.remembering(p.Status)
	}
	at := p.At
	if at.IsZero() {
		at = now
	}
	if d.TakenAt.IsZero() {
		d.TakenAt = at
	}
	if d.SettledAt.IsZero() || d.Status == Unconfirmed {
		d.SettledAt = at
	}
	if d.Status.Rank() < Sent.Rank() {
		d.ProviderID = "" // an earlier attempt's
	}
	d.Did |= d.Alike().did() // an older program kept a click in the status alone
	d.Status, d.Reason, d.ProviderID = p.Status, p.Reason, cmp.Or(p.ProviderID, d.ProviderID)
	d.Did |= d.Alike().did()
	return d, true
}

// remembering is a message that stands beyond a status after it is told of that one: a
// click that is reported after the unsubscribe is a click.
func (d Delivery) remembering(told Status) (Delivery, bool) {
	did := Alike{Channel: d.Channel, Status: told}.did()
	if did&^d.Alike().did() == 0 {
		return d, false
	}
	d.Did |= did
	return d, true
}

// repeated plans the next attempt after one that met busy or no answer, or that
// expired in its provider's queue. The cap stays taken: the telephone rang, and the
// text is to go yet.
func (d Delivery) repeated(p Progress) (Delivery, bool) {
	switch d.Status {
	case Sending, Unconfirmed:
		if d.ofEarlierAttempt(p.ProviderID) {
			return d, false
		}
	case Sent, Delivered:
		if p.ProviderID != "" && d.ProviderID != "" && p.ProviderID != d.ProviderID {
			return d, false
		}
	default:
		return d, false
	}
	d.Status, d.Reason, d.DueAt, d.SettledAt = Planned, p.Reason, p.DueAt, time.Time{}
	d.ProviderID, d.Rung = cmp.Or(p.ProviderID, d.ProviderID), d.Rung+1
	return d, true
}

// ofEarlierAttempt reports whether a provider's name for a message belongs to
// an attempt before the present one: until the provider has named the present
// attempt the row still carries the name of the last.
func (d Delivery) ofEarlierAttempt(providerID string) bool {
	return d.Status.Rank() < Sent.Rank() && providerID != "" && providerID == d.ProviderID
}
