package campaigns

import "time"

// Rollout lets people into a campaign by stages. Who belongs to a stage is
// drawn by person and stays the same; whoever is not let in yet waits before
// the first step.
type Rollout struct {
	// Stages are the shares of people, growing, the last one 1.
	Stages []float64
	// Hold is how long a stage is watched before the next one opens.
	Hold time.Duration
	// ContinueIf must all hold of the response to the stage before.
	ContinueIf []Criterion
	// MinSample is how many messages a stage must have sent before a criterion
	// may pass or stop it.
	MinSample int
}

// Criterion bounds one measure of the response, such as bounced < 3%.
type Criterion struct {
	Metric Metric
	Op     string // <, <=, > or >=
	Bound  float64
}

// Metric is a measure of the response to a campaign.
type Metric string

// The metrics: shares of the messages that were sent, and means of the scores
// that were given.
const (
	ShareBounced      Metric = "bounced"
	ShareComplained   Metric = "complained"
	ShareUnsubscribed Metric = "unsubscribed"
	ShareFailed       Metric = "failed"
	ShareDelivered    Metric = "delivered"
	ShareOpened       Metric = "opened"
	ShareClicked      Metric = "clicked"
	ShareAnswered     Metric = "answered"
	MeanCSAT          Metric = "csat"
	MeanNPS           Metric = "nps"
)
