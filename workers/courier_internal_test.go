package workers

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
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

// A message on which the program panics is put aside by itself, wherever that is before
// its first byte leaves.
func TestAMessageThatPanicsTakesNoOtherAlong(t *testing.T) {
	edition := &campaigns.Edition{} // which nothing can be judged by
	log := slog.New(slog.DiscardHandler)
	r := &round{Courier: &Courier{Log: log}, edition: edition}
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	sms := deliveries.Delivery{ID: 7, Channel: channels.SMS, Campaign: "c", Reason: "rate_limit"}
	for expires, until := range map[time.Time]time.Time{
		{}: now.Add(time.Hour), now.Add(2 * time.Hour): now.Add(time.Hour), now.Add(time.Minute): now.Add(time.Minute),
	} {
		sms.ExpiresAt = expires
		verdict := r.judge(&parcel{delivery: sms, campaign: &campaigns.Campaign{State: campaigns.Live}, traveller: campaigns.Traveller{Customer: &customers.Customer{}}}, deliveries.Pressure{}, now)
		if want := (deliveries.Verdict{Until: until, Reason: deliveries.NotJudged}); verdict != want {
			t.Errorf("judged %+v, want %+v", verdict, want)
		}
	}
	office := &PostOffice{Log: log}
	written, unwritable, err := office.Write(t.Context(), edition, []*parcel{{delivery: sms}})
	if err != nil || len(written) != 0 || len(unwritable) != 1 || unwritable[0].Status != deliveries.Failed || unwritable[0].Reason != deliveries.NotRendered {
		t.Errorf("written %v, unwritable %+v, %v", written, unwritable, err)
	}
}

// torn is a provider whose client panics.
type torn struct{ channels.Sender }

func (torn) SendBatch(context.Context, <-chan struct{}, []channels.Message) []channels.Result {
	panic("torn")
}

// What panicked once it was handed over may have left.
func TestABatchThatPanicsIsInDoubt(t *testing.T) {
	r := &round{
		Courier: &Courier{Senders: map[channels.Channel]channels.Sender{channels.Email: torn{}}},
		outlet:  deliveries.Outlet{Channel: channels.Email, Provider: "torn"},
	}
	for i, result := range r.handOver(t.Context(), nil, []*parcel{{}, {}}) {
		if channels.Classify(result.Err) != channels.Ambiguous {
			t.Errorf("%d: %v", i, result.Err)
		}
	}
}
