package campaigns

import (
	"strings"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

func TestCostIsRoundedUpButNotInvented(t *testing.T) {
	w := ruleShop()
	for number, want := range map[string]int64{"+4915112345678": 8, "+12125550123": 7, "+436641234567": 0} {
		if got := w.costOf(&customers.Customer{Phone: number}, channels.SMS, nil); got != want {
			t.Errorf("a text to %s… costs %d, want %d", number[:3], got, want)
		}
	}
}

func TestATextCostsItsSegments(t *testing.T) {
	w := ruleShop()
	for name, c := range map[string]struct {
		text string
		want int64 // 7.5 each
	}{
		"one":                     {strings.Repeat("a", 160), 8},
		"two":                     {strings.Repeat("a", 161), 15},
		"two of another alphabet": {strings.Repeat("ж", 71), 15},
		"three":                   {strings.Repeat("a", 307), 23},
	} {
		content := &channels.Content{SMS: &channels.SMSContent{Text: c.text}}
		if got := w.costOf(ann(), channels.SMS, content); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	if got := w.costOf(ann(), channels.SMS, &channels.Content{}); got != 8 {
		t.Errorf("before it is written: %d", got)
	}
}

func TestALongTextDoesNotFitABudgetThatAShortOneFits(t *testing.T) {
	p := smsPlea()
	p.shop.Budgets = []Budget{{Amount: 100, Per: time.Hour, Channel: channels.SMS}}
	p.spent(90)
	p.content = &channels.Content{SMS: &channels.SMSContent{Text: "Hello"}}
	if got := p.judge(); !got.Go || got.Cost != 8 {
		t.Errorf("short: %+v", got)
	}
	p.content.SMS.Text = strings.Repeat("Hello", 40)
	if got := p.judge(); got.Go || got.Reason != deliveries.OverBudget {
		t.Errorf("long: %+v", got)
	}
}

// call is a call that was placed and took its minute.
func call() deliveries.Delivery {
	d := sent("0", 0, channels.Call, deliveries.Sent)
	d.Cost = 5
	return d
}

func TestACallCostsTheMinutesItBegan(t *testing.T) {
	c := ruleCampaign(askStep(channels.Call))
	r := channels.Report{Channel: channels.Call, Kind: channels.ReportDelivered, ProviderID: "P1", At: noon}
	for lasted, want := range map[time.Duration]int64{
		0: 5, time.Second: 5, time.Minute: 5, time.Minute + time.Second: 10, 2 * time.Minute: 10, 9*time.Minute + 59*time.Second: 50,
	} {
		r.Duration = lasted
		d, _ := call().Advanced(*interpret(c, r, call()).Progress, noon)
		if d.Cost != want {
			t.Errorf("%s: %d, want %d", lasted, d.Cost, want)
		}
	}
}

func TestACallThatAnsweredIsPaidForAllTheSame(t *testing.T) {
	d := call()
	d.Status = deliveries.Answered
	r := channels.Report{Channel: channels.Call, Kind: channels.ReportDelivered, ProviderID: "P1", At: noon, Duration: 90 * time.Second}
	after, moved := d.Advanced(*interpret(ruleCampaign(askStep(channels.Call)), r, d).Progress, noon)
	if !moved || after.Status != deliveries.Answered || after.Cost != 10 {
		t.Errorf("moved %v, %s at %d", moved, after.Status, after.Cost)
	}
}

func TestACallThoughtNotToHaveBeenPlacedCostsAllItsMinutes(t *testing.T) {
	d := call()
	d.Status, d.TakenAt, d.Cost, d.ProviderID = deliveries.Failed, time.Time{}, 0, ""
	r := channels.Report{Channel: channels.Call, Kind: channels.ReportDelivered, ProviderID: "P1", At: noon, Duration: 90 * time.Second}
	if got := interpret(ruleCampaign(askStep(channels.Call)), r, d).Progress.Cost; got != 10 {
		t.Errorf("costs %d", got)
	}
}

// Nobody picked up, so Twilio charges nothing, and the reserved minute goes back.
func TestACallThatNobodyTookGivesItsMinuteBack(t *testing.T) {
	c := ruleCampaign(askStep(channels.Call))
	for reason, want := range map[string]int64{"busy": 0, "no_answer": 0, "failed": 0, "canceled": 0, "machine": 5, "fax": 5} {
		for _, retry := range []deliveries.Retry{{}, {On: []string{reason}, Every: time.Hour, AtMost: 1}} {
			d := call()
			d.Retry = retry
			r := channels.Report{Channel: channels.Call, Kind: channels.ReportFailed, ProviderID: "P1", At: noon, Reason: reason, Again: true}
			after, moved := d.Advanced(*interpret(c, r, d).Progress, noon)
			if !moved || after.Cost != want {
				t.Errorf("%s with %+v: moved %v, costs %d, want %d", reason, retry, moved, after.Cost, want)
			}
		}
	}
	// The word came so late that the next call is being placed: only that one's
	// minute stays taken.
	d := call()
	d.Attempts, d.Cost, d.Status = 2, 10, deliveries.Sent
	r := channels.Report{Channel: channels.Call, Kind: channels.ReportFailed, ProviderID: "P0", At: noon, Reason: "busy", Again: true}
	if after, _ := d.Advanced(*interpret(c, r, d).Progress, noon); after.Cost != 5 || after.Status != deliveries.Sent {
		t.Errorf("%s at %d", after.Status, after.Cost)
	}
}
