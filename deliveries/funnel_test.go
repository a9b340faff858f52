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

// Ten clicked, and four of them say stop then: ten have clicked.
func TestWhoSaysStopHasClicked(t *testing.T) {
	var f deliveries.Funnel
	for i := range 10 {
		d := deliveries.Delivery{Channel: channels.Email, Status: deliveries.Sent, Attempts: 1, ProviderID: "m"}
		reports := []deliveries.Status{deliveries.Clicked}
		switch {
		case i < 2:
			reports = append(reports, deliveries.Unsubscribed)
		case i < 4: // the click is told later
			reports = []deliveries.Status{deliveries.Unsubscribed, deliveries.Clicked}
		}
		for _, status := range reports {
			d, _ = d.Advanced(deliveries.Progress{Status: status}, noon)
		}
		f.Add(d.Alike())
	}
	if f.Opened != 10 || f.Clicked != 10 || f.OpenedRaw != 10 || f.ClickedRaw != 10 || f.Unsubscribed != 4 {
		t.Errorf("the funnel is %+v", f)
	}
}

// A text tells of no open and a call of no click: they are in no rate of these.
func TestRatesAreOfMessagesThatTell(t *testing.T) {
	var f deliveries.Funnel
	for _, m := range []deliveries.Alike{
		{Channel: channels.Email, Status: deliveries.Opened, Count: 4},
		{Channel: channels.Email, Status: deliveries.Sent, Count: 6},
		{Channel: channels.SMS, Status: deliveries.Clicked, Count: 3},
		{Channel: channels.SMS, Status: deliveries.Delivered, Count: 20},
		{Channel: channels.Call, Status: deliveries.Answered, Count: 67},
		{Channel: channels.Email, Status: deliveries.Skipped, Count: 50},
	} {
		f.Add(m)
	}
	if f.Sent != 100 || f.Letters != 10 || f.LettersRead != 4 || f.Linked != 33 || f.Clicked != 3 || f.Opened != 7 {
		t.Errorf("the funnel is %+v", f)
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
