package sandbox

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// outcomes sends the same messages to a fresh house in an order and with a
// concurrency, and tells what every customer did, without what only names a
// run.
func outcomes(t *testing.T, seed uint64, concurrency int, backwards bool) []string {
	h := build(t, func(o *Options) {
		o.Seed, o.Concurrency = seed, concurrency
		o.Behaviour = Lifelike()
		o.Behaviour.Email.Click, o.Behaviour.Email.Unsubscribe, o.Behaviour.SMS.Stop = 0.5, 0.2, 0.2
		o.Disorder = Disorder{Duplicate: 0.2, Shuffle: 0.2}
		o.Faults = []Fault{{Kind: AcceptedFail, Rate: 0.1}, {Kind: Limit, Rate: 0.1}}
	})
	h.answer = h.pages
	order := make([]int, 120)
	for i := range order {
		order[i] = i
	}
	if backwards {
		slices.Reverse(order)
	}
	var crowd errgroup.Group
	crowd.SetLimit(concurrency)
	for _, i := range order {
		crowd.Go(func() error {
			if i%2 == 0 {
				_, err := h.mail(letterTo(fmt.Sprintf("c%d@customer.example", i), h.page(), i))
				return err
			}
			_, _ = h.text(fmt.Sprintf("+49151%07d", i), fmt.Sprintf("Rate us 1-5 or see %s/s/t%d", h.public.URL, i))
			return nil
		})
	}
	if err := crowd.Wait(); err != nil {
		t.Fatal(err)
	}
	h.playAll()
	var told []string
	for _, e := range h.events() {
		told = append(told, fmt.Sprint(e["email"], e["event"], e["timestamp"]))
	}
	for _, v := range h.visits("/") {
		if !strings.HasPrefix(v.path, "/hooks/email/") {
			told = append(told, fmt.Sprint(v.method, v.path, v.form.Get("To"), v.form.Get("From"), v.form.Get("Body"), v.form.Get("MessageStatus"), v.form.Get("score")))
		}
	}
	for _, line := range h.accepted() {
		told = append(told, fmt.Sprint(line.To, line.Fault))
	}
	slices.Sort(told)
	return told
}

func TestTheSameSeedGivesTheSameOutcomesWhateverTheConcurrency(t *testing.T) {
	one := outcomes(t, 11, 1, false)
	if many := outcomes(t, 11, 16, true); !slices.Equal(one, many) {
		t.Errorf("one at a time: %d outcomes, sixteen at once and backwards: %d; they differ", len(one), len(many))
	}
	if other := outcomes(t, 12, 1, false); slices.Equal(one, other) {
		t.Error("another seed gave the same outcomes")
	}
}

func TestDrawsAreEven(t *testing.T) {
	s := New(Options{Now: func() time.Time { return start }})
	const n = 20_000
	happened, sum := 0, 0.0
	for i := range n {
		c := s.chance("test", fmt.Sprint(i))
		if c.happens("it", 0.3) {
			happened++
		}
		sum += c.normal("it")
	}
	if share := float64(happened) / n; math.Abs(share-0.3) > 0.015 {
		t.Errorf("an event of 0.3 happened in %v", share)
	}
	if mean := sum / n; math.Abs(mean) > 0.03 {
		t.Errorf("normal draws have the mean %v", mean)
	}
}

func TestEightInTenDelaysFallBetween(t *testing.T) {
	s := New(Options{Now: func() time.Time { return start }})
	d := Between(time.Minute, time.Hour)
	const n = 10_000
	within := 0
	for i := range n {
		if wait := s.chance(fmt.Sprint(i)).wait("it", d); wait >= d.From && wait <= d.To {
			within++
		}
	}
	if share := float64(within) / n; math.Abs(share-0.8) > 0.02 {
		t.Errorf("%v fell between, want 0.8", share)
	}
}

func TestDelaysAreWrittenAsARange(t *testing.T) {
	cases := []struct {
		text string
		want Delay
		good bool
	}{
		{"2s-5m", Between(2*time.Second, 5*time.Minute), true},
		{"30s", exactly(30 * time.Second), true},
		{"5m-2s", Delay{}, false},
		{"soon", Delay{}, false},
	}
	for _, c := range cases {
		var d Delay
		err := d.UnmarshalText([]byte(c.text))
		if (err == nil) != c.good || d != c.want {
			t.Errorf("%q: got %v, %v", c.text, d, err)
		}
	}
	raw, err := json.Marshal(Between(2*time.Second, 5*time.Minute))
	if err != nil || string(raw) != `"2s-5m0s"` {
		t.Errorf("written as %s, %v", raw, err)
	}
}

func TestCallbacksOfOneInstantDoNotComeInTheOrderOfArrival(t *testing.T) {
	order := func(names ...string) []string {
		h := build(t, nil)
		for i, name := range names {
			h.mustMail(letterTo(name+"@customer.example", "<p>Hi</p>", i))
		}
		h.playAll()
		var addresses []string
		for _, e := range h.events() {
			addresses = append(addresses, e["email"].(string))
		}
		return addresses
	}
	wantList(t, "events", order("ada", "bob", "cyd", "dan"), order("dan", "cyd", "bob", "ada")...)
}

// exactly is a delay without spread.
func exactly(d time.Duration) Delay { return Between(d, d) }
