package workers_test

import (
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/deliveries"
)

func TestACourierWalksOnWhoseMessagesItSent(t *testing.T) {
	s := open(t, with(map[string]string{
		"campaigns/two.yaml": campaign("two", "Began", "{sms: note}") + "  - {sms: rate}\n",
	}))
	s.courier.Walker = s.walker
	s.plan("ann", "Began")
	s.deliver()
	if all := s.ledger(); len(all) != 2 || all[0].Status != deliveries.Sent || all[1].Status != deliveries.Planned {
		t.Fatalf("after the first message %+v", all)
	}
	s.deliver()
	travellers, err := s.store.Travellers(s.ctx(), []int64{1}, s.clock())
	ok(t, err)
	if e := travellers[0].Entry; e.State != campaigns.Finished || !e.EndedAt.Equal(s.clock()) {
		t.Errorf("after the last message %+v", e)
	}
	if awake, err := s.store.Awake(s.ctx(), s.clock().Add(time.Hour), time.Minute, 10); err != nil || len(awake) > 0 {
		t.Errorf("%d entries are left to others, %v", len(awake), err)
	}
}
