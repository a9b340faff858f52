package campaigns

import (
	"testing"
	"time"

	"rapport/customers"
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
	returned := order(1, time.Hour, 20)
	returned.Name = "Order Returned"
	for name, k := range map[string]struct {
		news  []customers.Event
		where string
		now   time.Duration
		want  string // the mark; "" while it waits
	}{
		"nothing comes":                      {nil, "", day, ""},
		"it comes":                           {[]customers.Event{order(1, time.Hour, 20)}, "", time.Hour, "happened"},
		"another comes":                      {[]customers.Event{returned}, "", time.Hour, ""},
		"one that does not satisfy comes":    {[]customers.Event{order(1, time.Hour, 20)}, "event.total > 30", time.Hour, ""},
		"the second satisfies":               {[]customers.Event{order(1, time.Hour, 20), order(2, 2*time.Hour, 40)}, "event.total > 30", 2 * time.Hour, "happened"},
		"it came before the arrival":         {[]customers.Event{order(1, -time.Second, 20)}, "", time.Hour, ""},
		"it comes with the arrival":          {[]customers.Event{order(1, 0, 20)}, "", time.Hour, "happened"},
		"its time is over":                   {nil, "", 3 * day, "timed_out"},
		"it came in time, looked at late":    {[]customers.Event{order(1, 3*day-time.Second, 20)}, "", 4 * day, "happened"},
		"it came too late":                   {[]customers.Event{order(1, 3*day, 20)}, "", 4 * day, "timed_out"},
		"the condition sees who waits":       {[]customers.Event{order(1, time.Hour, 20)}, `first_name == "Ann" and event.total == 20`, time.Hour, "happened"},
		"not the event that began it":        {[]customers.Event{order(1, time.Hour, 20)}, "event.total == 50", time.Hour, ""},
		"the one that began it does not end": {[]customers.Event{order(812, 0, 20)}, "", time.Hour, ""},
	} {
		c := ruleCampaign(awaitStep(t, k.where), stopStep())
		who := traveller().at("0")
		who.Entry.Trigger, who.News = "event:812", k.news
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
	if e.Position != "1" || !e.ArrivedAt.Equal(noon.Add(time.Hour)) || !e.WakeAt.Equal(noon.Add(73*time.Hour)) {
		t.Errorf("the second wait began at %s and ends at %s", e.ArrivedAt, e.WakeAt)
	}
}

func TestConditionsAskWhetherTheEventCame(t *testing.T) {
	c := ruleCampaign(awaitStep(t, ""), branchStep(Branch{If: when(t, `steps.bought.status == "timed_out"`), Steps: []Step{stopStep()}}))
	move := ruleShop().Advance(c, traveller().at("0"), noon.Add(72*time.Hour))
	if move.Entry.Why != "stopped" {
		t.Errorf("ended by %q, marked %+v", move.Entry.Why, move.Entry.Journal.Steps)
	}
}
