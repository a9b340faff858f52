package storetest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/store"
)

// bounce is the n-th message coming back for now, at so many hours.
func bounce(address string, n, hour int) customers.Trial {
	return customers.Trial{Address: address, Message: fmt.Sprint(n), At: noon.Add(time.Duration(hour) * time.Hour)}
}

// told is a trial as a report tells it: with its line on the timeline.
func told(c customers.Customer, trial customers.Trial) campaigns.Response {
	name := "email bounced"
	if trial.Taken {
		name = "email delivered"
	}
	return campaigns.Response{Trial: &trial, Event: customers.Event{
		Customer: c.ID, Name: name, At: trial.At, ReceivedAt: noon, Key: fmt.Sprint(name, trial.Message, trial.At.Unix()),
	}}
}

func TestFiveSoftBouncesInARowSuppress(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, ada())
		why := func() string { return loaded(t, s, "c-ada").Suppressed[channels.Email] }
		tell := func(trials ...customers.Trial) {
			t.Helper()
			for _, trial := range trials {
				respond(t, s, told(ada(), trial))
			}
		}
		for n := 1; n <= 4; n++ {
			tell(bounce(ada().Email, n, n), bounce(ada().Email, n, n)) // told twice
		}
		same(t, "after four", why(), "")
		tell(customers.Trial{Address: ada().Email, Message: "5", At: noon.Add(5 * time.Hour), Taken: true})
		for n := 6; n <= 9; n++ {
			tell(bounce(ada().Email, n, n))
		}
		same(t, "four after a delivery", why(), "")
		tell(bounce(ada().Email, 10, 10))
		same(t, "after five", why(), customers.SoftBounces)
		tell(customers.Trial{Address: ada().Email, Message: "11", At: noon.Add(4 * time.Hour), Taken: true})
		same(t, "after an old delivery told late", why(), customers.SoftBounces)
		tell(customers.Trial{Address: ada().Email, Message: "12", At: noon.Add(11 * time.Hour), Taken: true})
		same(t, "after a message that arrived", why(), "")
	})
}

func TestAnyOtherReasonTakesThePlaceOfSoftBounces(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, ada())
		var five []customers.Trial
		for n := range 5 {
			five = append(five, bounce(ada().Email, n, n))
		}
		if err := s.Try(t.Context(), five); err != nil {
			t.Fatal(err)
		}
		block := func(reason string) {
			t.Helper()
			err := s.Suppress(t.Context(), []customers.Suppression{{Channel: channels.Email, Address: ada().Email, Reason: reason, At: noon}})
			if err != nil {
				t.Fatal(err)
			}
		}
		same(t, "after five", loaded(t, s, "c-ada").Suppressed[channels.Email], customers.SoftBounces)
		block("complained")
		block(customers.SoftBounces)
		respond(t, s, told(ada(), customers.Trial{Address: ada().Email, Message: "9", At: noon.Add(9 * time.Hour), Taken: true}))
		same(t, "in the end", loaded(t, s, "c-ada").Suppressed[channels.Email], "complained")
	})
}

// In whatever order trials are told, and however they are cut into batches, the
// end is the same.
func TestTheOrderOfTrialsDoesNotMatter(t *testing.T) {
	plays := map[string][]customers.Trial{"": nil, customers.SoftBounces: nil}
	for n := 1; n <= 8; n++ {
		plays[customers.SoftBounces] = append(plays[customers.SoftBounces], bounce(ada().Email, n, n))
		plays[""] = append(plays[""], bounce(ada().Email, n, n))
	}
	plays[customers.SoftBounces][2].Taken = true
	plays[""][4].Taken = true
	Each(t, func(t *testing.T, s *store.Store) {
		for want, play := range plays {
			for seed := range uint64(6) {
				shuffle := rand.New(rand.NewPCG(seed, 1))
				who := ada()
				who.ID, who.Email = fmt.Sprintf("c-%s%d", want, seed), fmt.Sprintf("ada%s%d@shop.example", want, seed)
				who.Phone = ""
				put(t, s, who)
				var all []campaigns.Response
				for _, i := range shuffle.Perm(len(play)) {
					trial := play[i]
					trial.Address = who.Email
					r := told(who, trial)
					r.Event.Key += who.ID
					all = append(all, r)
				}
				cut := shuffle.IntN(len(all))
				respond(t, s, all[:cut]...)
				respond(t, s, all[cut:]...)
				if got := loaded(t, s, who.ID).Suppressed[channels.Email]; got != want {
					t.Errorf("seed %d: suppressed for %q, want %q", seed, got, want)
				}
			}
		}
	})
}
