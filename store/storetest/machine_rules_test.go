package storetest

import (
	"fmt"
	"testing"

	"rapport/deliveries"
)

// witness holds what the ledger shows to what is promised of it, in words of its
// own: the model moves by the product's rules, and whatever is wrong with those is
// wrong with both.
type witness struct {
	seen map[int64]deliveries.Delivery
	// holder is the fence that a delivery was given last, while it was held.
	holder map[int64]deliveries.Fence
	// out is how many attempts may have reached the customer.
	out map[int64]int
}

// speaker says whose word a step brings.
type speaker string

const (
	courier  speaker = "courier"  // of a message it was about to send, was sending or sent
	provider speaker = "provider" // a report
	finding  speaker = "finding"  // evidence or policy
)

// word is what a step says of one delivery.
type word struct {
	by     speaker
	fence  deliveries.Fence // a courier's
	status deliveries.Status
}

// accepted are the statuses in which the provider has the message, the least far
// first.
var accepted = map[deliveries.Status]int{deliveries.Sent: 1, deliveries.Delivered: 2, deliveries.Clicked: 3, deliveries.Bounced: 4}

// begun reports whether a first byte may have left, and nobody knows more.
func begun(s deliveries.Status) bool { return s == deliveries.Sending || s == deliveries.Unconfirmed }

// look compares a delivery with how it stood before a step and says what must not
// have happened; "" is nothing.
func (w *witness) look(after deliveries.Delivery, said word) string {
	before := w.seen[after.ID]
	w.seen[after.ID] = after
	back := after.Status == deliveries.Planned && said.status == deliveries.Planned
	notSent := back && said.by == courier && said.fence == w.holder[after.ID]
	unanswered := back && said.by == provider // it rang, and that attempt is over
	policy := back && said.by == finding && before.Ambiguous == deliveries.Resend && !before.Resent && after.Resent
	if before.Status != deliveries.Sending && after.Status == deliveries.Sending {
		w.out[after.ID]++
	}
	if before.Status != after.Status && (begun(before.Status) && notSent || unanswered) {
		w.out[after.ID] = max(0, w.out[after.ID]-1)
	}
	most := 1
	if after.Ambiguous == deliveries.Resend {
		most = 2
	}
	unsent := after.Status == deliveries.Planned || after.Status == deliveries.Queued
	switch {
	case w.out[after.ID] > most:
		return fmt.Sprintf("%d attempts began of which none is known not to have left; %d may", w.out[after.ID], most)
	case begun(before.Status) && unsent && !notSent && !unanswered && !policy:
		return fmt.Sprintf("what was %s is %s, by no policy and though it may have left", before.Status, after.Status)
	case accepted[after.Status] < accepted[before.Status] && !unanswered:
		return fmt.Sprintf("what was %s is %s", before.Status, after.Status)
	case (after.Status == deliveries.Skipped || after.Status == deliveries.Failed) && after.Reason == "":
		return fmt.Sprintf("it is %s, and nobody knows why", after.Status)
	case before.Resent && !after.Resent:
		return "a second copy is forgotten"
	}
	return ""
}

// What must not happen is seen when it does.
func TestTheWitnessSeesWhatIsNotPromised(t *testing.T) {
	type step struct {
		status deliveries.Status
		said   word
	}
	planned, queued, sending, doubt := step{status: deliveries.Planned}, step{status: deliveries.Queued}, step{status: deliveries.Sending}, step{status: deliveries.Unconfirmed}
	notSent := step{deliveries.Planned, word{by: courier, fence: 7, status: deliveries.Planned}}
	late := step{deliveries.Planned, word{by: courier, fence: 6, status: deliveries.Planned}}
	resent := step{deliveries.Planned, word{by: finding, status: deliveries.Planned}}
	busy := step{deliveries.Planned, word{by: provider, status: deliveries.Planned}}
	for name, c := range map[string]struct {
		policy deliveries.Ambiguous
		steps  []step
		wrong  bool
	}{
		"a send":                              {deliveries.Hold, []step{queued, sending, {status: deliveries.Sent}, {status: deliveries.Delivered}}, false},
		"not sent, and again":                 {deliveries.Hold, []step{queued, sending, notSent, queued, sending}, false},
		"busy, and again":                     {deliveries.Hold, []step{queued, sending, {status: deliveries.Sent}, busy, queued, sending}, false},
		"not sent, by one who has it no more": {deliveries.Hold, []step{queued, sending, late}, true},
		"a dead worker's, planned again":      {deliveries.Hold, []step{queued, sending, planned}, true},
		"a doubt, planned again":              {deliveries.Hold, []step{queued, sending, doubt, planned}, true},
		"a doubt, sent again though held":     {deliveries.Hold, []step{queued, sending, doubt, resent}, true},
		"a doubt, sent again":                 {deliveries.Resend, []step{queued, sending, doubt, resent, queued, sending}, false},
		"a doubt, sent again twice":           {deliveries.Resend, []step{queued, sending, doubt, resent, queued, sending, doubt, resent}, true},
		"sent and forgotten":                  {deliveries.Hold, []step{queued, sending, {status: deliveries.Delivered}, {status: deliveries.Sent}}, true},
		"sent and failed":                     {deliveries.Hold, []step{queued, sending, {status: deliveries.Sent}, {status: deliveries.Failed}}, true},
		"skipped without a reason":            {deliveries.Hold, []step{queued, {status: deliveries.Skipped}}, true},
		"two sends":                           {deliveries.Hold, []step{queued, sending, queued, sending}, true},
	} {
		d := deliveries.Delivery{ID: 1, Status: deliveries.Planned, Ambiguous: c.policy}
		w := witness{seen: map[int64]deliveries.Delivery{1: d}, holder: map[int64]deliveries.Fence{1: 7}, out: map[int64]int{}}
		wrong := ""
		for _, s := range c.steps {
			d.Status, d.Resent = s.status, d.Resent || s == resent
			if wrong = w.look(d, s.said); wrong != "" {
				break
			}
		}
		if (wrong != "") != c.wrong {
			t.Errorf("%s: it says %q", name, wrong)
		}
	}
}
