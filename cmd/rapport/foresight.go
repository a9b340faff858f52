package main

import (
	"fmt"
	"strings"

	"rapport/campaigns"
	"rapport/campaigns/expression"
	"rapport/campaigns/rehearsal"
	"rapport/sandbox"
)

// foresight is the audience of a simulation: customers who behave by chance.
type foresight struct {
	behaviour sandbox.Behaviour
	seed      uint64
	campaign  *campaigns.Campaign
}

// Receive implements rehearsal.Audience.
func (f *foresight) Receive(m rehearsal.Message) []rehearsal.Reaction {
	box := sandbox.Letterbox{
		Message: fmt.Sprintf("%s/%s/%d/%d/%d", m.Campaign, m.Delivery.Step, m.Entry, m.Group, m.Attempts), Customer: m.Customer.ID,
		Report: m.Report(""), Content: m.Content,
	}
	if m.Step != nil && m.Step.Send != nil && m.Step.Send.Ask != nil {
		box.Low, box.High = scaleOf(m.Step.Send.Ask.Scale)
	}
	var reactions []rehearsal.Reaction
	for _, foreseen := range f.behaviour.Foresee(f.seed, box) {
		if foreseen.Deed {
			if f.campaign.Goal != nil {
				reactions = append(reactions, rehearsal.Reaction{After: foreseen.After, Event: f.campaign.Goal.Event, Properties: f.deed(foreseen.Value)})
			}
			continue
		}
		reactions = append(reactions, rehearsal.Reaction{After: foreseen.After, Report: foreseen.Report})
	}
	return reactions
}

func scaleOf(scale campaigns.Scale) (low, high int) {
	switch scale {
	case campaigns.CSAT5:
		return 1, 5
	case campaigns.NPS:
		return 0, 10
	case campaigns.YesNo:
		return 0, 1
	}
	return 0, 0
}

// life is what a customer who has entered does of what the campaign is for
// without being asked.
func (f *foresight) life(e campaigns.Entry) []campaigns.Scene {
	if f.campaign.Goal == nil {
		return nil
	}
	foreseen, does := f.behaviour.Anyway(f.seed, fmt.Sprintf("%s/%d", e.Customer, e.ID))
	if !does {
		return nil
	}
	return []campaigns.Scene{{At: e.EnteredAt.Add(foreseen.After), Customer: e.Customer, Event: f.campaign.Goal.Event, With: f.deed(foreseen.Value)}}
}

// awaited is the event that a journey waits for, should it come. Its fields are
// those of the event that began the journey, as far as the wait asks for them.
func (f *foresight) awaited(e campaigns.Entry, step *campaigns.Step) []campaigns.Scene {
	wait := step.Wait
	after, comes := f.behaviour.Awaited(f.seed, fmt.Sprintf("%s/%d/%s", e.Customer, e.ID, step.Path), wait.Event, wait.AtMost)
	if !comes {
		return nil
	}
	with := eventFields(f.behaviour.Goal.Value, wait.Where)
	for name := range with {
		if value, known := e.Journal.Event[name]; known {
			with[name] = value
		}
	}
	return []campaigns.Scene{{At: e.ArrivedAt.Add(after), Customer: e.Customer, Event: wait.Event, With: with}}
}

// deed is the event by which the goal is reached, worth a value.
func (f *foresight) deed(value float64) map[string]any {
	return eventFields(value, f.campaign.Goal.Value, f.campaign.Goal.Where)
}

// eventFields gives the event's fields that programs ask for a value.
func eventFields(value float64, programs ...*expression.Program) map[string]any {
	properties := map[string]any{}
	for _, program := range programs {
		if program == nil {
			continue
		}
		for _, field := range program.Fields() {
			if name, isEvent := strings.CutPrefix(field, "event."); isEvent {
				properties[name] = value
			}
		}
	}
	return properties
}
