package workers_test

import (
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
