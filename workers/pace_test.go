package workers

import (
	"testing"
	"time"

	"rapport/deliveries"
)

func TestAWindowGrowsWhileItsProviderIsFast(t *testing.T) {
	var p pace
	mail := deliveries.Outlet{Channel: "email", Provider: "smtp"}
	for _, step := range []struct {
		messages int
		took     time.Duration
		want     int
	}{
		{100, time.Millisecond, 200},
		{150, time.Millisecond, 200}, // not full
		{200, time.Second, 200},
		{200, time.Millisecond, 400},
		{400, time.Millisecond, 500},
		{500, 3 * time.Second, 250},
		{250, 9 * time.Second, 125},
		{125, 9 * time.Second, 100},
	} {
		p.took(mail, step.messages, step.took, 500)
		if got := p.window(mail, 500); got != step.want {
			t.Errorf("after %d messages in %s a window of %d, want %d", step.messages, step.took, got, step.want)
		}
	}
	if got := p.window(deliveries.Outlet{Channel: "sms"}, 50); got != 50 {
		t.Errorf("the bound is 50 and the window %d", got)
	}
}
