package campaigns

import (
	"time"

	"rapport/campaigns/expression"
	"rapport/deliveries"
)

// moment is all that a condition of the journey may ask about.
func (t Traveller) moment(c *Campaign, now time.Time) expression.Moment {
	return expression.Moment{
		Now: c.today(now), Customer: t.Customer, Event: t.Entry.Journal.Event, Counts: t.Counts,
		Answers: t.answers(), Steps: t.statuses(c),
	}
}

func (t Traveller) answers() map[string]expression.Answer {
	answers := make(map[string]expression.Answer, len(t.Answers))
	for _, a := range t.Answers {
		if _, answered := answers[a.Ask]; !answered {
			answers[a.Ask] = expression.Answer{Score: a.Score, Choice: a.Choice, Text: a.Text}
		}
	}
	return answers
}

// statuses is what steps.<id>.status says: the journal's word, else the
// ledger's. Where two steps share an id the later one that was reached counts.
func (t Traveller) statuses(c *Campaign) map[string]string {
	statuses := map[string]string{}
	everyStep(c.Steps, func(step *Step) {
		if step.ID == "" {
			return
		}
		if mark, marked := t.Entry.Journal.Steps[step.Path]; marked {
			statuses[step.ID] = mark.Status
		} else if sent := deliveriesOf(t, step); len(sent) > 0 {
			statuses[step.ID] = string(step.teller(sent).Status)
		}
	})
	return statuses
}

// teller is the delivery that says what became of a step: the latest or, where
// several channels are tried for one message, the one that got furthest.
func (s *Step) teller(sent []deliveries.Delivery) deliveries.Delivery {
	if s.Kind == StepReach {
		return furthest(sent)
	}
	return sent[len(sent)-1]
}

// Status is what steps.<id>.status says of the traveller's journey; "" while the
// step was not reached.
func (t Traveller) Status(c *Campaign, step string) string { return t.statuses(c)[step] }
