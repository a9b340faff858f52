package workers_test

import (
	"testing"

	"rapport/deliveries"
	"rapport/workers"
)

func TestInTestModeOnlyTestAddressesAreWrittenTo(t *testing.T) {
	s := open(t, files)
	s.person("ben")
	s.person("cem")
	s.courier.TestMode = workers.TestMode{On: true, Addresses: []string{" Ann@Home.example", phoneOf("ben")}}
	for _, who := range []string{"ann", "ben", "cem"} {
		for _, event := range []string{"Texted", "Wrote", "Rang", "Nudged"} {
			s.plan(who, event)
		}
	}
	s.deliverEach()
	may := map[string]bool{
		"ann email": true, "ann push": true, // for her mailbox is listed
		"ben sms": true, "ben call": true, "ben push": true,
	}
	for _, d := range s.ledger() {
		switch name := d.Customer + " " + string(d.Channel); {
		case may[name] && d.Status != deliveries.Sent:
			t.Errorf("%s is %s (%s)", name, d.Status, d.Reason)
		case !may[name] && (d.Status != deliveries.Skipped || d.Reason != string(deliveries.TestMode)):
			t.Errorf("%s is %s (%s)", name, d.Status, d.Reason)
		}
	}
	if n := len(s.provider.requests()); n != len(may) {
		t.Errorf("%d messages left, want %d", n, len(may))
	}
}
