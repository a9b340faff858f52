package campaigns

import (
	"math"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// costOf is what a message takes from the budgets when it is sent, in minor
// units: of a text its segments, of a call one minute, which the report on the
// call corrects. content may be nil: a message that is not written yet is taken
// to be as short as can be.
func (w *Workspace) costOf(c *customers.Customer, ch channels.Channel, content *channels.Content) int64 {
	units := 1
	if content != nil && content.SMS != nil {
		units, _ = channels.Segments(content.SMS.Text)
	}
	return w.priced(c, ch, units)
}

// priced is what so many units cost where a customer is: segments of a text,
// minutes of a call. Fractions are rounded up, so that a budget holds.
func (w *Workspace) priced(c *customers.Customer, ch channels.Channel, units int) int64 {
	price := w.Prices[ch][CountryOf(c, ch)] * float64(units)
	const noise = 1e-6 // of prices that were multiplied from major units
	return max(0, int64(math.Ceil(price-noise)))
}

// Billed is how many segments a text is billed as and what it cost beyond what was
// taken for it. The provider's count goes before ours; 0 says that it has none yet,
// as where a messaging service chooses the sender later.
func (w *Workspace) Billed(c *customers.Customer, content channels.Content, counted int) (segments int, more int64) {
	if content.SMS == nil {
		return 0, 0
	}
	reckoned, _ := channels.Segments(content.SMS.Text)
	if counted <= 0 || counted == reckoned {
		return reckoned, 0
	}
	return counted, w.priced(c, channels.SMS, counted) - w.priced(c, channels.SMS, reckoned)
}

// afterwards is what a call cost beyond what was taken for it when it began:
// every further minute that it entered, or less its minute where nothing picked
// up, which Twilio does not charge. A call that was taken to have failed and gave
// its minute back costs all of them.
func (w *Workspace) afterwards(c *customers.Customer, d deliveries.Delivery, r channels.Report) int64 {
	lasted := r.Duration
	switch {
	case d.Channel != channels.Call || c == nil:
		return 0
	case r.Kind == channels.ReportFailed && !r.PickedUp() && !d.TakenAt.IsZero():
		return -w.priced(c, d.Channel, 1)
	case r.Kind != channels.ReportDelivered || lasted <= 0:
		return 0
	}
	begun := int((lasted + time.Minute - 1) / time.Minute)
	cost := w.priced(c, d.Channel, begun)
	if d.TakenAt.IsZero() {
		return cost
	}
	return cost - w.priced(c, d.Channel, 1)
}
