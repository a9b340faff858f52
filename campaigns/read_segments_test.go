package campaigns

import (
	"strings"
	"testing"

	"rapport/campaigns/expression"
	"rapport/customers"
)

// namingGold are the ways of naming a segment that the compiler takes.
var namingGold = []string{
	`in_segment("gold")`, `in_segment ("gold")`, `in_segment('gold')`, "in_segment(`gold`)", `in_segment(("gold"))`,
	`in_segment(/* the best */ "gold")`, "in_segment( // the best\n    \"gold\" )", `"gold" | in_segment()`, `in_segment("g\x6fld")`,
}

// However a segment is named, it is compiled before the one that names it: one
// that is not known yet would stand for everybody.
func TestASegmentThatIsNamedFirstMeansWhatItSays(t *testing.T) {
	for _, naming := range namingGold {
		w := segments(t, "segment: a\nwhere: |-\n  not ("+naming+")\n---\nsegment: gold\nwhere: tier == \"gold\"\n")
		for tier, belongs := range map[string]bool{"gold": false, "silver": true} {
			if got := w.Segments["a"].Who.Holds(expression.Moment{Customer: &customers.Customer{Tier: tier}}); got != belongs {
				t.Errorf("not (%s): a customer of tier %s belongs: %v, want %v", naming, tier, got, belongs)
			}
		}
		if got := w.Segments["a"].Who.Segments(); len(got) != 1 || got[0] != "gold" {
			t.Errorf("%s names %q", naming, got)
		}
	}
}

func TestACircleOfSegmentsIsFoundHoweverTheyAreNamed(t *testing.T) {
	for _, naming := range namingGold {
		_, problems := Load(workspace(t, map[string]string{
			"segments/s.yaml": "segment: gold\nwhere: in_segment(\"a\")\n---\nsegment: a\nwhere: |-\n  not (" + naming + ")\n",
		}))
		if len(problems) != 1 || !strings.Contains(problems[0].Message, "gold → a → gold") {
			t.Errorf("%s: %v", naming, problems)
		}
	}
}

func TestTheStampOfACampaignFollowsSegmentsHoweverTheyAreNamed(t *testing.T) {
	for _, naming := range namingGold {
		stamp := func(tier string) string {
			return stampsOf(t, map[string]string{
				"segments/s.yaml":        "segment: a\nwhere: |-\n  not (" + naming + ")\n---\nsegment: gold\nwhere: tier == \"" + tier + "\"\n",
				"campaigns/welcome.yaml": "campaign: welcome\ntopic: service\ntrigger: {event: Signed Up}\naudience:\n  where: |-\n    not (" + naming + ")\nsteps: [{email: welcome}]\n",
			})["welcome"].Digest
		}
		if stamp("gold") == stamp("golden") {
			t.Errorf("%s: the campaign stays the same when the segment becomes another", naming)
		}
	}
}
