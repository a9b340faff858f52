package intake_test

import (
	"os"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/customers/intake"
)

// The lists of another system, which know addresses and no ids.
func TestAddressesThatAreNotToBeWrittenTo(t *testing.T) {
	s := open(t)
	take(t, s, intake.Options{Kind: intake.Customers}, write(t, "people.csv", []byte("id,email,phone\n1,ann@shop.example,+4915112345678\n2,bob@shop.example,\n")))
	list := write(t, "list.csv", []byte(`Channel,E-Mail,Reason,Created,Source
email, Ann@Shop.example ,bounced,2026-02-28,x
email,bob@shop.example,Complained,,x
sms,0151 12345678,opted_out,2026-02-28,x
fax,0151 12345678,opted_out,2026-02-28,x
email,not an address,bounced,2026-02-28,x
sms,ann@shop.example,opted_out,2026-02-28,x
email,eve@shop.example,erased,2026-02-28,x
email,eve@shop.example,bounced,yesterday,x
`))
	options := intake.Options{Kind: intake.Suppressions, Country: "DE", Map: map[string]string{"address": "E-Mail"}}
	dry := options
	dry.DryRun = true
	const reasons = "the reason is one of opted_out, bounced, soft_bounces, complained, invalid_address"
	wanted := []string{
		`line 5, column Channel, value "fax": the channel is email, sms or call`,
		`line 6, column E-Mail, value "not an address": this is no e-mail address`,
		`line 7, column E-Mail, value "ann@shop.example": this is no phone number; write it as +49…, or name the country`,
		`line 8, column Reason, value "erased": ` + reasons,
		`line 9, column Created, value "yesterday": this is no date`,
	}
	for _, c := range []struct {
		what    string
		options intake.Options
		tally   customers.Tally
	}{{"dry", dry, customers.Tally{}}, {"once", options, customers.Tally{Added: 3}}, {"again", options, customers.Tally{Unchanged: 3}}} {
		report, refusals := take(t, s, c.options, list)
		same(t, c.what+": refusals", refusals, wanted)
		same(t, c.what+": written", report.Written, c.tally)
		same(t, c.what+": not read", report.NotRead, []string{"Source"})
		if c.what == "dry" {
			same(t, "dry: suppressed", load(t, s, "1").Suppressed, map[channels.Channel]string(nil))
		}
	}
	same(t, "Ann", load(t, s, "1").Suppressed, map[channels.Channel]string{channels.Email: customers.Bounced, channels.SMS: channels.ReasonOptedOut})
	same(t, "Bob", load(t, s, "2").Suppressed, map[channels.Channel]string{channels.Email: channels.ReasonComplained})
	report, _ := take(t, s, options, write(t, "later.csv", []byte("channel,E-Mail,reason\nemail,ann@shop.example,complained\nemail,bob@shop.example,bounced\n")))
	same(t, "a complaint weighs more", report.Written, customers.Tally{Changed: 1, Unchanged: 1})
}

// No address is blocked from later than now on: a START of today would not lift it.
func TestABlockIsOfNowAtTheLatest(t *testing.T) {
	s := open(t)
	take(t, s, intake.Options{Kind: intake.Customers}, write(t, "people.csv", []byte("id,email,phone\n1,ann@shop.example,+4915112345678\n2,bob@shop.example,+4915112345679\n")))
	dated := write(t, "dated.csv", []byte("channel,address,reason,at\nsms,+4915112345678,opted_out,2099-01-01\n"))
	undated := write(t, "undated.csv", []byte("channel,address,reason\nsms,+4915112345679,opted_out\n"))
	if err := os.Chtimes(undated, time.Time{}, now.AddDate(1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	_, refusals := take(t, s, intake.Options{Kind: intake.Suppressions}, dated)
	same(t, "told", refusals, []string{`line 2, column at, value "2099-01-01": this is after now, and counts as now; say with --dates and --zone how the file writes dates, or mend it`})
	report, refusals := take(t, s, intake.Options{Kind: intake.Suppressions}, undated)
	same(t, "written", report.Written, customers.Tally{Added: 1})
	same(t, "told of a file", len(refusals), 0)
	for id, number := range map[string]string{"1": "+4915112345678", "2": "+4915112345679"} {
		same(t, id+" is blocked", load(t, s, id).Suppressed[channels.SMS], channels.ReasonOptedOut)
		if err := s.Release(t.Context(), channels.SMS, number, now.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		same(t, id+" after a START", load(t, s, id).Suppressed[channels.SMS], "")
	}
}

// A no to everything holds for topics that come later; a yes to everything is none.
func TestANoToEveryTopic(t *testing.T) {
	s := open(t)
	options := intake.Options{Kind: intake.Customers, Topics: []string{"news"}}
	_, refusals := take(t, s, options, write(t, "people.csv", []byte("id,consent.*.email,consent.news.sms\n1,no,yes\n2,yes,\n")))
	same(t, "refusals", refusals, []string{`line 3, column consent.*.email, value "yes": a yes to every topic is no consent to any; name the topic`})
	if load(t, s, "1").Consented("a topic of next year", channels.Email, true) || !load(t, s, "1").Consented("news", channels.SMS, false) {
		t.Errorf("who said no to everything by e-mail: %+v", load(t, s, "1").Consents)
	}
	if words := load(t, s, "2").Consents; len(words) != 0 {
		t.Errorf("who said yes to everything: %+v", words)
	}
}
