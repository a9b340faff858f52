package plan

import (
	"cmp"
	"context"
	"slices"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

// together judges the messages of campaigns that run at one instant, in the order
// in which one scheduler and one worker would: by time, channel by channel, the
// most important first, of those the one that was planned first. What journeys
// go on to after a refusal comes behind everything that was planned before.
func (p *Planner) together(ctx context.Context, visits []*visit) error {
	p.company = map[string][]*visit{}
	for _, v := range visits {
		p.company[v.person] = append(p.company[v.person], v)
	}
	for round := earliest(visits); len(round) > 0; round = earliest(visits) {
		slices.SortStableFunc(round, inOrder)
		for len(round) > 0 {
			n := 1
			for n < min(len(round), page) && round[n].campaign == round[0].campaign {
				n++
			}
			if err := p.judge(ctx, round[:n]); err != nil {
				return err
			}
			round = round[n:]
		}
	}
	return nil
}

// judge judges the next message of some journeys of one campaign, whose customers
// are loaded for it, and tells those that have come to their first contact or to
// an end.
func (p *Planner) judge(ctx context.Context, visits []*visit) error {
	ids := make([]string, len(visits))
	for i, v := range visits {
		ids[i] = v.id
	}
	known, err := p.read(ctx, visits[0].campaign, ids, visits[0].at)
	if err != nil {
		return err
	}
	for _, v := range visits {
		v.meet(known)
		if err := v.judgeNext(ctx); err != nil {
			return err
		}
		if err := v.rest(); err != nil {
			return err
		}
	}
	return nil
}

// meet lets a journey go on with its customer.
func (v *visit) meet(known acquaintance) {
	v.customer, v.pressure = known.people[v.id], known.pressure[v.id]
	v.foreseen.Meet(v.customer, known.counts[v.id])
}

// rest tells a journey that has no message to judge any more, and lets go of the
// customer, of whom nothing is kept between two messages.
func (v *visit) rest() error {
	var err error
	if !v.next() {
		err = v.tell(v.tally, v.fate())
	}
	v.foreseen.Forget()
	v.customer, v.pressure = nil, deliveries.Pressure{}
	return err
}

// earliest lists the journeys with a message to judge at the earliest moment of
// all.
func earliest(visits []*visit) []*visit {
	var round []*visit
	var at time.Time
	for _, v := range visits {
		if !v.awaited() {
			continue
		}
		switch due := v.foreseen.At; {
		case len(round) == 0 || due.Before(at):
			round, at = []*visit{v}, due
		case due.Equal(at):
			round = append(round, v)
		}
	}
	return round
}

// awaited reports whether a message of the journey is to be judged.
func (v *visit) awaited() bool { return v.number != 0 && v.foreseen.Contact.Status == "" }

// inOrder is the order in which messages of one moment are taken from the
// ledger.
func inOrder(a, b *visit) int {
	return cmp.Or(cmp.Compare(a.place(), b.place()), cmp.Compare(b.campaign.Priority, a.campaign.Priority), cmp.Compare(a.number, b.number))
}

// place is the turn of the channel that the next message goes by.
func (v *visit) place() int {
	d, _, _ := v.foreseen.Next()
	return slices.Index(channels.All(), d.Channel)
}
