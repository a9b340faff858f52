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
	} {
		if diff := cmp.Diff(want, known().Decided(compile(t, source, journey()))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", source, diff)
		}
	}
}
