package deliveries_test

import (
	"testing"

	"rapport/channels"
	"rapport/deliveries"
)

func TestWhoAnswersByALinkHasFollowedItAndOpenedTheMessage(t *testing.T) {
	for _, c := range []struct {
		channel         channels.Channel
		status          deliveries.Status
		opened, clicked int64
	}{
		{channels.Email, deliveries.Delivered, 0, 0},
		{channels.Email, deliveries.Opened, 1, 0},
		{channels.Email, deliveries.Clicked, 1, 1},
		{channels.Email, deliveries.Answered, 1, 1},
		{channels.Email, deliveries.Unsubscribed, 0, 0},
		{channels.Push, deliveries.Answered, 1, 1},
		{channels.SMS, deliveries.Answered, 0, 0},
		{channels.SMS, deliveries.Clicked, 1, 1},
		{channels.Call, deliveries.Answered, 0, 0},
	} {
		var f deliveries.Funnel
		f.Add(deliveries.Delivery{Channel: c.channel, Status: c.status}.Alike())
		if f.Opened != c.opened || f.Clicked != c.clicked || f.OpenedRaw != c.opened || f.ClickedRaw != c.clicked {
			t.Errorf("%s by %s: opened %d (%d), clicked %d (%d)", c.status, c.channel, f.Opened, f.OpenedRaw, f.Clicked, f.ClickedRaw)
		}
	}
}

func TestAFunnelCountsWhatMachinesDidApart(t *testing.T) {
	var f deliveries.Funnel
	f.Add(deliveries.Alike{Channel: channels.Email, Status: deliveries.Delivered, Machine: deliveries.MachineClicked, Count: 2})
	f.Add(deliveries.Alike{Channel: channels.Email, Status: deliveries.Opened, Machine: deliveries.MachineOpened, Count: 3})
	if f.Opened != 3 || f.OpenedRaw != 5 || f.Clicked != 0 || f.ClickedRaw != 2 {
		t.Errorf("the funnel is %+v", f)
	}
}

func TestLostIsWhatAProviderTookInVain(t *testing.T) {
	var f deliveries.Funnel
	f.Add(deliveries.Alike{Status: deliveries.Failed, Reason: "rejected", Count: 1})
	f.Add(deliveries.Alike{Status: deliveries.Failed, Named: true, Reason: "unreachable", Count: 2, Cost: 16, Segments: 4})
	f.Add(deliveries.Alike{Status: deliveries.Expired, Count: 4})
	f.Add(deliveries.Alike{Status: deliveries.Bounced, Reason: "hard", Count: 8})
	f.Add(deliveries.Alike{Status: deliveries.Skipped, Reason: string(deliveries.Capped), Count: 16})
	if f.Planned != 31 || f.Sent != 14 || f.Lost != 6 || f.Bounced != 8 || f.Delivered != 0 || f.Cost != 16 || f.Segments != 4 {
		t.Errorf("the funnel is %+v", f)
	}
	if f.Failed["rejected"] != 1 || f.Failed["unreachable"] != 2 || f.Failed["expired"] != 4 || f.Failed["hard"] != 8 || f.Skipped[deliveries.Capped] != 16 {
		t.Errorf("the reasons are %v and %v", f.Failed, f.Skipped)
	}
}
