package storetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/store"
)

// endless is a condition that no database finishes judging.
const endless = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT 1 - i FROM n) SELECT count(*) FROM n) > 0"

// A condition that takes too long is given up, nothing of its transaction stays,
// and the store goes on as before.
func TestSlowConditionsAreGivenUp(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		s.ConditionTimeout = 50 * time.Millisecond
		crowd(t, s, 8)
		occur(t, s, 1, campaigns.Run{Campaign: "weekly", Version: 1, At: noon})
		shard := pending(t, s)[0]

		_, err := s.Runs().EnterShard(t.Context(), shard, campaigns.Intake{Campaign: weekly("always", 0), Where: endless}, noon)
		slow(t, "an audience", err)
		for _, err = range s.Stream(t.Context(), endless, nil) {
			slow(t, "a segment", err)
		}
		if err == nil {
			t.Error("a segment that is never judged was streamed")
		}

		if entered, err := s.Runs().EnterShard(t.Context(), shard, campaigns.Intake{Campaign: weekly("always", 0), Where: "c.points > 5"}, noon); err != nil || entered != 3 {
			t.Errorf("afterwards %d entered, %v", entered, err)
		}
		_, _, err = s.LeaveWhere(t.Context(), noon, campaigns.Underway{Campaign: "weekly", Version: 1}, campaigns.Sweep{Where: endless, Why: "x"}, 0, 10)
		slow(t, "an exit", err)
	})
}

func slow(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, store.ErrSlowCondition) || !strings.Contains(err.Error(), "given up after 50ms") {
		t.Errorf("%s: %v", what, err)
	}
}
