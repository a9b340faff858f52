package trust_test

import (
	"fmt"
	"strings"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/sandbox"
	"rapport/store"
	"rapport/store/storetest"
)

// changedMinds: people say stop or are erased, campaigns are paused, cancelled and
// edited while messages go out. Whatever was committed holds a second later.
var changedMinds = row{
	id: "R12", fault: "stops, erasures, a pause, a cancelled and an edited campaign in mid-run", quick: 2_400, full: 50_000,
	play: func(t *trial) {
		people := t.size / len(minds)
		r := t.newRig(setting{
			dsn: storetest.Postgres(t.T), redis: t.startRedis(false), times: hasty, behaviour: quiet(),
			faults: slowly(50*time.Millisecond, 600*time.Millisecond), extra: "erasure_keys: [a-key-of-the-rig-0123456789]",
		})
		r.apply(r.texts(minds)...)
		r.settle(people)
		r.startFleet(3)
		r.begin(people)
		w := &whims{rig: r, people: people, said: map[string]time.Time{}}
		r.rest(30*time.Minute, people*len(minds), w.next)
		r.resolve(time.Minute, t.size)
		t.show("%d stops, %d erasures", w.stops, w.erasures)
		late := w.late()
		old, other := w.wordings()
		t.show("%d texts of the edited campaign in the words their journeys began with", old)
		t.promise(old > 0 && other == 0, "of the texts after the edit %d came in the words their journeys began with and %d in other words", old, other)
		meant := t.size - w.unmeant()
		j := r.judge(meant)
		t.show("%d not sent with a reason, %d journeys ended before their message was planned", j.refused, t.size-meant)
		t.promise(w.stops > 0 && w.erasures > 0 && w.turned == len(turns) && j.refused > 0, "too little happened")
		t.promise(len(late) == 0, "%d went out later than a second after somebody had decided otherwise: %s", len(late), strings.Join(late[:min(len(late), 3)], "; "))
		t.promise(j.onlyFor(deliveries.Exited, deliveries.Suppressed, deliveries.PausedCampaign, deliveries.NoAddress), "messages ended for other reasons: %v", j.ends)
		j.refused = 0 // all for these reasons
		t.tell(j, meant)
	},
}

// minds are the campaigns, each with one message a customer.
var minds = []mind{
	{"kept", channels.Call}, {"paused", channels.Email}, {"cancelled", channels.Push}, {"edited", channels.SMS},
}

type mind struct {
	name string
	by   channels.Channel
}

func (r *rig) texts(all []mind) (texts []string) {
	for _, m := range all {
		text := strings.Replace(mixed(m.by), "campaign: mixed", "campaign: "+m.name, 1)
		texts = append(texts, strings.Replace(text, "resend", "hold", 1))
	}
	return texts
}

// whims are what people decide, and when it was committed.
type whims struct {
	*rig
	people          int
	stops, erasures int
	store           *store.Store
	said            map[string]time.Time // by address, endpoint or campaign
	counted         time.Time            // when the journeys were last counted
	entered         bool                 // all have begun: a campaign that is paused or over lets nobody in
	before          int                  // messages that were out by then
	acted, turned   int
}

// turns are what happens to campaigns, each when so many of a hundred messages are
// out.
var turns = []struct {
	at   int
	name string
	do   func(*whims)
}{
	{10, "paused", func(w *whims) { w.must(w.pauser().Pause(w.Context(), "paused", "", "operator")) }},
	{15, "cancelled", func(w *whims) { w.change("cancelled", "state: live", "state: archived") }},
	{20, "edited", func(w *whims) {
		w.change("edited", "title: Notes", "title: Another title", wording{"templates/sms/note.liquid", "A note from", "Other words of"})
	}},
	{40, "resumed", func(w *whims) { w.must(w.pauser().Resume(w.Context(), "paused")) }},
}

// next lets somebody change their mind, once for each hundredth of the messages that
// are left when every journey has begun.
func (w *whims) next() {
	w.Helper()
	if !w.entered {
		if time.Since(w.counted) < time.Second/2 {
			return
		}
		w.counted = time.Now()
		w.before, w.entered = w.accepted.len(), w.number(`SELECT COUNT(*) FROM entries`) == w.people*len(minds)
		return
	}
	share := (w.accepted.len() - w.before) * 100 / max(1, w.size-w.before)
	if w.turned < len(turns) && share >= turns[w.turned].at {
		w.open()
		turns[w.turned].do(w)
		w.said[turns[w.turned].name] = time.Now()
		w.turned++
	}
	if share <= w.acted {
		return
	}
	w.acted = share
	w.open()
	n := w.people - 1 - share // from the end, whose messages come last
	number := fmt.Sprintf("+4915112%06d", n)
	if share%2 == 0 {
		w.must(w.store.Suppress(w.Context(), []customers.Suppression{{Channel: channels.SMS, Address: number, Reason: channels.ReasonOptedOut, At: time.Now()}}))
		w.said[number] = time.Now()
		w.stops++
		return
	}
	_, err := w.store.Erase(w.Context(), person(n), customers.Alias(person(n)), time.Now())
	w.must(err)
	w.said[number], w.said[w.mailboxOf(number)] = time.Now(), time.Now()
	w.erasures++
}

func (w *whims) open() {
	w.Helper()
	if w.store != nil {
		return
	}
	w.store = w.openStore()
	w.store.ErasureKeys = [][]byte{[]byte("a-key-of-the-rig-0123456789")}
	w.Cleanup(func() { _ = w.store.Close() }) // what it wrote is committed
}

func (w *whims) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *whims) pauser() campaigns.Pauser {
	return campaigns.Pauser{Catalog: &campaigns.Catalog{Archive: w.store.Archive()}, Brake: w.store, Now: time.Now}
}

// wording is other words in a template.
type wording struct{ path, from, to string }

// change applies the workspace with one campaign's file edited, and templates with it,
// after what was changed before.
func (w *whims) change(campaign, from, to string, others ...wording) {
	w.Helper()
	edition, err := (&campaigns.Catalog{Archive: w.store.Archive()}).Current(w.Context())
	w.must(err)
	files := map[string][]byte{}
	for path, text := range edition.Files {
		if strings.Contains(string(text), "campaign: "+campaign+"\n") {
			if !strings.Contains(string(text), from) {
				w.Fatalf("campaign %s has no %q to change", campaign, from)
			}
			text = []byte(strings.Replace(string(text), from, to, 1))
		}
		files[path] = text
	}
	for _, other := range others {
		if !strings.Contains(string(files[other.path]), other.from) {
			w.Fatalf("%s has no %q to change", other.path, other.from)
		}
		files[other.path] = []byte(strings.Replace(string(files[other.path]), other.from, other.to, 1))
	}
	applier := campaigns.Applier{Catalog: &campaigns.Catalog{Archive: w.store.Archive()}, Census: w.store, Journeys: w.store, Now: time.Now}
	_, problems, err := applier.Apply(w.Context(), files, campaigns.ApplyOptions{})
	w.must(err)
	if len(problems) > 0 {
		w.Fatalf("apply an edited campaign: %v", problems)
	}
}

// late are the messages that were accepted later than a second after whoever they
// concern had decided otherwise.
func (w *whims) late() (late []string) {
	w.Helper()
	list, err := w.accepted.all()
	w.must(err)
	campaignOf := map[int64]string{}
	w.query(`SELECT id, campaign FROM deliveries`, func(scan func(...any) error) error {
		var id int64
		var campaign string
		err := scan(&id, &campaign)
		campaignOf[id] = campaign
		return err
	})
	doors := w.doors()
	for _, m := range list {
		campaign := campaignOf[w.deliveryOf(doors, m)]
		for _, whose := range []string{m.To, campaign} {
			if since, decided := w.said[whose]; decided && w.forbids(whose, m) && m.At.After(since.Add(time.Second)) {
				late = append(late, fmt.Sprintf("%s of %s, %s after", m.Channel, campaign, m.At.Sub(since)))
			}
		}
	}
	return late
}

// wordings counts the texts that were accepted after the edited campaign got other
// words: those in the words that texts had before, as all journeys had begun by
// then, and those in any other.
func (w *whims) wordings() (old, other int) {
	w.Helper()
	list, err := w.accepted.all()
	w.must(err)
	words := map[string]bool{}
	for _, m := range list {
		switch {
		case m.Channel != channels.SMS:
		case m.At.Before(w.said["edited"]):
			words[m.Body] = true
		case words[m.Body]:
			old++
		default:
			other++
		}
	}
	w.promise(len(words) == 1, "the texts before the edit had %d wordings", len(words))
	return old, other
}

// forbids reports whether a decision is about a message at its time: a pause ends,
// and a STOP by text is about texts.
func (w *whims) forbids(whose string, m sandbox.Accepted) bool {
	switch {
	case whose == "edited": // goes on as it was
		return false
	case whose == "paused":
		end, ended := w.said["resumed"]
		return !ended || m.At.Before(end)
	case strings.HasPrefix(whose, "+"):
		_, erased := w.said[w.mailboxOf(whose)]
		return m.Channel == channels.SMS || erased
	}
	return true
}

// unmeant counts the journeys that ended before their only message was planned:
// their customer was erased, or their campaign cancelled. Nothing else ends one.
func (w *whims) unmeant() int {
	w.Helper()
	return w.number(`SELECT COUNT(*) FROM entries e WHERE e.why IN ('` + customers.Erased + `', 'archived')
		AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.entry = e.id)`)
}

func (w *whims) mailboxOf(number string) string {
	return "p" + strings.TrimPrefix(number, "+4915112") + "@rig.example"
}
