package expression_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport/campaigns/expression"
)

func TestWhatTheScaleDecidesAlone(t *testing.T) {
	for source, want := range map[string][]expression.Decided{
		`answers.csat.score <= 6`:                      {{Comparison: "answers.csat.score <= 6", Score: "answers.csat.score", Holds: true, Scale: "1 to 5"}},
		`5 < answers.csat.score`:                       {{Comparison: "answers.csat.score > 5", Score: "answers.csat.score", Scale: "1 to 5"}},
		`not (answers.csat.score == 0)`:                {{Comparison: "answers.csat.score == 0", Score: "answers.csat.score", Scale: "1 to 5"}},
		`tier == "a" and answers.csat.score in [0, 6]`: {{Comparison: "answers.csat.score in [0, 6]", Score: "answers.csat.score", Scale: "1 to 5"}},
		`answers.csat.score <= 4`:                      nil,
		`answers.csat.score in [5, 6]`:                 nil,
		`answers.csat.score != nil`:                    nil,
		`answers.comment.score <= 60`:                  nil, // whose scale is not known

		// The ends of bands.
		`answers.csat.score >= 1 and answers.csat.score <= 2`:                   nil,
		`tier == "a" and (4 <= answers.csat.score and answers.csat.score <= 5)`: nil,
		`not (answers.csat.score < 1 or answers.csat.score > 2)`:                nil,
		`answers.csat.score <= 5 and (answers.csat.score > 3 or tier == "a")`:   nil,
		`answers.csat.score <= 2 and answers.csat.score >= 0`:                   {{Comparison: "answers.csat.score >= 0", Score: "answers.csat.score", Holds: true, Scale: "1 to 5"}},
		`answers.csat.score <= 2 or answers.csat.score >= 1`:                    {{Comparison: "answers.csat.score >= 1", Score: "answers.csat.score", Holds: true, Scale: "1 to 5"}},
		`answers.csat.score <= 2 and (answers.csat.score >= 1 or tier == "a")`:  {{Comparison: "answers.csat.score >= 1", Score: "answers.csat.score", Holds: true, Scale: "1 to 5"}},
		`answers.csat.score > 5 and answers.csat.score >= 4`:                    {{Comparison: "answers.csat.score > 5", Score: "answers.csat.score", Scale: "1 to 5"}},
		`answers.csat.score >= 1 and answers.comment.score <= 2`:                {{Comparison: "answers.csat.score >= 1", Score: "answers.csat.score", Holds: true, Scale: "1 to 5"}},
		`answers.csat.score >= 1 and answers.csat.score <= 5`:                   {{Comparison: "answers.csat.score >= 1", Score: "answers.csat.score", Holds: true, Scale: "1 to 5"}, {Comparison: "answers.csat.score <= 5", Score: "answers.csat.score", Holds: true, Scale: "1 to 5"}},
	} {
		if diff := cmp.Diff(want, known().Decided(compile(t, source, journey()))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", source, diff)
		}
	}
}

// The last of a ladder of arms takes the rest of the scale.
func TestWhatTheScaleDecidesAfterAnArmBefore(t *testing.T) {
	before := compile(t, `answers.csat.score >= 4`, journey())
	for source, found := range map[string]int{
		`answers.csat.score >= 1`: 0, `answers.csat.score >= 0`: 1, `answers.csat.score >= 1 or tier == "a"`: 0, `answers.csat.score < 1`: 1,
	} {
		if got := known().Decided(compile(t, source, journey()), before); len(got) != found {
			t.Errorf("%s: found %v, want %d", source, got, found)
		}
	}
}
