package storetest

import (
	"fmt"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/store"
)

func TestTheNewestWordOfConsentHolds(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1"})
		say := func(words ...customers.Consent) {
			t.Helper()
			if err := s.Consent(t.Context(), noon, words); err != nil {
				t.Fatal(err)
			}
		}
		word := func(in bool, at time.Time, source string) customers.Consent {
			return customers.Consent{Customer: "c-1", Topic: "marketing", Channel: channels.SMS, In: in, At: at, Source: source}
		}
		holds := func(want customers.Consent) {
			t.Helper()
			same(t, "consents", loaded(t, s, "c-1").Consents, []customers.Consent{want})
		}
		say(word(true, ago(3*time.Hour), "form"), word(false, ago(4*time.Hour), "older"))
		holds(word(true, ago(3*time.Hour), "form"))
		say(word(false, ago(2*time.Hour), "sms"))
		holds(word(false, ago(2*time.Hour), "sms"))
		say(word(true, ago(3*time.Hour), "late"))
		holds(word(false, ago(2*time.Hour), "sms"))
		say(word(true, ago(2*time.Hour), "same moment"))
		holds(word(false, ago(2*time.Hour), "sms"))
		say(word(true, noon, "form"), word(false, noon, "one_click"), word(true, noon, "form"))
		holds(word(false, noon, "one_click"))
	})
}

// Nobody says anything later than now: such a word is of now, and one that is kept with
// such a date, by a clock that was ahead, gives way to the next.
func TestAWordAheadOfTheClockOutlastsNoNo(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		word := func(id string, in bool, at time.Time) customers.Consent {
			return customers.Consent{Customer: id, Topic: "marketing", Channel: channels.Email, In: in, At: at, Source: "form"}
		}
		say := func(now time.Time, words ...customers.Consent) {
			t.Helper()
			if err := s.Consent(t.Context(), now, words); err != nil {
				t.Fatal(err)
			}
		}
		holds := func(what string, want customers.Consent) {
			t.Helper()
			same(t, what, loaded(t, s, want.Customer).Consents, []customers.Consent{want})
		}
		ahead := noon.AddDate(73, 0, 0)
		put(t, s, customers.Customer{ID: "said"}, customers.Customer{ID: "imported", Consents: []customers.Consent{word("", true, ahead)}}, customers.Customer{ID: "kept"})
		say(noon, word("said", true, ahead))
		say(ahead, word("kept", true, ahead)) // which was now by a clock
		holds("a yes that is said", word("said", true, noon))
		holds("a yes that is imported", word("imported", true, noon))
		for _, id := range []string{"said", "imported"} {
			say(noon.Add(time.Second), word(id, false, noon.Add(time.Second)))
			holds("the no after it of who "+id, word(id, false, noon.Add(time.Second)))
		}
		say(noon, word("kept", false, ago(time.Second)))
		holds("a no that is read a second late", word("kept", false, ago(time.Second)))
		say(noon, word("kept", true, ahead), word("kept", false, ahead))
		holds("both of them at once", word("kept", false, noon))
	})
}

func TestSuppressions(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, ada())
		block := func(ch channels.Channel, address, reason string) customers.Suppression {
			return customers.Suppression{Channel: ch, Address: address, Reason: reason, At: noon}
		}
		err := s.Suppress(t.Context(), []customers.Suppression{
			block(channels.SMS, ada().Phone, "opted_out"), block(channels.SMS, ada().Phone, "bounced"),
			block(channels.Email, ada().Email, "bounced"), block(channels.Email, "bob@shop.example", "complained"),
		})
		if err != nil {
			t.Fatal(err)
		}
		c := loaded(t, s, "c-ada")
		same(t, "suppressed", c.Suppressed, map[channels.Channel]string{channels.SMS: "opted_out", channels.Email: "bounced"})
		if c.Reachable(channels.SMS) || !c.Reachable(channels.Call) {
			t.Error("a stop by SMS must stop SMS and nothing else")
		}
		release := func(at time.Time) {
			t.Helper()
			for _, ch := range []channels.Channel{channels.SMS, channels.Email} {
				if err := s.Release(t.Context(), ch, c.Address(ch), at); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := s.Suppress(t.Context(), []customers.Suppression{{Channel: channels.SMS, Address: ada().Phone, Reason: "opted_out", At: noon.Add(time.Hour)}}); err != nil {
			t.Fatal(err)
		}
		release(noon.Add(time.Minute))
		same(t, "after a START from between two STOPs that is read last", loaded(t, s, "c-ada").Suppressed[channels.SMS], "opted_out")
		release(noon.Add(2 * time.Hour))
		same(t, "after START", loaded(t, s, "c-ada").Suppressed, map[channels.Channel]string{channels.Email: "bounced"})
	})
}

// Who was erased may say STOP once more. A START from before it, which is read later,
// takes back neither.
func TestAStopAfterAnErasureOutlastsAnEarlierStart(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, ada())
		word := func(reason string, at time.Time) customers.Suppression {
			return customers.Suppression{Channel: channels.SMS, Address: ada().Phone, Reason: reason, At: at}
		}
		for what, blocks := range map[string][][]customers.Suppression{
			"one by one":    {{word(customers.Erased, noon)}, {word("opted_out", noon.Add(2*time.Hour))}, {word(customers.Erased, noon.Add(3*time.Hour))}},
			"both at once":  {{word(customers.Erased, noon), word("opted_out", noon.Add(2*time.Hour))}},
			"the STOP once": {{word("opted_out", noon.Add(2*time.Hour)), word(customers.Erased, noon)}},
		} {
			for _, some := range blocks {
				if err := s.Suppress(t.Context(), some); err != nil {
					t.Fatal(err)
				}
			}
			for _, start := range []struct {
				after time.Duration
				holds string
			}{{time.Hour, "opted_out"}, {4 * time.Hour, ""}} {
				if err := s.Release(t.Context(), channels.SMS, ada().Phone, noon.Add(start.after)); err != nil {
					t.Fatal(err)
				}
				same(t, what, loaded(t, s, "c-ada").Suppressed[channels.SMS], start.holds)
			}
		}
	})
}

// Whether two words about an address come one by one or at once, the same stays.
func TestTheReasonThatStaysIsTheOneTheRuleNames(t *testing.T) {
	reasons := []string{channels.ReasonOptedOut, channels.ReasonComplained, "bounced", customers.SoftBounces, customers.Erased}
	Each(t, func(t *testing.T, s *store.Store) {
		var first, second, both, stays []customers.Suppression
		var people []customers.Customer
		pair := func(before, reason string, later time.Duration, apart bool) {
			mailbox := fmt.Sprintf("box%d@shop.example", len(people))
			people = append(people, customers.Customer{ID: mailbox, Email: mailbox})
			a := customers.Suppression{Channel: channels.Email, Address: mailbox, Reason: before, At: noon}
			b := customers.Suppression{Channel: channels.Email, Address: mailbox, Reason: reason, At: noon.Add(later)}
			if apart {
				first, second = append(first, a), append(second, b)
			} else {
				both = append(both, a, b)
			}
			if b.Replaces(a) {
				a = b
			}
			stays = append(stays, a)
		}
		for _, before := range reasons {
			for _, reason := range reasons {
				for _, later := range []time.Duration{-time.Hour, 0, time.Hour} {
					pair(before, reason, later, true)
					pair(before, reason, later, false)
				}
			}
		}
		put(t, s, people...)
		for _, blocks := range [][]customers.Suppression{first, second, both} {
			if err := s.Suppress(t.Context(), blocks); err != nil {
				t.Fatal(err)
			}
		}
		start := noon.Add(time.Minute)
		for _, want := range stays {
			same(t, want.Reason+" stays", loaded(t, s, want.Address).Suppressed[channels.Email], want.Reason)
			if err := s.Release(t.Context(), channels.Email, want.Address, start); err != nil {
				t.Fatal(err)
			}
			if (want.Reason == channels.ReasonOptedOut || want.Reason == customers.Erased) && want.At.Before(start) {
				want.Reason = ""
			}
			same(t, "after a START", loaded(t, s, want.Address).Suppressed[channels.Email], want.Reason)
		}
	})
}

func TestABrowserBelongsToWhoSubscribedItLast(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1"}, customers.Customer{ID: "c-2"})
		laptop := channels.PushSubscription{Endpoint: "https://push.example/laptop", P256dh: "p", Auth: "a"}
		phone := channels.PushSubscription{Endpoint: "https://push.example/phone", P256dh: "q", Auth: "b"}
		subscribe := func(customer string, p channels.PushSubscription, at time.Time) {
			t.Helper()
			if err := s.Subscribe(t.Context(), customer, p, at); err != nil {
				t.Fatal(err)
			}
		}
		subscribe("c-1", laptop, ago(time.Hour))
		subscribe("c-1", phone, noon)
		same(t, "the latest first", loaded(t, s, "c-1").Browsers, []channels.PushSubscription{phone, laptop})

		laptop.Auth = "renewed"
		subscribe("c-2", laptop, noon)
		same(t, "a browser has one owner", loaded(t, s, "c-1").Browsers, []channels.PushSubscription{phone})
		same(t, "and its newest keys", loaded(t, s, "c-2").Browsers, []channels.PushSubscription{laptop})

		if err := s.Suppress(t.Context(), []customers.Suppression{{Channel: channels.Push, Address: phone.Endpoint, Reason: "erased", At: noon}}); err != nil {
			t.Fatal(err)
		}
		if loaded(t, s, "c-1").Reachable(channels.Push) {
			t.Error("a suppressed endpoint is reachable")
		}
		for range 2 {
			if err := s.Unsubscribe(t.Context(), phone.Endpoint); err != nil {
				t.Fatal(err)
			}
		}
		same(t, "gone", loaded(t, s, "c-1").Browsers, nil)
	})
}
