package webhooks

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/expression"
)

// A large batch costs what it says: not as much again for every trait that the workspace
// declares, for its zone, or for each time its text is asked for.
func TestAMessageCostsWhatItSays(t *testing.T) {
	costs := func(declared int, raw string) float64 {
		w := &campaigns.Workspace{Traits: map[string]expression.Type{}}
		for n := range declared {
			w.Traits[fmt.Sprintf("a_trait_%03d", n)] = expression.Number
		}
		taking := newTaking(w, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
		taken := 0
		allocations := testing.AllocsPerRun(200, func() {
			taking.add("", json.RawMessage(raw), time.Time{}, surroundings{})
			taken++
		})
		if taking.taken != taken || len(taking.mistakes) > 0 {
			t.Fatalf("%s: %d of %d taken: %q", raw, taking.taken, taken, taking.mistakes)
		}
		return allocations
	}
	undeclared := `{"type":"identify","userId":"u1","traits":{"plan_name":1,"shoe-size":2,"nick name":3}}`
	if few, many := costs(1, undeclared), costs(300, undeclared); many > few+10 {
		t.Errorf("undeclared traits: %v allocations beside one declared, %v beside 300", few, many)
	}
	if without, with := costs(1, `{"type":"identify","userId":"u1"}`), costs(1, `{"type":"identify","userId":"u1","context":{"timezone":"Europe/Berlin"}}`); with > without+15 {
		t.Errorf("a zone: %v allocations without, %v with", without, with)
	}
	dated := `{"type":"track","event":"Seen","userId":"u1","properties":{"a":"b","c":"d","e":"f","g":"h"},"timestamp":"2026-03-01T12:00:00Z"}`
	once := testing.AllocsPerRun(200, func() { wording(json.RawMessage(dated)) })
	if with, without := costs(1, dated), costs(1, strings.Replace(dated, "timestamp", "unread", 1)); with-without > 1.5*once {
		t.Errorf("a message without an id takes %v more allocations; its text alone takes %v", with-without, once)
	}
}
