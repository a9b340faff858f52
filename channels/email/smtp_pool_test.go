package email_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"rapport/channels"
	"rapport/channels/channeltest"
	"rapport/channels/email"
)

func deliver(t *testing.T, sender channels.Sender) {
	t.Helper()
	if _, err := sender.Send(t.Context(), whole()); err != nil {
		t.Fatal(err)
	}
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatal("never: " + what)
		case <-tick.C:
		}
	}
}

func TestAConnectionIsGivenBackAfterAHundredMessages(t *testing.T) {
	r := channeltest.NewRelay(t, channeltest.Habits{})
	sender := relayed(t, settings(t, r.URL()))
	for range email.Carried {
		deliver(t, sender)
	}
	until(t, "the connection ends", func() bool { return r.Open() == 0 })
	deliver(t, sender)
	if n := r.Connections(); n != 2 {
		t.Errorf("%d connections carried %d messages", n, email.Carried+1)
	}
}

func TestAnIdleConnectionIsEnded(t *testing.T) {
	r := channeltest.NewRelay(t, channeltest.Habits{})
	sender := relayed(t, settings(t, r.URL()))
	email.KeepFor(sender, 0)
	deliver(t, sender)
	until(t, "the connection ends", func() bool { return r.Open() == 0 })
	until(t, "it is forgotten", func() bool { return email.Kept(sender) == 0 })
	deliver(t, sender)
	if n := r.Connections(); n != 2 {
		t.Errorf("%d connections", n)
	}
}

func TestARefusalKeepsTheConnection(t *testing.T) {
	var refuse atomic.Bool
	r := channeltest.NewRelay(t, channeltest.Habits{To: func(channeltest.Call) error {
		if refuse.Load() {
			return errors.New("later")
		}
		return nil
	}})
	sender := relayed(t, settings(t, r.URL()))
	refuse.Store(true)
	if _, err := sender.Send(t.Context(), whole()); channels.Classify(err) != channels.KnownNotSent && channels.Classify(err) != channels.KnownRefused {
		t.Fatalf("got %v", err)
	}
	refuse.Store(false)
	deliver(t, sender)
	if n := r.Connections(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// A letter on which the program panics is in doubt, and those around it leave.
func TestALetterThatPanicsKeepsNoOtherFromLeaving(t *testing.T) {
	relay := channeltest.NewRelay(t, channeltest.Habits{})
	s := settings(t, relay.URL())
	var asked atomic.Int64
	s.Now = func() time.Time {
		if asked.Add(1) == 5 {
			panic("no time")
		}
		return arrived
	}
	letters := make([]channels.Message, 20)
	for i := range letters {
		letters[i] = whole()
	}
	doubtful := 0
	for _, result := range relayed(t, s).(channels.BatchSender).SendBatch(t.Context(), nil, letters) {
		switch channels.Classify(result.Err) {
		case channels.Accepted:
		case channels.Ambiguous:
			doubtful++
		default:
			t.Error(result.Err)
		}
	}
	if doubtful != 1 {
		t.Errorf("%d are in doubt, want the one", doubtful)
	}
}
