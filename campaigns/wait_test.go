package campaigns

import (
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// awaitStep waits up to three days for an order.
func awaitStep(t *testing.T, where string) Step {
	wait := &Wait{Event: "Order Completed", AtMost: 72 * time.Hour}
	if where != "" {
		wait.Where = when(t, where)
	}
	return Step{Kind: StepWait, ID: "bought", Wait: wait}
}

// order is an event of a customer, received so long after noon.
func order(id int64, after time.Duration, total float64) customers.Event {
	return customers.Event{
		ID: id, Customer: "c1", Name: "Order Completed", At: noon.Add(after), ReceivedAt: noon.Add(after), Live: true,
		Properties: map[string]any{"total": total},
	}
}

func TestAWaitForAnEventEndsWhenItComesOrWhenItsTimeIsOver(t *testing.T) {
	const day = 24 * time.Hour
	returned := order(2, time.Hour, 20)
	returned.Name = "Order Returned"
	for name, k := range map[string]struct {
		news  []customers.Event
		where string
		now   time.Duration
		want  string // the mark; "" while it waits
	}{
		"nothing comes":                      {nil, "", day, ""},
		"it comes":                           {[]customers.Event{order(2, time.Hour, 20)}, "", time.Hour, "happened"},
		"another comes":                      {[]customers.Event{returned}, "", time.Hour, ""},
		"one that does not satisfy comes":    {[]customers.Event{order(2, time.Hour, 20)}, "event.total > 30", time.Hour, ""},
		"the second satisfies":               {[]customers.Event{order(2, time.Hour, 20), order(3, 2*time.Hour, 40)}, "event.total > 30", 2 * time.Hour, "happened"},
		"it came before the arrival":         {[]customers.Event{order(2, -time.Second, 20)}, "", time.Hour, ""},
		"it comes with the arrival":          {[]customers.Event{order(2, 0, 20)}, "", time.Hour, "happened"},
		"its time is over":                   {nil, "", 3 * day, "timed_out"},
		"it came in time, looked at late":    {[]customers.Event{order(2, 3*day-time.Second, 20)}, "", 4 * day, "happened"},
		"it came too late":                   {[]customers.Event{order(2, 3*day, 20)}, "", 4 * day, "timed_out"},
		"the condition sees who waits":       {[]customers.Event{order(2, time.Hour, 20)}, `first_name == "Ann" and event.total == 20`, time.Hour, "happened"},
		"not as the event that began it":     {[]customers.Event{order(2, time.Hour, 20)}, "event.total == 50", time.Hour, ""},
		"one with it that came before":       {[]customers.Event{order(0, 0, 20)}, "", time.Hour, ""},
		"the one that began it does not end": {[]customers.Event{order(1, 0, 20)}, "", time.Hour, ""},
	} {
		c := ruleCampaign(awaitStep(t, k.where), stopStep())
		who := traveller().at("0")
		who.Entry.Trigger, who.News = "event:1", k.news
		e := ruleShop().Advance(c, who, noon.Add(k.now)).Entry
		if got := e.Journal.Steps["0"].Status; got != k.want || (e.State == Finished) != (k.want != "") {
			t.Errorf("%s: marked %q and %s, want %q", name, got, e.State, k.want)
		}
		if k.want == "" && !e.WakeAt.Equal(noon.Add(3*day)) {
			t.Errorf("%s: wakes at %s", name, e.WakeAt)
		}
	}
}

func TestOneEventEndsOneWait(t *testing.T) {
	c := ruleCampaign(awaitStep(t, ""), awaitStep(t, ""), stopStep())
	who := traveller().at("0")
	who.News = []customers.Event{order(5, time.Hour, 20)}
	first := ruleShop().Advance(c, who, noon.Add(time.Hour))
	if first.Entry.Position != "1" || first.Entry.Journal.Steps["0"] != (Mark{Status: "happened", At: noon.Add(time.Hour), Event: 5}) {
		t.Fatalf("stands at %s, marked %+v", first.Entry.Position, first.Entry.Journal.Steps)
	}
	who = onward(who, first) // loaded again with the same news, received at the instant of the arrival
	if second := ruleShop().Advance(c, who, noon.Add(2*time.Hour)); second.Entry.Position != "1" {
		t.Errorf("the order ends both waits: %+v", second.Entry.Journal.Steps)
	}
	who.News = append(who.News, order(6, 2*time.Hour, 20))
	if third := ruleShop().Advance(c, who, noon.Add(2*time.Hour)); third.Entry.State != Finished {
		t.Errorf("the second order ends nothing: %+v", third.Entry.Journal.Steps)
	}
}

// Both came before anybody looked, the second on the heels of the first.
func TestAnEventOnTheHeelsOfAnotherIsNotLost(t *testing.T) {
	c := ruleCampaign(awaitStep(t, ""), awaitStep(t, ""), stopStep())
	who := traveller().at("0")
	who.News = []customers.Event{order(5, time.Hour, 20), order(6, time.Hour+100*time.Millisecond, 20)}
	if e := ruleShop().Advance(c, who, noon.Add(2*time.Hour)).Entry; e.State != Finished {
		t.Errorf("stands at %s, marked %+v", e.Position, e.Journal.Steps)
	}
	who.News = who.News[:1]
	e := ruleShop().Advance(c, who, noon.Add(2*time.Hour)).Entry
	if e.Position != "1" || !e.WakeAt.Equal(noon.Add(74*time.Hour)) {
		t.Errorf("stands at %s and waits until %s: it is to wait three days from now", e.Position, e.WakeAt)
	}
}

// A journey that is looked at late hears what came since the step before was done,
// and nothing from before. Its own time begins when it gets there.
func TestAWaitHearsSinceTheStepBeforeWasDone(t *testing.T) {
	const minute, late = time.Minute, 60 * time.Hour
	half := noon.Add(30 * minute)
	took := func(ch channels.Channel, status deliveries.Status) func(*Traveller) {
		d := sent("0", 0, ch, status)
		d.TakenAt, d.SettledAt = half, half.Add(minute)
		if status == deliveries.Skipped {
			d.TakenAt, d.SettledAt = time.Time{}, half
		}
		return func(who *Traveller) { who.Deliveries = []deliveries.Delivery{d} }
	}
	wait := awaitStep(t, "")
	forReturn := Step{Kind: StepWait, Wait: &Wait{Event: "Order Returned", AtMost: 10 * minute}}
	returned := order(4, 5*minute, 20)
	returned.Name = "Order Returned"
	won := splitStep(map[string]float64{"a": 0}, &Winner{})
	won.Branch[0].Steps = []Step{wait}
	for name, k := range map[string]struct {
		steps []Step
		at    string
		who   func(*Traveller)
		since time.Duration
	}{
		"what began it":               {[]Step{wait}, "", nil, 0},
		"steps that take no time":     {[]Step{{Kind: StepTag}, branchStep(Branch{Steps: []Step{wait}})}, "", nil, 0},
		"a pause":                     {[]Step{waitStep(30 * minute), wait}, "0", nil, 30 * minute},
		"a letter":                    {[]Step{smsStep("hello"), wait}, "0", took(channels.SMS, deliveries.Sent), 30 * minute},
		"a letter that is not sent":   {[]Step{smsStep("hello"), wait}, "0", took(channels.SMS, deliveries.Skipped), 30 * minute},
		"a message by any channel":    {[]Step{reachStep(channels.SMS), wait}, "0", took(channels.SMS, deliveries.Delivered), 30 * minute},
		"an answer":                   {[]Step{askStep(channels.SMS), wait}, "0", func(who *Traveller) { who.Answers = []Answer{{Ask: "csat", At: half}} }, 30 * minute},
		"no answer":                   {[]Step{askStep(channels.SMS), wait}, "0", took(channels.SMS, deliveries.Sent), 48*time.Hour + 30*minute},
		"a question that went astray": {[]Step{askStep(channels.SMS), wait}, "0", took(channels.SMS, deliveries.Failed), 30 * minute},
		"another event":               {[]Step{forReturn, wait}, "0", func(who *Traveller) { who.News = []customers.Event{returned} }, 5 * minute},
		"an event that did not come":  {[]Step{forReturn, wait}, "0", nil, 10 * minute},
		"the path that won": {[]Step{won}, "0", func(who *Traveller) {
			who.Winners, who.Entry.WakeAt = map[string]string{"0": "a"}, half
		}, 30 * minute},
	} {
		t.Run(name, func(t *testing.T) {
			c, who := ruleCampaign(k.steps...), traveller().at(k.at)
			if k.who != nil {
				k.who(&who)
			}
			first := ruleShop().Advance(c, who, noon.Add(late))
			if got, want := first.Entry.WakeAt, noon.Add(late+72*time.Hour); !got.Equal(want) {
				t.Fatalf("waits until %s at %q, want %s", got, first.Entry.Position, want)
			}
			for after, want := range map[time.Duration]string{k.since - time.Second: "", k.since: "happened"} {
				who := onward(who, first)
				who.News = []customers.Event{order(9, after, 20)}
				e := ruleShop().Advance(c, who, noon.Add(late)).Entry
				if got := e.Journal.Steps[first.Entry.Position].Status; got != want {
					t.Errorf("an order %s after the entry: %q, want %q", after, got, want)
				}
			}
		})
	}
}

// A journey that is begun by another one's step hears what came since that step
// could be taken, but for the event that led there.
func TestAWaitHearsSinceTheHandOver(t *testing.T) {
	w := ruleShop()
	next := ruleCampaign(awaitStep(t, ""))
	next.ID, next.State, next.Trigger = "next", Live, Trigger{Kind: Manual}
	w.Campaigns = map[string]*Campaign{"next": next}
	who := traveller()
	who.Entry.Trigger = "event:4"
	move := w.Advance(ruleCampaign(Step{Kind: StepEnter, Enter: "next"}), who, noon.Add(time.Hour))
	if len(move.Enter) != 1 {
		t.Fatalf("it hands over %d times", len(move.Enter))
	}
	who.Entry = move.Enter[0].Entry
	who = onward(who, w.Advance(next, who, noon.Add(2*time.Hour)))
	for id, want := range map[int64]string{4: "", 5: "happened"} {
		who.News = []customers.Event{order(id, 0, 20)}
		if got := w.Advance(next, who, noon.Add(2*time.Hour)).Entry.Journal.Steps["0"].Status; got != want {
			t.Errorf("event %d: %q, want %q", id, got, want)
		}
	}
}

func TestAnEventEndsTheWaitItConcerns(t *testing.T) {
	c := ruleCampaign(awaitStep(t, ""))
	c.Entry.Key = when(t, "event.order_id")
	for about, want := range map[any]string{"A1": "happened", "A2": "", nil: "happened"} {
		who, event := traveller().at("0"), order(5, time.Hour, 20)
		event.Properties["order_id"] = about
		who.Entry.Key, who.News = "A1", []customers.Event{event}
		if got := ruleShop().Advance(c, who, noon.Add(time.Hour)).Entry.Journal.Steps["0"].Status; got != want {
			t.Errorf("an order of %v: %q, want %q", about, got, want)
		}
	}
}

func TestConditionsAskWhetherTheEventCame(t *testing.T) {
	c := ruleCampaign(awaitStep(t, ""), branchStep(Branch{If: when(t, `steps.bought.status == "timed_out"`), Steps: []Step{stopStep()}}))
	move := ruleShop().Advance(c, traveller().at("0"), noon.Add(72*time.Hour))
	if move.Entry.Why != "stopped" {
		t.Errorf("ended by %q, marked %+v", move.Entry.Why, move.Entry.Journal.Steps)
	}
}
