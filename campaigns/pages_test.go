package campaigns

import (
	"testing"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

func TestChoicesAreConsents(t *testing.T) {
	r := channels.Report{Channel: channels.SMS, Kind: channels.ReportPreferred, At: noon, Choices: []channels.Choice{
		{Topic: "marketing", Channel: channels.Email, In: true}, {Topic: "service", Channel: channels.SMS},
	}}
	d := sent("1", 0, channels.SMS, deliveries.Sent)
	got := interpret(surveyCampaign(CSAT5), r, d)
	want := []customers.Consent{
		{Customer: "c1", Topic: "marketing", Channel: channels.Email, In: true, At: noon, Source: "preferences"},
		{Customer: "c1", Topic: "service", Channel: channels.SMS, At: noon, Source: "preferences"},
	}
	if len(got.Consents) != 2 || got.Consents[0] != want[0] || got.Consents[1] != want[1] {
		t.Errorf("consents %+v", got.Consents)
	}
	if got.Event.Name != "preferences changed" || got.Event.Properties["service by sms"] != "no" || got.Event.Properties["marketing by email"] != "yes" {
		t.Errorf("event %+v", got.Event)
	}
	d.Topic = "service"
	if p := interpret(surveyCampaign(CSAT5), r, d).Progress; p == nil || p.Status != deliveries.Unsubscribed {
		t.Errorf("a no to the message's own kind moves it: %+v", p)
	}
	r.Choices = r.Choices[:1]
	if p := interpret(surveyCampaign(CSAT5), r, d).Progress; p != nil {
		t.Errorf("a yes moves the message: %+v", p)
	}
}

// Freeing a channel on the page is about that channel: it consents to nothing.
func TestFreeingAChannelIsNoConsent(t *testing.T) {
	r := channels.Report{Channel: channels.Email, Kind: channels.ReportResubscribed, Reason: channels.ReasonByPage, At: noon}
	got := interpret(surveyCampaign(CSAT5), r, sent("1", 0, channels.SMS, deliveries.Sent))
	if got.Release == nil || got.Release.Channel != channels.Email || len(got.Consents) > 0 {
		t.Errorf("release %+v, consents %+v", got.Release, got.Consents)
	}
}

func TestADisownedMessageBlocksItsAddress(t *testing.T) {
	r := channels.Report{Channel: channels.Email, Kind: channels.ReportDisowned, Reason: channels.ReasonNotTheirs, From: "ann@old.example", At: noon}
	d := sent("1", 0, channels.Email, deliveries.Sent)
	got := interpret(surveyCampaign(CSAT5), r, d)
	if s := got.Suppression; s == nil || s.Address != "ann@old.example" || s.Reason != channels.ReasonNotTheirs {
		t.Errorf("suppression %+v", got.Suppression)
	}
	if got.Case == nil || got.Case.Why != "not_theirs" || got.Case.Customer != "c1" {
		t.Errorf("case %+v", got.Case)
	}
	if got.Progress == nil || got.Progress.Status != deliveries.Bounced || got.Progress.Reason != channels.ReasonNotTheirs {
		t.Errorf("progress %+v", got.Progress)
	}
	r.Channel, r.From = channels.Push, "https://push.example/1"
	if got := interpret(surveyCampaign(CSAT5), r, d); got.GoneEndpoint != r.From || got.Suppression != nil {
		t.Errorf("a browser: %+v", got)
	}
	r.From = ""
	if got := interpret(nil, r, d); got.Suppression != nil || got.GoneEndpoint != "" || got.Case == nil {
		t.Errorf("an address that was left: %+v", got)
	}
}

func TestATopicIsCalledInTheReadersLanguage(t *testing.T) {
	topic := Topic{ID: "marketing", Title: "Angebote", Titles: map[string]string{"de": "Angebote", "en": "Offers", "fa": "پیشنهادها"}}
	for locale, want := range map[string]string{"en": "Offers", "en-GB": "Offers", "fa-IR": "پیشنهادها", "pl": "Angebote", "": "Angebote"} {
		if got := topic.TitleIn(locale); got != want {
			t.Errorf("in %q: %q", locale, got)
		}
	}
	if got := (Topic{ID: "service"}).TitleIn("en"); got != "service" {
		t.Errorf("without a title: %q", got)
	}
}

func TestColoursAreReadAsStyleSheetsWriteThem(t *testing.T) {
	for text, want := range map[string]string{"#14532D": "#14532d", "#abc": "#aabbcc"} {
		if got, m := parseColor(text); got != want || m != nil {
			t.Errorf("%s: %s, %v", text, got, m)
		}
	}
	for _, text := range []string{"green", "14532d", "#12", "#12345", "rgb(1,2,3)", "#12345;}", ""} {
		if _, m := parseColor(text); m == nil {
			t.Errorf("%q is taken for a colour", text)
		}
	}
	for _, text := range []string{"http://shop.example/l.png", "https://a:b@shop.example/l.png", "https://shop.example;script-src/l.png", "logo.png", "https://"} {
		if _, m := parseLogo(text); m == nil {
			t.Errorf("%q is taken for a logo", text)
		}
	}
}
