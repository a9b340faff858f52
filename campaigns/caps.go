package campaigns

import (
	"slices"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

// yield is how long after a rival was due its place is looked at again: by then
// it has gone, or has been held or skipped for a reason of its own.
const yield = 5 * time.Minute

// room is the earliest moment from now on at which every cap may have room for
// the delivery, and the reason that keeps it out until then. It reports false
// when a cap never has room.
//
// Rivals compete for the workspace's caps. A campaign's own caps bind nobody
// else, so no rival can lose a place under them.
func (j *judge) room() (free time.Time, reason deliveries.SkipReason, found bool) {
	free = j.now
	for i, limit := range slices.Concat(j.workspace.Contact.Caps, j.Campaign.Contact.Caps) {
		if !limit.covers(j.Delivery.Channel, j.Delivery.Topic) {
			continue
		}
		shared := i < len(j.workspace.Contact.Caps)
		room, why, found := j.roomUnder(limit, shared)
		if !found {
			return time.Time{}, why, false
		}
		if room.After(free) {
			free, reason = room, why
		}
	}
	return free, reason, true
}

// roomUnder is room for one cap.
func (j *judge) roomUnder(limit Cap, shared bool) (time.Time, deliveries.SkipReason, bool) {
	free, found := limit.free(j.Pressure.Contacts, j.now)
	switch {
	case !found:
		return time.Time{}, deliveries.Capped, false
	case free.After(j.now) && j.overtaken(limit):
		return free, deliveries.LowerPriority, true
	case free.After(j.now):
		return free, deliveries.Capped, true
	}
	rivals := j.rivals(limit)
	if !shared || !limit.crowded(j.Pressure.Contacts, rivals, j.now) {
		return j.now, "", true
	}
	first := slices.MinFunc(rivals, func(a, b deliveries.Rival) int { return a.DueAt.Compare(b.DueAt) })
	return later(first.DueAt, j.now).Add(yield), deliveries.LowerPriority, true
}

// overtaken reports whether a message of higher priority took a place under the
// cap while the delivery was waiting for one.
func (j *judge) overtaken(limit Cap) bool {
	return slices.ContainsFunc(j.Pressure.Contacts, func(c deliveries.Contact) bool {
		return limit.covers(c.Channel, c.Topic) && c.Priority > j.Delivery.Priority && !c.At.Before(j.Delivery.PlannedAt)
	})
}

// rivals are those that come before the delivery and whose place it would take:
// of higher priority, or as high and older, under the same cap, and due before a
// message that went now had left the cap's window.
func (j *judge) rivals(limit Cap) []deliveries.Rival {
	d := j.Delivery
	var before []deliveries.Rival
	for _, r := range j.Pressure.Rivals {
		outranks := r.Priority > d.Priority || r.Priority == d.Priority && r.Delivery < d.ID
		if outranks && limit.covers(r.Channel, r.Topic) && r.DueAt.Before(j.now.Add(limit.Per)) {
			before = append(before, r)
		}
	}
	return before
}

// covers reports whether a message counts and is held: a cap without channels
// or topics is about all of them. What is told to another system reaches no
// customer and never counts.
func (l Cap) covers(ch channels.Channel, topic string) bool {
	return ch != channels.Webhook &&
		(len(l.Channels) == 0 || slices.Contains(l.Channels, ch)) &&
		(len(l.Topics) == 0 || slices.Contains(l.Topics, topic))
}

// free is when one more contact fits. The window is rolling: a contact counts
// for less than Per after it, so the AtMost-th newest must have grown that old.
func (l Cap) free(contacts []deliveries.Contact, now time.Time) (time.Time, bool) {
	if l.AtMost <= 0 {
		return time.Time{}, false
	}
	var times []time.Time
	for _, contact := range contacts {
		if l.covers(contact.Channel, contact.Topic) {
			times = append(times, contact.At)
		}
	}
	if len(times) < l.AtMost {
		return now, true
	}
	slices.SortFunc(times, func(a, b time.Time) int { return b.Compare(a) })
	return later(times[l.AtMost-1].Add(l.Per), now), true
}

// crowded reports whether a message that went now would take a rival's place:
// whether some span of Per that holds now holds AtMost others, contacts or
// rivals at their time. The rivals are all covered.
func (l Cap) crowded(contacts []deliveries.Contact, rivals []deliveries.Rival, now time.Time) bool {
	starts := []time.Time{now}
	for _, c := range contacts {
		if c.At.After(now.Add(-l.Per)) && l.covers(c.Channel, c.Topic) {
			starts = append(starts, c.At)
		}
	}
	return slices.ContainsFunc(starts, func(from time.Time) bool {
		return l.taken(contacts, rivals, from, now) >= l.AtMost
	})
}

// taken counts the others within Per of a moment. A rival that was tried before
// and is to be tried again has one place, wherever it is.
func (l Cap) taken(contacts []deliveries.Contact, rivals []deliveries.Rival, from, now time.Time) (n int) {
	inside := func(at time.Time) bool { return !at.Before(from) && at.Before(from.Add(l.Per)) }
	counted := map[int64]bool{}
	for _, c := range contacts {
		if inside(c.At) && l.covers(c.Channel, c.Topic) {
			counted[c.Delivery] = true
			n++
		}
	}
	for _, r := range rivals {
		if inside(later(r.DueAt, now)) && !counted[r.Delivery] {
			n++
		}
	}
	return n
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
