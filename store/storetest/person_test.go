package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rapport/campaigns"
	plans "rapport/campaigns/plan"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store"
)

// twins are people with two profiles each: the same e-mail in another case, or
// the same number.
func twins(n int) (people []customers.Customer) {
	for i := range n {
		a, b := customers.Customer{ID: fmt.Sprintf("c-%03d-a", i)}, customers.Customer{ID: fmt.Sprintf("c-%03d-b", i)}
		if i%3 == 0 {
			a.Phone, b.Phone = fmt.Sprintf("+49301%06d", i), fmt.Sprintf("+49301%06d", i)
		} else {
			a.Email = fmt.Sprintf("person%d@shop.example", i)
			b.Email = strings.ToUpper(a.Email)
		}
		people = append(people, a, b)
	}
	return people
}

// Both profiles of a person fall on the same side of the holdout, by a broadcast,
// by an event and by hand.
func TestAPersonIsHeldOutWhicheverWayTheyCome(t *testing.T) {
	const people = 60
	Each(t, func(t *testing.T, s *store.Store) {
		all := twins(people)
		put(t, s, all...)
		c := weekly("always", 0.5)
		c.State, c.Trigger = campaigns.Live, campaigns.Trigger{Kind: campaigns.OnEvent, Event: "Signed Up"}
		occur(t, s, 3, campaigns.Run{Campaign: c.ID, Version: 1, At: noon})
		if n := enterAll(t, s, c, ""); n != people {
			t.Fatalf("%d of %d people entered", n, people)
		}
		byBroadcast := map[string]bool{}
		for _, e := range running(t, s, ids(all)...) {
			byBroadcast[e.Customer[:len("c-000")]] = e.Holdout
		}
		profiles, err := s.Load(t.Context(), ids(all), noon)
		if err != nil || len(profiles) != len(all) {
			t.Fatalf("%d profiles, %v", len(profiles), err)
		}
		held := 0
		for _, profile := range profiles {
			person := profile.ID[:len("c-000")]
			event := customers.Event{ID: 1, Name: "Signed Up", Customer: profile.ID}
			entry, begins := (&campaigns.Workspace{}).EntryByEvent(c, event, profile, nil, noon)
			if !begins || entry.Holdout != byBroadcast[person] {
				t.Errorf("%s: by an event %v, by a broadcast %v", profile.ID, entry.Holdout, byBroadcast[person])
			}
			if byHand := c.Begin(profile, "manual:1", nil, noon); byHand.Holdout != entry.Holdout {
				t.Errorf("%s: by hand %v, by an event %v", profile.ID, byHand.Holdout, entry.Holdout)
			}
			if entry.Holdout {
				held++
			}
		}
		if held == 0 || held == 2*people {
			t.Errorf("%d of %d profiles are held out", held, 2*people)
		}
	})
}

func TestASecondProfileOfAPersonTakesNoPart(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, append(twins(3), customers.Customer{ID: "somebody"})...)
		keyed := func(customer, cause, key string) campaigns.Entry {
			e := journey(customer, cause)
			e.Key = key
			return e
		}
		enter(t, s, always, journey("c-000-a", "segment:1"), journey("c-000-b", "segment:2"), journey("somebody", "segment:3"), journey("stranger", "segment:4"))
		enter(t, s, always, journey("c-001-b", "event:1"))
		enter(t, s, always, journey("c-001-a", "event:2"))
		enter(t, s, always, keyed("c-002-a", "event:3", "A1"), keyed("c-002-b", "event:4", "A2"))
		enter(t, s, always, journey("c-001-a", "manual:1"))
		for customer, want := range map[string]string{
			"c-000-a": "running", "c-000-b": "duplicate_person", "somebody": "running", "stranger": "running",
			"c-001-b": "running", "c-001-a": "duplicate_person, running", // whom an agent names is meant
			"c-002-a": "running", "c-002-b": "running", // another order is another matter
		} {
			var got []string
			of, err := s.EntriesOf(t.Context(), "welcome", customer)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entriesOf(t, s, of) {
				if e.State == campaigns.Running {
					got = append(got, "running")
				} else {
					got = append(got, e.Why)
				}
			}
			if said := strings.Join(got, ", "); said != want {
				t.Errorf("%s: %s, want %s", customer, said, want)
			}
		}
		funnels, err := s.Summary().Funnels(t.Context(), noon)
		if err != nil || funnels[0].Skipped["duplicate_person"] != 2 {
			t.Errorf("summed up as %+v, %v", funnels, err)
		}
	})
}

// A no holds for the mailbox, or the number, it was said at, whichever profile is
// written to, until that profile says yes itself.
func TestANoHoldsForEveryProfileOfAnAddress(t *testing.T) {
	word := func(who string, ch channels.Channel, in bool, at time.Time) customers.Consent {
		return customers.Consent{Customer: who, Topic: "service", Channel: ch, In: in, At: at, Source: customers.ByOneClick}
	}
	every := func(who string, in bool, at time.Time) customers.Consent {
		return customers.Consent{Customer: who, Topic: customers.EveryTopic, Channel: channels.Email, In: in, At: at, Source: customers.ByPreferences}
	}
	no, yes, before, after := false, true, noon.Add(-time.Hour), noon.Add(time.Hour)
	cases := map[string]struct {
		words []customers.Consent
		by    channels.Channel
		in    bool
	}{
		"nobody spoke":                         {nil, channels.Email, true},
		"the other said no":                    {[]customers.Consent{word("a", channels.Email, no, noon)}, channels.Email, false},
		"the other said no after our yes":      {[]customers.Consent{word("a", channels.Email, no, noon), word("b", channels.Email, yes, before)}, channels.Email, false},
		"and at the same moment":               {[]customers.Consent{word("a", channels.Email, no, noon), word("b", channels.Email, yes, noon)}, channels.Email, false},
		"we said yes after the other's no":     {[]customers.Consent{word("a", channels.Email, no, noon), word("b", channels.Email, yes, after)}, channels.Email, true},
		"the other took the no back":           {[]customers.Consent{word("a", channels.Email, no, noon), word("a", channels.Email, yes, after)}, channels.Email, true},
		"we said no, the other yes":            {[]customers.Consent{word("a", channels.Email, yes, after), word("b", channels.Email, no, noon)}, channels.Email, false},
		"whose number is the same":             {[]customers.Consent{word("c", channels.SMS, no, noon)}, channels.SMS, false},
		"is called at it too":                  {[]customers.Consent{word("c", channels.Call, no, noon)}, channels.Call, false},
		"but has another mailbox":              {[]customers.Consent{word("c", channels.Email, no, noon)}, channels.Email, true},
		"and whose mailbox is has another one": {[]customers.Consent{word("a", channels.SMS, no, noon)}, channels.SMS, true},
		"whose writing to us was no consent":   {[]customers.Consent{{Customer: "c", Topic: "service", Channel: channels.SMS, At: noon, Source: customers.ByNoWord}}, channels.SMS, true},
		"who wants nothing at all":             {[]customers.Consent{every("b", no, noon)}, channels.Email, false},
		"and said yes to this before":          {[]customers.Consent{every("b", no, noon), word("b", channels.Email, yes, before)}, channels.Email, false},
		"and said yes to this since":           {[]customers.Consent{every("b", no, noon), word("b", channels.Email, yes, after)}, channels.Email, true},
		"and took it back":                     {[]customers.Consent{every("b", no, noon), every("b", yes, after)}, channels.Email, true},
		"which is no yes":                      {[]customers.Consent{every("b", no, before), every("b", yes, after), word("b", channels.Email, no, noon)}, channels.Email, false},
		"the other wants nothing at all":       {[]customers.Consent{every("a", no, noon)}, channels.Email, false},
		"a browser is one profile's":           {[]customers.Consent{word("a", channels.Push, no, noon), word("c", channels.Push, no, noon)}, channels.Push, true},
	}
	Each(t, func(t *testing.T, s *store.Store) {
		n := 0
		for name, of := range cases {
			n++
			id := func(profile string) string { return fmt.Sprintf("p%02d-%s", n, profile) }
			mail, number := fmt.Sprintf("ann%d@home.example", n), fmt.Sprintf("+49301%06d", n)
			put(t, s, customers.Customer{ID: id("a"), Email: mail, Phone: number[:8] + "999999"}, customers.Customer{ID: id("b"), Email: mail, Phone: number},
				customers.Customer{ID: id("c"), Email: "bob" + mail, Phone: number})
			for i := range of.words {
				of.words[i].Customer = id(of.words[i].Customer)
			}
			if err := s.Consent(t.Context(), after, of.words); err != nil {
				t.Fatal(err)
			}
			for i := range of.words {
				of.words[i].Customer = of.words[i].Customer[len("p00-"):]
			}
			if in := loaded(t, s, id("b")).Consented("service", of.by, true); in != of.in {
				t.Errorf("%s: the profile says %v", name, in)
			}
			if p := pressureOn(t, s, id("b"), of.by); p.Refused == of.in {
				t.Errorf("%s: as it begins, refused is %v", name, p.Refused)
			}
		}
	})
}

// Who gets another address leaves their noes with the one before, for whoever has it then.
func TestANoStaysWithTheAddressThatIsLeft(t *testing.T) {
	said := func(ch channels.Channel, in bool, at time.Time) customers.Consent {
		return customers.Consent{Topic: "service", Channel: ch, In: in, At: at, Source: customers.ByOneClick}
	}
	mailNo, textNo := said(channels.Email, false, ago(time.Hour)), said(channels.SMS, false, ago(time.Hour))
	moved := customers.Customer{Email: "moved@home.example", Phone: "+493011111111"}
	with := func(c customers.Customer, words ...customers.Consent) customers.Customer {
		c.Consents = words
		return c
	}
	removed := customers.Customer{Removed: []string{"email", "phone"}}
	at := func(c customers.Customer) customers.Customer {
		c.Email, c.Phone = "ann@home.example", "+493012345678"
		return c
	}
	put := func(people ...customers.Customer) func(*store.Store) error {
		return func(s *store.Store) error {
			_, err := s.PutCustomers(t.Context(), noon, people)
			return err
		}
	}
	named := func(id string, c customers.Customer) customers.Customer {
		c.ID = id
		return c
	}
	cases := map[string]struct {
		before []customers.Consent // of who leaves
		theirs []customers.Consent // of who stays
		change func(*store.Store) error
		refuse string // by which channels who stays is out
	}{
		"another address":            {[]customers.Consent{mailNo, textNo}, nil, put(named("a", moved)), "email sms"},
		"another mailbox":            {[]customers.Consent{mailNo, textNo}, nil, put(customers.Customer{ID: "a", Email: moved.Email}), "email sms"},
		"none":                       {[]customers.Consent{mailNo, textNo}, nil, put(named("a", removed)), "email sms"},
		"nothing was refused":        {nil, nil, put(named("a", moved)), ""},
		"a no with it":               {nil, nil, put(named("a", with(moved, mailNo, textNo))), "email sms"},
		"a no with taking it off":    {nil, nil, put(named("a", with(removed, mailNo))), "email"},
		"a yes with it":              {[]customers.Consent{mailNo, textNo}, nil, put(named("a", with(moved, said(channels.Email, true, noon)))), "sms"},
		"an older yes with it":       {[]customers.Consent{mailNo}, nil, put(named("a", with(moved, said(channels.Email, true, ago(2*time.Hour))))), "email"},
		"an older no with it":        {[]customers.Consent{said(channels.Email, true, noon)}, nil, put(named("a", with(moved, mailNo))), ""},
		"who stays said yes since":   {[]customers.Consent{mailNo}, []customers.Consent{said(channels.Email, true, noon)}, put(named("a", moved)), ""},
		"who stays said yes before":  {[]customers.Consent{mailNo}, []customers.Consent{said(channels.Email, true, ago(2*time.Hour))}, put(named("a", moved)), "email"},
		"a browser's goes with them": {[]customers.Consent{said(channels.Push, false, noon)}, nil, put(named("a", moved)), ""},
		"by an event": {[]customers.Consent{mailNo, textNo}, nil, func(s *store.Store) error {
			return only(s.Take(t.Context(), noon, []customers.Message{identify("i-1", named("a", moved))}))
		}, "email sms"},
	}
	Each(t, func(t *testing.T, s *store.Store) {
		for name, of := range cases {
			if err := put(at(customers.Customer{ID: "a"}), at(customers.Customer{ID: "b"}))(s); err != nil {
				t.Fatal(err)
			}
			for id, words := range map[string][]customers.Consent{"a": of.before, "b": of.theirs} {
				for i := range words {
					words[i].Customer = id
				}
				if err := s.Consent(t.Context(), noon, words); err != nil {
					t.Fatal(err)
				}
			}
			if err := of.change(s); err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, ch := range []channels.Channel{channels.Email, channels.SMS, channels.Call, channels.Push} {
				if !loaded(t, s, "b").Consented("service", ch, true) {
					out = append(out, string(ch))
				}
			}
			if strings.Join(out, " ") != of.refuse {
				t.Errorf("%s: who stays is out by %q, not %q", name, out, of.refuse)
			}
			s.ErasureKeys = [][]byte{[]byte("the key of this year, long enough")}
			for _, id := range []string{"a", "b"} {
				if _, err := s.Erase(t.Context(), id, customers.Alias(id), noon); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// Many leave an address in one import: who has it then has the latest no of each matter,
// and none of who left has another's.
func TestNoesStayWithAnAddressThatManyLeave(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		no := func(who string, at time.Time, source string) customers.Consent {
			return customers.Consent{Customer: who, Topic: "news", Channel: channels.Email, At: at, Source: source}
		}
		const shared = "office@shop.example"
		put(t, s, customers.Customer{ID: "a", Email: shared}, customers.Customer{ID: "b", Email: shared}, customers.Customer{ID: "c", Email: shared}, customers.Customer{ID: "d", Email: "d@shop.example"})
		if err := s.Consent(t.Context(), noon, []customers.Consent{no("a", ago(time.Hour), customers.ByOneClick), no("b", noon, customers.ByPreferences)}); err != nil {
			t.Fatal(err)
		}
		tally := put(t, s, customers.Customer{ID: "a", Email: "a@shop.example"}, customers.Customer{ID: "b", Email: "b@shop.example"}, customers.Customer{ID: "c", Email: "c@shop.example"},
			customers.Customer{ID: "d", Email: shared}, customers.Customer{ID: "e", Email: shared})
		same(t, "tally", tally, customers.Tally{Added: 1, Changed: 4})
		for who, want := range map[string][]customers.Consent{
			"a": {no("a", ago(time.Hour), customers.ByOneClick)}, "b": {no("b", noon, customers.ByPreferences)}, "c": nil,
			"d": {no("d", noon, customers.ByPreferences)}, "e": {no("e", noon, customers.ByPreferences)},
		} {
			same(t, who, loaded(t, s, who).Consents, want)
		}
		_, err := s.TakePast(t.Context(), noon, []customers.Message{identify("i-1", customers.Customer{ID: "a", Email: "before@shop.example"})})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the past takes none away", loaded(t, s, "a").Email, "a@shop.example")
	})
}

// pressureOn is what weighs on a message to a customer.
func pressureOn(t *testing.T, s *store.Store, customer string, ch channels.Channel) (p deliveries.Pressure) {
	t.Helper()
	enter(t, s, always, journey(customer, "event:"+string(ch)))
	apply(t, s, campaigns.Move{Entry: running(t, s, customer)[0], Plan: []deliveries.Delivery{message(ch)}})
	due(t, s, noon)
	fence, claimed := take(t, s, deliveriesOf(t, s, running(t, s, customer)[0].ID)[0].ID)
	begin(t, s, fence, claimed, func(_ deliveries.Delivery, pressure deliveries.Pressure) deliveries.Verdict {
		p = pressure
		return deliveries.Verdict{Go: true}
	})
	return p
}

// A cap is one person's, by whichever of their profiles they are written to: within a
// batch, and from one to the next.
func TestACapCountsEveryProfileOfAPerson(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, append(twins(3), customers.Customer{ID: "c-001-c", Email: "person1@shop.example"})...)
		var moves []campaigns.Move
		for n, customer := range []string{"c-000-a", "c-000-b", "c-001-a", "c-001-b", "c-002-a", "c-001-c"} {
			e := journey(customer, fmt.Sprintf("manual:%d", n))
			enter(t, s, always, e)
			moves = append(moves, campaigns.Move{Entry: running(t, s, customer)[0], Plan: []deliveries.Delivery{message(channels.Email)}})
		}
		apply(t, s, moves...)
		ids := due(t, s, noon)
		fence, claimed := take(t, s, ids[:5]...)
		if n := gone(begin(t, s, fence, claimed, atMost(1))); n != 3 {
			t.Errorf("%d messages to three people went under a cap of one", n)
		}
		fence, claimed = take(t, s, ids[5])
		if n := gone(begin(t, s, fence, claimed, atMost(1))); n != 0 {
			t.Error("a third profile of somebody who had a message was sent one")
		}
		forecast := map[string]deliveries.Pressure{}
		err := s.Forecast(t.Context(), func(source plans.Source) (err error) {
			forecast, err = source.Pressure(t.Context(), []string{"c-001-c"}, noon.Add(-time.Hour))
			return err
		})
		if p := forecast["c-001-c"]; err != nil || len(p.Contacts) != 1 || len(p.Rivals) != 2 {
			t.Errorf("a plan reads %+v, %v", p, err)
		}
	})
}
