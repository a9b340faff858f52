package rehearsal

import (
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// Line is one thing that happened in a world.
type Line struct {
	At       time.Time
	Customer string
	Campaign string
	Kind     Kind
	// Name is what it is about: a template, a case's queue, a tag, a field, an
	// event, a campaign, the path of a step, a topic.
	Name    string
	Channel channels.Channel
	// Reason is why, or the status that a step or delivery came to.
	Reason string
	// Value is what a field was set to, whether a tag was put on or a consent
	// given, or what a goal was worth.
	Value any
	// Number is how many points were added, which goal event this is, or which
	// attempt of a message.
	Number int64

	Delivery *deliveries.Delivery // as it stands at the end of the world
	Content  *channels.Content    // of what went out
	Case     *customers.Case
	Event    *customers.Event
	Journey  *campaigns.Entry // as it stands at the end of the world
}

// Kind is what happened.
type Kind string

// The kinds of lines.
const (
	Happened        Kind = "event"    // in the shop, or on the timeline by a campaign
	Entered         Kind = "entered"  // a journey began
	Refused         Kind = "refused"  // a journey did not begin
	Arrived         Kind = "arrived"  // at a step
	Stepped         Kind = "stepped"  // a step that is no message is over
	LeftJourney     Kind = "left"     // by an exit
	FinishedJourney Kind = "finished" // to the end
	WasPlanned      Kind = "planned"
	Held            Kind = "held" // until the delivery's DueAt
	WentOut         Kind = "sent"
	WasSkipped      Kind = "skipped"
	WasFailed       Kind = "failed"   // or expired
	CameBack        Kind = "reported" // the delivery came to the status Reason
	Answered        Kind = "answered"
	CaseOpened      Kind = "case"
	Tagged          Kind = "tag"
	WasSet          Kind = "set"
	PointsAdded     Kind = "points"
	Consented       Kind = "consent"
	Blocked         Kind = "suppressed"
	GoalReached     Kind = "goal"
	WasDecided      Kind = "decided" // a winner or a stage, in Reason
	Mistaken        Kind = "mistake" // a message could not be written
)

func (w *World) tell(l Line) {
	l.At = w.now
	w.stage.Tell(l)
}
