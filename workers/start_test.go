package workers_test

import (
	"strings"
	"testing"

	"rapport/campaigns"
)

// A start by hand without what tells journeys apart is refused, with what to write.
func TestAStartWithoutItsKeyIsRefused(t *testing.T) {
	settle := replace(campaign("settle", "x", "{sms: note}"), "{event: x}", "{manual: true}") + "entry: {key: event.case_id}\n"
	s := open(t, with(map[string]string{"campaigns/settle.yaml": settle}))
	starter := campaigns.Starter{Catalog: s.catalog, Entries: s.store, News: s.store, NewID: func() string { return "1" }, Now: s.clock}
	_, err := starter.Start(s.ctx(), "settle", s.customer("ann"), nil)
	if err == nil || !strings.Contains(err.Error(), "event.case_id") || !strings.Contains(err.Error(), "--set case_id=") {
		t.Errorf("without a key: %v", err)
	}
	entry, err := starter.Start(s.ctx(), "settle", s.customer("ann"), map[string]any{"case_id": "C1"})
	if err != nil || entry.Key != "C1" {
		t.Errorf("with a key: %q, %v", entry.Key, err)
	}
}
