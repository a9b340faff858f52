package workers_test

import (
	"testing"
	"time"
)

// A journey that was moved goes on by the words of the new version, and one that
// was not by those it began with.
func TestAMovedJourneyGoesOnByItsNewVersion(t *testing.T) {
	tedious := func(steps string) map[string]string {
		return with(map[string]string{"campaigns/tedious.yaml": replace(campaign("tedious", "Began", "{wait: 10d}"), "  - {wait: 10d}\n", steps)})
	}
	s := open(t, tedious("  - wait: 10d\n  - sms: note\n"))
	s.person("ben")
	s.plan("ann", "Began")
	s.apply(tedious("  - wait: 1d\n  - email: note\n"))
	s.plan("ben", "Began")
	moved, err := s.catalog.Migrate(s.ctx(), s.store, s.clock())
	ok(t, err)
	if len(moved) != 1 || moved[0].Moved != 1 || moved[0].Version != 2 || len(moved[0].Stayed) != 0 {
		t.Fatalf("moved: %+v", moved)
	}
	s.travel()
	s.later(24 * time.Hour)
	s.travel()
	for _, d := range s.ledger() {
		if d.Channel != "email" || d.Version != 2 {
			t.Errorf("%s gets %s by version %d", d.Customer, d.Channel, d.Version)
		}
	}
	s.apply(tedious("  - email: note\n  - wait: 3d\n"))
	moved, err = s.catalog.Migrate(s.ctx(), s.store, s.clock())
	ok(t, err)
	if len(moved) != 1 || moved[0].Moved != 0 || len(moved[0].Stayed) != 1 || moved[0].Stayed[0].Why != "step 0 was wait and is email note" {
		t.Errorf("moved: %+v", moved)
	}
	s.deliver()
	s.travel()
	if len(s.runningEntries("ann"))+len(s.runningEntries("ben")) != 0 {
		t.Error("who stayed did not go on")
	}
}
