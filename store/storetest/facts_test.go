package storetest

import (
	"testing"
	"time"

	"rapport/store"
)

func TestALeaseHasOneHolder(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		for _, step := range []struct {
			holder     string
			now, until time.Duration
			want       bool
		}{
			{"one", 0, 30 * time.Second, true},
			{"two", time.Second, 31 * time.Second, false},
			{"one", 20 * time.Second, 50 * time.Second, true}, // extends
			{"two", 49 * time.Second, 80 * time.Second, false},
			{"two", 50 * time.Second, 80 * time.Second, true}, // its time is over
			{"one", 51 * time.Second, 90 * time.Second, false},
			{"two", 60 * time.Second, 60 * time.Second, true}, // gives it up
			{"one", 60 * time.Second, 90 * time.Second, true},
		} {
			got, err := s.Lease(t.Context(), "schedule", step.holder, noon.Add(step.now), noon.Add(step.until))
			if err != nil {
				t.Fatal(err)
			}
			if got != step.want {
				t.Errorf("%s at %s: %v, want %v", step.holder, step.now, got, step.want)
			}
		}
		if got, err := s.Lease(t.Context(), "another", "two", noon, noon.Add(time.Minute)); err != nil || !got {
			t.Errorf("a lease of another name: %v, %v", got, err)
		}
	})
}

func TestAFactIsTheLastThatWasSet(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		for _, value := range []string{"", "epoch-1", "epoch-2"} {
			if value != "" {
				if err := s.SetFact(t.Context(), "redis", value); err != nil {
					t.Fatal(err)
				}
			}
			got, err := s.Fact(t.Context(), "redis")
			if err != nil || got != value {
				t.Errorf("fact is %q, %v; want %q", got, err, value)
			}
		}
	})
}
