package workers

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

// silent is a provider that takes messages and never answers.
type silent struct{ taken atomic.Int64 }

func (s *silent) Send(ctx context.Context, _ channels.Message) (channels.Receipt, error) {
	s.taken.Add(1)
	<-ctx.Done()
	return channels.Receipt{}, ctx.Err()
}

// Where a provider stops answering, not all of a window are in doubt: those whose turn
// had not come certainly did not leave.
func TestASilentProviderIsNotGivenAllOfAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		late, cancelLate := context.WithTimeout(ctx, 5*time.Second)
		defer cancelLate()
		var provider silent
		r := &round{
			Courier: &Courier{Senders: map[channels.Channel]channels.Sender{channels.SMS: &provider}},
			outlet:  deliveries.Outlet{Channel: channels.SMS, Provider: "silent"},
		}
		parcels := make([]*parcel, 500)
		for i := range parcels {
			parcels[i] = &parcel{}
		}
		results := r.handOver(ctx, late.Done(), parcels)
		doubtful, untried := 0, 0
		for _, result := range results {
			var notSent *channels.NotSent
			switch {
			case channels.Classify(result.Err) == channels.Ambiguous:
				doubtful++
			case errors.As(result.Err, &notSent) && notSent.Untried:
				untried++
			}
		}
		if taken := int(provider.taken.Load()); taken != 256 || doubtful != taken || untried != len(parcels)-taken {
			t.Errorf("%d were handed over; %d are in doubt and %d untried, of %d", taken, doubtful, untried, len(parcels))
		}
	})
}
