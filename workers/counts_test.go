package workers_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"rapport/campaigns"
)

// messagesCounted keeps whether the messages of the last seven days were asked for.
type messagesCounted struct {
	campaigns.Entries
	asked bool
}

func (c *messagesCounted) Travellers(ctx context.Context, ids []int64, now time.Time) ([]campaigns.Traveller, error) {
	c.asked = c.asked || !now.IsZero()
	return c.Entries.Travellers(ctx, ids, now)
}

// A journey reads how many messages its customer had of late where its own words ask,
// and those in force do not, and the other way round.
func TestMessagesAreCountedWhereAWorkspaceAsks(t *testing.T) {
	asking := with(map[string]string{"templates/sms/note.liquid": "Number {{ customer.contacted.last_7d | plus: 1 }}\n"})
	s := open(t, asking)
	s.courier.Entries = &messagesCounted{Entries: s.store}
	text := func() string {
		all := s.provider.requests()
		return all[len(all)-1].body
	}
	s.plan("ann", "Texted")
	s.deliver()
	s.travel()
	s.plan("ann", "Texted")
	s.apply(files) // a journey keeps the words it began with
	s.deliver()
	if got := text(); !strings.Contains(got, "Number+2") {
		t.Errorf("the second text says %q", got)
	}
	s.travel()

	counted := &messagesCounted{Entries: s.store}
	s.courier.Entries, s.walker.Entries = counted, counted
	s.plan("ann", "Texted")
	s.deliver()
	s.travel()
	if counted.asked {
		t.Error("messages were counted though nobody asks")
	}
	s.apply(asking)
	s.travel()
	s.plan("ann", "Texted")
	if !counted.asked {
		t.Error("no messages were counted though the workspace in force asks")
	}
}
