package rehearsal

import (
	"maps"
	"slices"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/deliveries"
)

// Figures sum a simulation up.
type Figures struct {
	Campaign string    `json:"campaign"`
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
	People   int       `json:"people"` // looked at
	Entered  int       `json:"entered"`
	Holdout  int       `json:"holdout"` // of these, never contacted
	Finished int       `json:"finished"`
	Left     int       `json:"left"`
	Waiting  int       `json:"waiting"` // at the end
	// Unmet are customers whom the trigger's condition kept out; LeftAside names
	// the fields it asks for that were not given, so that it was not judged.
	Unmet     int      `json:"unmet,omitempty"`
	LeftAside []string `json:"left_aside,omitempty"`
	// Awaited are the events that journeys waited for: how often each happened.
	Awaited map[string]AwaitedFigures `json:"awaited,omitempty"`
	// Why journeys left, by exit.
	Why map[string]int `json:"why,omitempty"`
	// Steps stand in the order of the file.
	Steps    []StepFigures    `json:"steps"`
	Channels []ChannelFigures `json:"channels"`
	Skipped  map[string]int   `json:"skipped,omitempty"` // by reason
	Failed   map[string]int   `json:"failed,omitempty"`
	Mistakes map[string]int   `json:"mistakes,omitempty"` // messages that could not be written, by what was wrong
	Busiest  Busiest          `json:"busiest,omitzero"`
	Cases    []DayCases       `json:"cases,omitempty"`
	Answers  []AskFigures     `json:"answers,omitempty"`
	Goal     *GoalFigures     `json:"goal,omitempty"`
}

// AwaitedFigures say how waits for an event ended.
type AwaitedFigures struct {
	Happened int `json:"happened"`
	TimedOut int `json:"timed_out"`
}

// waited counts how a wait for an event ended.
func (c *counter) waited(l Line) {
	step := c.campaign.StepAt(l.Name)
	if step == nil || step.Wait == nil || step.Wait.Event == "" {
		return
	}
	figures := c.Awaited[step.Wait.Event]
	if l.Reason == "happened" {
		figures.Happened++
	} else {
		figures.TimedOut++
	}
	c.Awaited[step.Wait.Event] = figures
}

// StepFigures are one step: how many came to it, and stand there at the end.
type StepFigures struct {
	Path    string `json:"path"`
	Title   string `json:"title"`
	Reached int    `json:"reached"`
	Waiting int    `json:"waiting"`
	Sent    int    `json:"sent"` // messages
	Skipped int    `json:"skipped"`
}

// ChannelFigures are the messages of one channel, counted as production's are
// (deliveries.Funnel).
type ChannelFigures struct {
	Channel      channels.Channel `json:"channel"`
	Sent         int              `json:"sent"`
	Delivered    int              `json:"delivered"`
	Opened       int              `json:"opened"`
	Clicked      int              `json:"clicked"`
	Answered     int              `json:"answered"`
	Bounced      int              `json:"bounced"`
	Unsubscribed int              `json:"unsubscribed"`
	Complained   int              `json:"complained"`
	Cost         int64            `json:"cost"` // minor units
}

// Busiest is the hour in which most messages went out.
type Busiest struct {
	Hour     time.Time `json:"hour"` // by the workspace's clock
	Messages int       `json:"messages"`
}

// DayCases are the cases opened on a day by the workspace's clock.
type DayCases struct {
	Day   string `json:"day"`
	Cases int    `json:"cases"`
}

// AskFigures are the answers to one question.
type AskFigures struct {
	Ask     string  `json:"ask"`
	Answers int     `json:"answers"`
	Mean    float64 `json:"mean"` // of those that are scores
	Scores  int     `json:"scores"`
}

// GoalFigures are what the campaign is for: people who reached it by any of their
// journeys, among those who could be contacted and among the holdout.
type GoalFigures struct {
	Contacted    int     `json:"contacted"`
	Reached      int     `json:"reached"`
	Holdout      int     `json:"holdout"`
	HoldoutAlike int     `json:"holdout_reached"`
	Value        float64 `json:"value"` // of the contacted, major units
}

// counter sums up while a simulation plays what nobody could see at its end.
type counter struct {
	campaign *campaigns.Campaign
	zone     *time.Location
	hours    map[int64]int
	days     map[string]int
	asks     map[string]*AskFigures
	value    float64
	Figures
}

func newCounter(c *campaigns.Campaign, s Simulation) *counter {
	zone := s.Workspace.Zone
	if zone == nil {
		zone = time.UTC
	}
	return &counter{
		campaign: c, zone: zone, hours: map[int64]int{}, days: map[string]int{}, asks: map[string]*AskFigures{},
		Figures: Figures{
			Campaign: c.ID, From: s.Start, Until: s.Until, Awaited: map[string]AwaitedFigures{}, Why: map[string]int{}, Skipped: map[string]int{}, Failed: map[string]int{}, Mistakes: map[string]int{},
		},
	}
}

func (c *counter) tell(l Line) {
	switch l.Kind {
	case WentOut:
		c.hours[l.At.Unix()/3600]++
	case CaseOpened:
		c.days[l.At.In(c.zone).Format("2006-01-02")]++
	case Mistaken:
		c.Mistakes[string(l.Channel)+" "+l.Name+": "+l.Reason]++
	case Stepped:
		c.waited(l)
	case WasSkipped:
		c.Skipped[l.Reason]++
	case WasFailed:
		c.Failed[l.Reason]++
	case GoalReached:
		if worth, _ := l.Value.(float64); !l.Journey.Holdout {
			c.value += worth
		}
	case Answered:
		asked := c.asks[l.Name]
		if asked == nil {
			asked = &AskFigures{Ask: l.Name}
			c.asks[l.Name] = asked
		}
		asked.Answers++
		if score, _ := l.Value.(*float64); score != nil {
			asked.Mean += *score // summed; divided at the end
			asked.Scores++
		}
	}
}

// figures looks at where everybody stands at the end.
func (c *counter) figures(w *World) Figures {
	f := c.Figures
	f.People = len(w.people)
	f.Steps = stepsOf(c.campaign.Steps)
	at := map[string]*StepFigures{}
	for i := range f.Steps {
		at[f.Steps[i].Path] = &f.Steps[i]
	}
	for _, j := range w.journeys {
		if j.Campaign == c.campaign.ID && j.Why != string(deliveries.DuplicatePerson) {
			f.add(j, at)
		}
	}
	f.Channels = channelsOf(w.ledger)
	for hour, messages := range c.hours {
		begins := time.Unix(hour*3600, 0).In(c.zone)
		if messages > f.Busiest.Messages || messages == f.Busiest.Messages && begins.Before(f.Busiest.Hour) {
			f.Busiest = Busiest{begins, messages}
		}
	}
	for _, day := range slices.Sorted(maps.Keys(c.days)) {
		f.Cases = append(f.Cases, DayCases{day, c.days[day]})
	}
	for _, ask := range slices.Sorted(maps.Keys(c.asks)) {
		asked := *c.asks[ask]
		asked.Mean /= float64(max(1, asked.Scores))
		f.Answers = append(f.Answers, asked)
	}
	if c.campaign.Goal != nil {
		f.Goal = goalOf(w, c.campaign.ID)
		f.Goal.Value = c.value
	}
	return f
}

func (f *Figures) add(j *journey, at map[string]*StepFigures) {
	f.Entered++
	if j.Holdout {
		f.Holdout++
	}
	switch j.State {
	case campaigns.Finished:
		f.Finished++
	case campaigns.Left:
		f.Left++
		f.Why[j.Why]++
	default:
		f.Waiting++
		if step := at[j.Position]; step != nil {
			step.Waiting++
		}
	}
	came := map[string]bool{}
	for path := range j.Journal.Steps {
		came[path] = true
	}
	for _, p := range j.parcels {
		came[p.Step] = true
		if step := at[p.Step]; step != nil {
			step.Sent += int(counted(p).Sent)
			if p.Status == deliveries.Skipped {
				step.Skipped++
			}
		}
	}
	came[j.Position] = true
	for path := range came {
		if step := at[path]; step != nil {
			step.Reached++
		}
	}
}

// tried reports whether a message was given to a provider at all.
func (p *parcel) tried() bool { return p.Taken() || p.Attempts > 0 }

// counted is one message, counted as production's are.
func counted(p *parcel) (f deliveries.Funnel) {
	if p.tried() {
		f.Add(p.Alike())
	}
	return f
}

// stepsOf lists the steps in the order of the file.
func stepsOf(steps []campaigns.Step) []StepFigures {
	var all []StepFigures
	for i := range steps {
		all = append(all, StepFigures{Path: steps[i].Path, Title: steps[i].Title()})
		for _, branch := range steps[i].Branch {
			all = append(all, stepsOf(branch.Steps)...)
		}
	}
	return all
}

func channelsOf(ledger []*parcel) []ChannelFigures {
	by := map[channels.Channel]*deliveries.Funnel{}
	for _, p := range ledger {
		if !p.tried() {
			continue
		}
		if by[p.Channel] == nil {
			by[p.Channel] = &deliveries.Funnel{}
		}
		by[p.Channel].Add(p.Alike())
	}
	all := make([]ChannelFigures, 0, len(by))
	for _, ch := range deliveries.Lanes() {
		if f := by[ch]; f != nil {
			all = append(all, ChannelFigures{
				Channel: ch, Sent: int(f.Sent), Delivered: int(f.Delivered), Opened: int(f.Opened), Clicked: int(f.Clicked), Answered: int(f.Replied),
				Bounced: int(f.Bounced), Unsubscribed: int(f.Unsubscribed), Complained: int(f.Complained), Cost: f.Cost,
			})
		}
	}
	return all
}

func goalOf(w *World, campaign string) *GoalFigures {
	contacted, held := map[string]bool{}, map[string]bool{} // whether they reached it, by person
	for _, j := range w.journeys {
		if j.Campaign != campaign || j.Why == string(deliveries.DuplicatePerson) {
			continue
		}
		side := contacted
		if j.Holdout {
			side = held
		}
		side[j.person.human] = side[j.person.human] || j.reached > 0
	}
	return &GoalFigures{Contacted: len(contacted), Reached: those(contacted), Holdout: len(held), HoldoutAlike: those(held)}
}

// those counts the people who did.
func those(did map[string]bool) (n int) {
	for _, so := range did {
		if so {
			n++
		}
	}
	return n
}
