package rehearsal

import (
	"testing"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/deliveries"
)

// A rollout's stage is judged by the figures production would judge it by.
func TestAnAnswerByTextIsNoClickInARehearsalEither(t *testing.T) {
	j := &journey{}
	for _, ch := range []channels.Channel{channels.Email, channels.SMS, channels.Call} {
		j.parcels = append(j.parcels, &parcel{Delivery: deliveries.Delivery{Channel: ch, Status: deliveries.Answered}})
	}
	seen := (&World{journeys: []*journey{j}}).response(rolling{}, campaigns.Stage{})
	if seen.Replied != 3 || seen.Opened != 1 || seen.Clicked != 1 {
		t.Errorf("the stage's response is %+v", seen)
	}
	for _, f := range channelsOf(j.parcels) {
		if f.Answered != 1 || f.Clicked != f.Opened || f.Clicked == 1 != (f.Channel == channels.Email) {
			t.Errorf("the channel's figures are %+v", f)
		}
	}
}
