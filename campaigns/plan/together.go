package plan

import (
	"cmp"
	"context"
	"slices"
	"time"

	"rapport/channels"
)

// together judges the messages of campaigns that run at one instant, in the order
// in which one scheduler and one worker would: by time, channel by channel, the
// most important first, of those the one that was planned first. What journeys
// go on to after a refusal comes behind everything that was planned before.
func (p *Planner) together(ctx context.Context, visits []*visit) error {
	p.company = map[string][]*visit{}
	for _, v := range visits {
		p.company[v.customer.ID] = append(p.company[v.customer.ID], v)
	}
	for {
		round := earliest(visits)
		if len(round) == 0 {
			break
		}
		slices.SortStableFunc(round, inOrder)
		for _, v := range round {
			if err := v.judgeNext(ctx); err != nil {
				return err
			}
		}
	}
	for _, v := range visits {
		if err := p.tell(v.tally, v.fate()); err != nil {
			return err
		}
	}
	return nil
}

// earliest lists the journeys with a message to judge at the earliest moment of
// all.
func earliest(visits []*visit) []*visit {
	var round []*visit
	var at time.Time
	for _, v := range visits {
		if !v.next() {
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
