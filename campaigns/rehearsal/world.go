package rehearsal

import (
	"slices"
	"strconv"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// Stage is what a world is made of.
type Stage struct {
	Workspace *campaigns.Workspace
	// Campaigns are those whose triggers work. They play as if they were live.
	Campaigns []string
	// Start and Until are when the days begin and end.
	Start, Until time.Time
	// Audience is the other side of every message.
	Audience Audience
	// Tell is told everything that happens, in order.
	Tell func(Line)
	// AllAtOnce leaves rollouts out: everybody is let in.
	AllAtOnce bool
	// Sweep is how often segments are compared and exits looked at that time
	// alone may change; 0 is an hour.
	Sweep time.Duration
}

// World is a shop in memory with its customers and its clock. It is not safe
// for concurrent use; worlds share nothing but their workspace.
type World struct {
	shop  *campaigns.Workspace
	stage Stage
	now   time.Time
	queue queue

	people    map[string]*person
	order     []string // of the people's ids, sorted
	byPhone   map[string]*person
	humans    map[string][]*person  // profiles of one person
	sharing   map[address][]*person // profiles that have an address, or had it
	journeys  []*journey            // by entry number, from 1
	ledger    []*parcel             // by delivery number, from 1
	spending  spending
	blocked   map[address]string // suppressions: the reason
	cases     int64              // opened so far
	events    int64              // on all timelines
	runs      int64
	occurred  map[int64]time.Time // the instants of runs
	planned   int64               // tasks so far
	watched   []*watch
	sample    int            // how many of each message are written in full; 0 is all
	spare     map[string]int // by message, how many were
	stages    map[rolling]campaigns.Stage
	splits    map[point]string     // with a winner, "" until it is decided
	opened    map[point]*openSplit // those that are undecided
	conflicts map[string]bool      // causes of entries, each once
}

// address is where one channel reaches somebody.
type address struct {
	channel channels.Channel
	at      string
}

// journey is an entry with what belongs to it.
type journey struct {
	campaigns.Entry
	campaign *campaigns.Campaign
	person   *person
	parcels  []*parcel
	answers  []campaigns.Answer
	open     *customers.Case // that new words about this entry go to
	reached  int             // goal events that counted
}

// parcel is a delivery and whose it is.
type parcel struct {
	deliveries.Delivery
	person  *person
	journey *journey // nil for what answers by itself
}

// campaign is what a parcel belongs to; nil where that is none.
func (p *parcel) campaign() *campaigns.Campaign {
	if p.journey == nil {
		return nil
	}
	return p.journey.campaign
}

// New makes a world in which nobody is yet.
func New(s Stage) *World {
	if s.Tell == nil {
		s.Tell = func(Line) {}
	}
	if s.Sweep <= 0 {
		s.Sweep = time.Hour
	}
	w := &World{
		shop: s.shop(), stage: s, now: s.Start,
		people: map[string]*person{}, byPhone: map[string]*person{}, humans: map[string][]*person{}, sharing: map[address][]*person{}, blocked: map[address]string{}, conflicts: map[string]bool{}, splits: map[point]string{}, opened: map[point]*openSplit{}, stages: map[rolling]campaigns.Stage{}, occurred: map[int64]time.Time{},
	}
	w.spending.now = func() time.Time { return w.now }
	return w
}

// shop is the workspace with the campaigns that play set live. It has campaigns
// of its own: what a world pauses is paused there alone.
func (s Stage) shop() *campaigns.Workspace {
	shop := *s.Workspace
	shop.Campaigns = make(map[string]*campaigns.Campaign, len(s.Workspace.Campaigns))
	for id, c := range s.Workspace.Campaigns {
		own := *c
		if slices.Contains(s.Campaigns, id) {
			own.State = campaigns.Live
		}
		if s.AllAtOnce {
			own.Rollout = nil
		}
		shop.Campaigns[id] = &own
	}
	return &shop
}

// Play lets time pass until the end, or until nothing is left to happen.
func (w *World) Play() {
	w.schedule()
	w.watch()
	for {
		next, due := w.queue.next(w.stage.Until)
		if !due {
			return
		}
		w.now = next.at
		next.do()
	}
}

// at plans something for an instant; what is late is done now.
func (w *World) at(when time.Time, r rank, do func()) {
	w.planned++
	w.queue.add(task{at: w.notBefore(when), rank: r, number: w.planned, do: do})
}

func (w *World) notBefore(when time.Time) time.Time {
	if when.Before(w.now) {
		return w.now
	}
	return when
}

// triggered lists the campaigns whose triggers work, in the order they were
// named.
func (w *World) triggered(kind campaigns.TriggerKind) []*campaigns.Campaign {
	var found []*campaigns.Campaign
	for _, name := range w.stage.Campaigns {
		if c := w.shop.Campaigns[name]; c != nil && c.Trigger.Kind == kind {
			found = append(found, c)
		}
	}
	return found
}

// schedule plans the occurrences of broadcasts (workers.Schedule).
func (w *World) schedule() {
	for _, kind := range []campaigns.TriggerKind{campaigns.Once, campaigns.Cron} {
		for _, c := range w.triggered(kind) {
			seen := w.stage.Start.Add(-time.Second)
			runs := w.shop.Due(c, time.Time{}, seen, w.stage.Start)
			for _, at := range w.shop.Occurrences(c, w.stage.Start, w.stage.Until) {
				runs = append(runs, campaigns.Run{At: at, State: campaigns.RunEntering})
			}
			for _, run := range runs {
				if run.State == campaigns.RunEntering {
					w.at(run.At, occurring, func() { w.broadcast(c, run) })
				}
			}
		}
	}
}

// broadcast lets an audience in (workers.Entrance, store.EnterShard). Of several
// profiles of one person the one with the smallest id enters; the others are
// noted with the reason.
func (w *World) broadcast(c *campaigns.Campaign, run campaigns.Run) {
	if c.State != campaigns.Live {
		return
	}
	w.runs++
	w.occurred[w.runs] = run.At
	w.shareOf(c, w.runs) // a run has its stages whether or not anybody belongs
	cause, persons := "run:"+strconv.FormatInt(w.runs, 10), map[string]bool{}
	for _, id := range w.order {
		p := w.people[id]
		start := w.shop.StartFor(c, run.At, &p.Customer)
		if judged := c.AudienceAt(run.At); start.Before(run.Since) || !c.Belongs(w.profile(p), p.counts(c, judged), judged) {
			continue
		}
		entry := c.Begin(&p.Customer, cause, nil, w.now)
		entry.Run, entry.Key, entry.WakeAt = w.runs, "", start
		if persons[p.human] {
			entry.State, entry.EndedAt, entry.Why = campaigns.Finished, w.now, string(deliveries.DuplicatePerson)
			entry.WakeAt = time.Time{}
		}
		persons[p.human] = true
		if !entry.Holdout && !w.inStage(c, w.runs, p) {
			entry.WakeAt = time.Time{} // until its stage opens
		}
		w.enter(c, p, entry, c.Entry.Again)
	}
}

// Join adds a customer with what stands on their timeline already.
func (w *World) Join(profile customers.Customer, history []customers.Event) {
	if profile.Pyramid == "" && profile.Orders.Count == 0 {
		profile.Pyramid = "inactive" // as whoever never ordered begins
	}
	p := &person{Customer: profile, keys: map[string]bool{}, human: customers.Person(profile)}
	w.humans[p.human] = append(w.humans[p.human], p)
	w.reaches(p)
	for ch, reason := range profile.Suppressed {
		if at := profile.Address(ch); at != "" {
			w.blocked[address{ch, at}] = reason
		}
	}
	w.people[profile.ID] = p
	if profile.Phone != "" {
		w.byPhone[profile.Phone] = p
	}
	place, _ := slices.BinarySearch(w.order, profile.ID)
	w.order = slices.Insert(w.order, place, profile.ID)
	for _, event := range history {
		event.ReceivedAt = event.At
		w.note(p, event)
	}
}

// perform plans what customers and the shop do at their own time.
func (w *World) perform(scenes []campaigns.Scene) {
	for _, scene := range scenes {
		w.at(scene.At, fromOutside, func() { w.enact(scene) })
	}
}

func (w *World) enact(scene campaigns.Scene) {
	p := w.people[scene.Customer]
	switch {
	case p == nil:
	case scene.Change != nil:
		w.change(p, scene.Change)
	case scene.Starts != "":
		w.begin(w.shop.Campaigns[scene.Starts], p, scene.With)
	default:
		w.happens(p, scene.Event, scene.With)
	}
}

// change edits a profile; consents it adds are the customer's newest words.
func (w *World) change(p *person, edit func(*customers.Customer)) {
	before, totals := p.Consents, p.Orders
	p.Consents = nil
	edit(&p.Customer)
	if p.Orders != totals {
		p.orders = nil // they are all in what is said now
	}
	words := p.Consents
	p.Consents = before
	for i := range words {
		words[i].At = w.now
	}
	w.consent(p, words)
	for ch, reason := range p.Suppressed {
		if at := p.Address(ch); at != "" {
			w.blocked[address{ch, at}] = reason
		}
	}
	if p.Phone != "" {
		w.byPhone[p.Phone] = p
	}
	w.reaches(p)
	w.look(p)
}

// reaches notes whose the addresses of a customer are.
func (w *World) reaches(p *person) {
	for _, ch := range channels.All() {
		at := address{ch, p.Address(ch)}
		if at.at != "" && !slices.Contains(w.sharing[at], p) {
			w.sharing[at] = append(w.sharing[at], p)
		}
	}
}

// begin starts a campaign by hand (campaigns.Starter).
func (w *World) begin(c *campaigns.Campaign, p *person, properties map[string]any) {
	if c == nil || !c.Belongs(w.profile(p), p.counts(c, w.now), w.now) {
		w.tell(Line{Customer: p.ID, Kind: Refused, Reason: string(deliveries.NotInAudience)})
		return
	}
	w.planned++
	entry := c.Begin(w.profile(p), "manual:"+strconv.FormatInt(w.planned, 10), properties, w.now)
	if c.LacksKey(entry) {
		w.tell(Line{Customer: p.ID, Campaign: c.ID, Kind: Refused, Reason: "without a key"})
		return
	}
	w.enter(c, p, entry, c.Entry.Again)
}
