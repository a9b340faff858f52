package campaigns

import (
	"strings"
	"testing"
)

// A template may name what a condition cannot hold without, and nothing else.
func TestWhatAConditionAssuresATemplateOf(t *testing.T) {
	for condition, assured := range map[string]bool{
		`event.a != nil`:                           true,
		`event.a != ""`:                            true,
		`event.a != '' and event.b > 2`:            true,
		`event.a == 1`:                             true,
		`event.a == -1.5`:                          true,
		`event.a == "x"`:                           true,
		`event.a == 'x' and event.b > 2`:           true,
		`"x" == event.a`:                           true,
		`(event.a == true)`:                        true,
		`event.a == false`:                         true,
		`false == event.a`:                         true,
		`event.b == 2 and event.a == false`:        true,
		`event.a >= 20`:                            true,
		`event.a in ["x", "y"]`:                    true,
		`event.a != nil and event.b == "x"`:        true,
		`event.a != "x"`:                           false,
		`event.a != false`:                         false,
		`event.a != 0`:                             false,
		`event.a != "" or event.b > 2`:             false,
		`event.a != nil and event.a != 3`:          false,
		`event.a == event.b`:                       false,
		`event.a == city`:                          false,
		`event.b == 1 + event.a`:                   false,
		`1 + event.a == event.b`:                   false,
		`(event.a > 5) == false`:                   false,
		`event.a > 5 == false`:                     false,
		`event.a == ""`:                            false,
		`event.a == 1 or event.b == 2`:             false,
		`not (event.a == 1)`:                       false,
		`event.b == 2 and event.a == event.c`:      false,
		`event.a == 1 and event.b == event["c"]`:   false,
		`event.a == 1 ? true : event.b == "other"`: false,
	} {
		_, problems := Load(workspace(t, map[string]string{
			"campaigns/welcome.yaml":         "campaign: welcome\ntopic: service\ntrigger:\n  event: Signed Up\n  where: |-\n    " + condition + "\nsteps: [{email: welcome}]\n",
			"templates/email/welcome.liquid": "---\nsubject: Hi\nformat: markdown\n---\n{{ event.a }}\n",
		}))
		missing := false
		for _, p := range problems {
			if !strings.Contains(p.Message, "event.a may be missing") {
				t.Errorf("%s: %s", condition, p)
			}
			missing = true
		}
		if missing == assured {
			t.Errorf("%s: a template may name event.a: %v, want %v", condition, !missing, assured)
		}
	}
}
