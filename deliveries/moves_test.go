package deliveries_test

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport/deliveries"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func sending() deliveries.Delivery {
	d := deliveries.Delivery{ID: 1, Status: deliveries.Queued, DueAt: noon, Ambiguous: deliveries.Hold}
	return d.Begun(deliveries.Verdict{Go: true, Cost: 8}, noon)
}

func TestASendThatBeginsTakesCapAndCost(t *testing.T) {
	d := sending()
	if d.Status != deliveries.Sending || d.Attempts != 1 || !d.TakenAt.Equal(noon) || d.Cost != 8 {
		t.Errorf("begun as %+v", d)
	}
}

func TestWhatWasNotSentGivesBackWhatItTook(t *testing.T) {
	for _, status := range []deliveries.Status{deliveries.Planned, deliveries.Failed} {
		d, counts := sending().After(deliveries.Outcome{Status: status, DueAt: noon.Add(time.Minute)}, noon)
		if !counts || d.Status != status || !d.TakenAt.IsZero() || d.Cost != 0 {
			t.Errorf("%s: %+v", status, d)
		}
	}
	for _, status := range []deliveries.Status{deliveries.Sent, deliveries.Unconfirmed, deliveries.Bounced} {
		d, counts := sending().After(deliveries.Outcome{Status: status}, noon)
		if !counts || d.TakenAt.IsZero() || d.Cost != 8 {
			t.Errorf("%s: %+v", status, d)
		}
	}
}

// A database may take a word and be gone before it says so.
func TestAWordThatIsSaidAgainCountsOnce(t *testing.T) {
	word := deliveries.Outcome{Status: deliveries.Sent, ProviderID: "SM1", Segments: 2, Cost: 8}
	taken, _ := sending().After(word, noon)
	word.Again = true
	if again, counts := taken.After(word, noon); !counts || !reflect.DeepEqual(again, taken) {
		t.Errorf("then it is %+v", again)
	}
	if first, _ := sending().After(word, noon); !reflect.DeepEqual(first, taken) {
		t.Errorf("where it was not taken: %+v", first)
	}
	reported, _ := sending().Advanced(deliveries.Progress{Status: deliveries.Delivered, ProviderID: "SM1", At: noon.Add(-time.Second)}, noon)
	billed, _ := reported.After(word, noon)
	if billed.Cost != taken.Cost || billed.Segments != 2 {
		t.Errorf("where a report was taken: %+v", billed)
	}
	if again, _ := billed.After(word, noon); !reflect.DeepEqual(again, billed) {
		t.Errorf("where a report and the word were taken: %+v", again)
	}
}

func TestARetryKeepsWhatTheFirstCallTook(t *testing.T) {
	rang, moved := sending().Advanced(deliveries.Progress{Status: deliveries.Planned, Reason: "busy", ProviderID: "CA1", DueAt: noon.Add(time.Hour)}, noon)
	if !moved || rang.TakenAt.IsZero() || rang.Cost != 8 || rang.Attempts != 1 {
		t.Fatalf("after a busy line: %+v", rang)
	}
	rang.Status = deliveries.Queued
	again := rang.Begun(deliveries.Verdict{Go: true, Cost: 8}, noon.Add(time.Hour))
	if again.Cost != 16 {
		t.Errorf("two calls cost %d", again.Cost)
	}
	back, _ := again.After(deliveries.Outcome{Status: deliveries.Planned, DueAt: noon.Add(2 * time.Hour)}, noon)
	if back.TakenAt.IsZero() {
		t.Error("the call that rang no longer counts against the caps")
	}
}

// A provider's word on the first call must not touch the second one.
func TestALateReportOnAnEarlierAttemptIsIgnored(t *testing.T) {
	first, _ := sending().After(deliveries.Outcome{Status: deliveries.Sent, ProviderID: "CA1"}, noon)
	busy := deliveries.Progress{Status: deliveries.Planned, Reason: "busy", ProviderID: "CA1", DueAt: noon}
	again, moved := first.Advanced(busy, noon)
	if !moved {
		t.Fatal("the busy line did not bring the call back")
	}
	again.Status = deliveries.Queued
	second := again.Begun(deliveries.Verdict{Go: true}, noon)
	for _, late := range []deliveries.Progress{busy, {Status: deliveries.Delivered, ProviderID: "CA1"}} {
		if after, moved := second.Advanced(late, noon); moved {
			t.Errorf("a late %s of the first call made the second %s", late.Status, after.Status)
		}
	}
	sent, _ := second.After(deliveries.Outcome{Status: deliveries.Sent, ProviderID: "CA2"}, noon)
	if _, moved := sent.Advanced(busy, noon); moved {
		t.Error("the first call's busy line took back the second call")
	}
	if after, moved := sent.Advanced(deliveries.Progress{Status: deliveries.Answered, ProviderID: "CA2"}, noon); !moved || after.ProviderID != "CA2" {
		t.Errorf("the second call's own answer did not count: %+v", after)
	}
}

func TestEvidenceComesBeforeTheCourier(t *testing.T) {
	early, moved := sending().Advanced(deliveries.Progress{Status: deliveries.Delivered, At: noon}, noon)
	if !moved || early.Status != deliveries.Delivered {
		t.Fatalf("evidence during the send: %+v", early)
	}
	for _, status := range []deliveries.Status{deliveries.Planned, deliveries.Failed, deliveries.Unconfirmed} {
		if after, counts := early.After(deliveries.Outcome{Status: status}, noon); counts {
			t.Errorf("the courier pulled a delivered message back to %s", after.Status)
		}
	}
	named, counts := early.After(deliveries.Outcome{Status: deliveries.Sent, ProviderID: "m1"}, noon)
	if !counts || named.Status != deliveries.Delivered || named.ProviderID != "m1" {
		t.Errorf("the provider's name was lost: %+v", named)
	}
}

func TestEvidenceStopsASecondCopy(t *testing.T) {
	doubtful, _ := sending().After(deliveries.Outcome{Status: deliveries.Unconfirmed}, noon)
	doubtful.Ambiguous = deliveries.Resend
	again, moved := doubtful.Resolved(deliveries.Finding{Status: deliveries.Planned, DueAt: noon}, noon)
	if !moved || !again.Resent || again.TakenAt.IsZero() {
		t.Fatalf("the resend: %+v", again)
	}
	if sent, moved := again.Advanced(deliveries.Progress{Status: deliveries.Delivered}, noon); !moved || sent.Status != deliveries.Delivered {
		t.Errorf("the first copy was delivered, and a second still stands %s", sent.Status)
	}
}

func TestASecondCopyIsPlannedOnceAndOnlyByPolicy(t *testing.T) {
	plan := deliveries.Finding{Status: deliveries.Planned, DueAt: noon}
	doubtful, _ := sending().After(deliveries.Outcome{Status: deliveries.Unconfirmed}, noon)
	if held, moved := doubtful.Resolved(plan, noon); moved {
		t.Errorf("under hold: %+v", held)
	}
	doubtful.Ambiguous = deliveries.Resend
	again, _ := doubtful.Resolved(plan, noon)
	again.Status = deliveries.Queued
	again = again.Begun(deliveries.Verdict{Go: true}, noon)
	twice, _ := again.After(deliveries.Outcome{Status: deliveries.Unconfirmed}, noon)
	if third, moved := twice.Resolved(plan, noon); moved {
		t.Errorf("a third copy: %+v", third)
	}
}

func TestAPersonDecidesAgainstThePolicy(t *testing.T) {
	doubtful, _ := sending().After(deliveries.Outcome{Status: deliveries.Unconfirmed}, noon)
	again, moved := doubtful.Resolved(deliveries.Finding{Status: deliveries.Planned, DueAt: noon, ByHand: true}, noon)
	if !moved || again.Status != deliveries.Planned || !again.Resent {
		t.Errorf("sent again by hand: %+v", again)
	}
	given, moved := doubtful.Resolved(deliveries.Finding{Status: deliveries.Failed, ByHand: true}, noon)
	if !moved || given.Status != deliveries.Failed || given.Reason != deliveries.GivenUp {
		t.Errorf("given up by hand: %+v", given)
	}
	if late, moved := given.Advanced(deliveries.Progress{Status: deliveries.Delivered}, noon); moved && late.Status != deliveries.Delivered {
		t.Errorf("delivered after it was given up: %+v", late)
	}
}

func TestAResendThatIsGivenUpStaysUnconfirmed(t *testing.T) {
	d := sending()
	d.Status, d.Resent = deliveries.Queued, true
	if after := d.Begun(deliveries.Verdict{Reason: deliveries.NoConsent}, noon); after.Status != deliveries.Unconfirmed {
		t.Errorf("nobody knows whether the first copy went out, and it says %s", after.Status)
	}
}

// Whatever happens in whatever order: what the provider took stays taken and
// only moves forward, the second copy is planned at most once, and only a send
// that began counts an attempt.
func TestADeliveryOnlyMovesForward(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policy := rapid.SampledFrom([]deliveries.Ambiguous{deliveries.Hold, deliveries.Resend}).Draw(t, "policy")
		d := deliveries.Delivery{ID: 1, Status: deliveries.Planned, Ambiguous: policy}
		resends := 0
		now := noon
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now = now.Add(time.Second)
			before := d
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0: // leased
				if d.Status == deliveries.Planned {
					d.Status = deliveries.Queued
				}
			case 1:
				if d.Status == deliveries.Queued {
					d = d.Begun(drawVerdict(t, now), now)
				}
			case 2:
				status := rapid.SampledFrom(everyStatus).Draw(t, "outcome")
				d, _ = d.After(deliveries.Outcome{Status: status, DueAt: now}, now)
			case 3:
				d, _ = d.Abandoned(now)
			case 4:
				status := rapid.SampledFrom(everyStatus).Draw(t, "progress")
				d, _ = d.Advanced(deliveries.Progress{Status: status, DueAt: now, At: now}, now)
			case 5:
				status := rapid.SampledFrom([]deliveries.Status{deliveries.Sent, deliveries.Planned, deliveries.Unconfirmed}).Draw(t, "finding")
				d, _ = d.Resolved(deliveries.Finding{Status: status, DueAt: now}, now)
				if d.Resent && !before.Resent {
					resends++
				}
			}
			check(t, before, d, resends)
		}
	})
}

func drawVerdict(t *rapid.T, now time.Time) deliveries.Verdict {
	return rapid.SampledFrom([]deliveries.Verdict{
		{Go: true, Cost: 1},
		{Until: now.Add(time.Hour), Reason: deliveries.Capped},
		{Reason: deliveries.NoConsent},
	}).Draw(t, "verdict")
}

func check(t *rapid.T, before, after deliveries.Delivery, resends int) {
	retried := after.Status == deliveries.Planned && (before.Status == deliveries.Sent || before.Status == deliveries.Delivered)
	switch {
	case before.Status.Rank() >= deliveries.Sent.Rank() && after.Status.Rank() < before.Status.Rank() && !retried:
		t.Fatalf("%s went back to %s", before.Status, after.Status)
	case before.Status == deliveries.Skipped && after.Status != deliveries.Skipped:
		t.Fatalf("a skipped delivery became %s", after.Status)
	case resends > 1 || resends > 0 && after.Ambiguous != deliveries.Resend:
		t.Fatalf("%d second copies under %s", resends, after.Ambiguous)
	case after.Attempts != before.Attempts && after.Status != deliveries.Sending:
		t.Fatalf("an attempt was counted on the way from %s to %s", before.Status, after.Status)
	case after.Status.Accepted() && after.TakenAt.IsZero():
		t.Fatalf("a %s delivery took no cap", after.Status)
	case after.Status == deliveries.Sent && after.Attempts == 0:
		t.Fatal("sent without an attempt")
	}
}

// An older program kept a click in the status alone.
func TestAClickOutlastsWhatComesAfterIt(t *testing.T) {
	clicked := sending()
	clicked.Status = deliveries.Clicked
	for _, status := range []deliveries.Status{deliveries.Unsubscribed, deliveries.Complained, deliveries.Bounced} {
		after, moved := clicked.Advanced(deliveries.Progress{Status: status}, noon)
		if !moved || after.Did != deliveries.DidOpen|deliveries.DidClick {
			t.Errorf("%s: %+v", status, after)
		}
	}
}
