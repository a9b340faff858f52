package workers_test

import (
	"context"
	"testing"
	"time"

	"rapport/deliveries"
)

func TestReadCallbacksAreForgottenInTime(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted")
	s.deliver()
	status := s.doors.Status(textOut, 1, 1)
	body := form("MessageSid", "SM1", "MessageStatus", "delivered", "To", phoneOf("ann"))
	s.receive(textOut.String(), status, body)
	s.stands(deliveries.Delivered, "")
	keep := s.retention(30 * 24 * time.Hour)
	ok(t, keep.Round(s.ctx()))
	s.later(31 * 24 * time.Hour)
	ok(t, keep.Round(s.ctx()))
	if left, err := s.store.Forget(s.ctx(), s.clock(), 10); err != nil || left != 0 {
		t.Errorf("after a month %d are still there (%v)", left, err)
	}
	// Twilio's signature knows no time: whoever replays it says nothing new.
	before := len(s.timeline("ann"))
	s.receive(textOut.String(), status, body)
	if after := len(s.timeline("ann")); after != before {
		t.Errorf("a repeat adds %d lines", after-before)
	}
}

// hoards says that there is more to forget so many times.
type hoards struct {
	deliveries.Inbox
	callbacks, timeline int // batches that are left
	looks               [2]int
}

func (h *hoards) Forget(_ context.Context, _ time.Time, limit int) (int, error) {
	h.looks[0]++
	h.callbacks--
	if h.callbacks > 0 {
		return limit, nil
	}
	return 0, nil
}

func (h *hoards) forgetTimeline(context.Context, time.Time, int) (bool, error) {
	h.looks[1]++
	h.timeline--
	return h.timeline > 0, nil
}

// Forgetting the timeline waits for whoever reads what goes: it is begun no more
// often because there are many callbacks to forget.
func TestEachIsForgottenAsLongAsThereIsMoreOfIt(t *testing.T) {
	for name, c := range map[string]struct {
		callbacks, timeline int
		rounds              [][2]int // batches of both by the end of each round
	}{
		"little":         {1, 1, [][2]int{{1, 1}, {1, 1}}},
		"many callbacks": {25, 1, [][2]int{{10, 1}, {20, 1}, {25, 1}, {25, 1}}},
		"much timeline":  {1, 12, [][2]int{{1, 10}, {1, 12}, {1, 12}}},
	} {
		s := open(t, files)
		h := &hoards{callbacks: c.callbacks, timeline: c.timeline}
		keep := s.retention(time.Hour)
		keep.Inbox, keep.ForgetTimeline = h, h.forgetTimeline
		for n, want := range c.rounds {
			ok(t, keep.Round(s.ctx()))
			if h.looks != want {
				t.Errorf("%s: after round %d %v batches, want %v", name, n+1, h.looks, want)
			}
		}
	}
}

func TestTheTimelineIsForgottenInTime(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted")
	s.deliver()
	if len(s.timeline("ann")) == 0 {
		t.Fatal("nothing stands on the timeline")
	}
	keep := s.retention(0)
	s.later(400 * 24 * time.Hour)
	ok(t, keep.Round(s.ctx()))
	if len(s.timeline("ann")) == 0 {
		t.Error("where everything is kept, something was forgotten")
	}
	keep.Timeline = 120 * 24 * time.Hour
	s.later(time.Hour)
	ok(t, keep.Round(s.ctx()))
	if left := s.timeline("ann"); len(left) != 0 {
		t.Errorf("after a year %v is still there", left)
	}
}
