package campaigns

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// What a text names and some messages lack is a mistake of what is to be applied,
// and none of what was.
func TestWhatWasAppliedMayNameWhatIsMissing(t *testing.T) {
	campaign := func(template, more string) map[string]string {
		return map[string]string{
			"campaigns/coupon.yaml":         "campaign: coupon\ntopic: service\ntrigger: {event: Signed Up, where: 'event.coupon != 0'}\nsteps:\n  - {ask: csat, by: email, template: rate}\n" + more,
			"templates/email/rate.liquid":   "---\nsubject: Hi\nformat: markdown\n---\nFrom 1 to 5? {{ links.survey }}\n",
			"templates/email/coupon.liquid": "---\nsubject: Hi\nformat: markdown\n---\n" + template + "\n",
		}
	}
	for what, files := range map[string]map[string]string{
		"event.coupon may be missing":                            campaign("{{ event.coupon }}", "  - email: coupon\n"),
		"answers.csat.score is missing":                          campaign("{{ answers.csat.score }}", "  - email: coupon\n"),
		"customer.first_name is not known of every customer":     campaign("{{ customer.first_name }}", "  - email: coupon\n"),
		"event.coupon may be missing from the event that starts": campaign("", "  - webhook: {url: \"https://crm.example/hook\", body: {coupon: \"{{ event.coupon }}\"}}\n"),
	} {
		files := workspace(t, files)
		named := func(problems []Problem) bool {
			return slices.ContainsFunc(problems, func(p Problem) bool { return strings.Contains(p.Message, what) })
		}
		if _, problems := Load(files); !named(problems) {
			t.Errorf("to be applied: %v, want %s", problems, what)
		}
		w, problems := LoadApplied(files)
		if len(problems) > 0 || w.Campaigns["coupon"] == nil {
			t.Errorf("applied: %v", problems)
		}
	}
	keys := folderOf(t, "testdata/sound")
	maps.Copy(keys, folderOf(t, "testdata/bad/keys-beside-the-scale"))
	if w, problems := LoadApplied(keys); len(problems) > 0 || w.Campaigns["c"] == nil {
		t.Errorf("applied: %v", problems)
	}
	files := workspace(t, campaign("{{ event.coupon }}", "  - email: cuopon\n"))
	if _, problems := LoadApplied(files); len(problems) != 1 || !strings.Contains(problems[0].Message, "there is no email template") {
		t.Errorf("a mistake of form: %v", problems)
	}
}
