package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/recordings"
	"rapport/store"
)

func TestLevelsTellWhatWaitsAndSinceWhen(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		levels := func(now time.Time, limit int) deliveries.Levels {
			t.Helper()
			l, err := s.Levels(t.Context(), now, limit)
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
		if l := levels(noon.Add(-time.Hour), 10); l.Due[channels.Email].Count != 0 || !l.Due[channels.Email].Since.IsZero() {
			t.Errorf("before anything is planned, %+v is due", l.Due)
		}
		planned := plan(t, s, 5, nil)
		ch := planned[0].Channel
		later := noon.Add(time.Hour)
		l := levels(later, 3)
		if l.Due[ch].Count != 3 {
			t.Errorf("of 5 due deliveries counted up to 3, %d are told", l.Due[ch].Count)
		}
		if l = levels(later, 10); l.Due[ch].Count != 5 || !l.Due[ch].Since.Equal(planned[0].DueAt) {
			t.Errorf("due = %+v, want 5 since %s", l.Due[ch], planned[0].DueAt)
		}

		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed, pass(0))
		settle(t, s, fence, deliveries.Outcome{ID: planned[0].ID, Status: deliveries.Unconfirmed}, deliveries.Outcome{ID: planned[1].ID, Status: deliveries.Unconfirmed})
		if l = levels(later, 10); l.Unconfirmed[ch].Count != 2 || l.Unconfirmed[ch].Since.IsZero() || l.Due[ch].Count != 0 {
			t.Errorf("with two in doubt the levels are %+v", l)
		}

		if _, err := s.Receive(t.Context(), "email/x", channels.Callback{Method: "POST", URL: "https://x", ReceivedAt: noon}); err != nil {
			t.Fatal(err)
		}
		if err := s.Casebook().Open(t.Context(), []customers.Case{
			{Customer: planned[0].Customer, Queue: "q", Priority: customers.Low, Title: "t", Why: "low_score", OpenedAt: noon, DueAt: noon.Add(time.Minute)},
			{Customer: planned[1].Customer, Queue: "q", Priority: customers.Low, Title: "t", Why: "low_score", OpenedAt: noon, DueAt: noon.Add(9 * time.Hour)},
		}); err != nil {
			t.Fatal(err)
		}
		if l = levels(later, 10); l.Callbacks.Count != 1 || !l.Callbacks.Since.Equal(noon) || l.CasesOpen != 2 || l.Overdue != 1 {
			t.Errorf("with one callback and two cases, one of them overdue, the levels are %+v", l)
		}
		if err := s.Recordings().Add(t.Context(), []recordings.Recording{taped("RE1", ago(time.Hour)), taped("RE2", noon)}); err != nil {
			t.Fatal(err)
		}
		if l = levels(later, 10); l.Recordings.Count != 2 || !l.Recordings.Since.Equal(ago(time.Hour)) {
			t.Errorf("with two recordings that wait the levels are %+v", l)
		}
	})
}

func TestTrailsLeadFromRowsToTheirTraces(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		do := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		planned := plan(t, s, 3, nil)
		var ids, entries []int64
		for _, d := range planned {
			ids, entries = append(ids, d.ID), append(entries, d.Entry)
		}
		do(s.Mark(ctx, deliveries.DeliveryTrail.Of(ids[:2]...), "first", noon))
		do(s.Mark(ctx, deliveries.DeliveryTrail.Of(ids[1:2]...), "second", noon.Add(time.Minute)))
		marks, err := s.MarksOf(ctx, deliveries.DeliveryTrail.Of(ids...))
		do(err)
		if marks.Rows != 2 || !slices.Equal(marks.All, []string{"first", "second"}) {
			t.Errorf("the traces of three deliveries are %+v", marks)
		}

		bought := customers.Event{Customer: planned[0].Customer, Name: "Bought", At: noon, ReceivedAt: noon, Key: "k1", Live: true}
		unknown := bought
		unknown.Key = "unknown"
		_, err = s.Append(ctx, []customers.Event{bought})
		do(err)
		do(s.MarkEvents(ctx, []customers.Event{bought, unknown}, "bought", noon))
		events, err := s.Pending(ctx, 10)
		do(err)
		if len(events) != 1 {
			t.Fatalf("%d events are pending", len(events))
		}
		marks, err = s.MarksOf(ctx, deliveries.EventTrail.Of(events[0].ID))
		do(err)
		if !slices.Equal(marks.All, []string{"bought"}) {
			t.Errorf("the trace of the event is %+v", marks)
		}
		enter(t, s, always, journey("c-new", fmt.Sprintf("event:%d", events[0].ID)))
		marks, err = s.OfEntries(ctx, append(entries, running(t, s, "c-new")[0].ID))
		do(err)
		if marks.Rows != 1 || !slices.Equal(marks.All, []string{"bought"}) {
			t.Errorf("the trace of the entry that the event caused is %+v", marks)
		}

		do(s.ForgetTrails(ctx, noon.Add(time.Second)))
		marks, err = s.MarksOf(ctx, deliveries.DeliveryTrail.Of(ids...))
		do(err)
		if !slices.Equal(marks.All, []string{"second"}) {
			t.Errorf("after the older are forgotten there are %+v", marks)
		}
	})
}
