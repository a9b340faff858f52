package trust_test

import (
	"strings"
	"time"

	"rapport/deliveries"
	"rapport/store/storetest"
)

// crowdedPeople: four campaigns want the same people at the same moment, each by
// another channel, and a cap lets one message through. Workers judge what one person
// is to get side by side; who comes second must see what the first took.
var crowdedPeople = row{
	id: "R14", fault: "four campaigns at once for the same people, whom a cap lets be contacted once", quick: 1_200, full: 20_000,
	play: func(t *trial) {
		people := t.size / len(everyChannel)
		r := t.newRig(setting{
			dsn: storetest.Postgres(t.T), redis: t.startRedis(false), times: hasty, behaviour: quiet(),
			faults: slowly(20*time.Millisecond, 200*time.Millisecond),
		})
		texts := apart(everyChannel...)
		for n, text := range texts {
			text = strings.Replace(text, "topic: service", "topic: news", 1)
			// Who waits for the others is given up soon.
			texts[n] = strings.Replace(text, "note, ", "note, expires: 20s, ", 1)
		}
		r.apply(texts...)
		r.settle(people)
		r.startFleet(3)
		r.begin(people)
		r.rest(30*time.Minute, t.size, nil)
		r.resolve(time.Minute, t.size)
		contacts := r.contacts()
		over := 0
		for _, n := range contacts {
			if n > 1 {
				over++
			}
		}
		t.show("%d people contacted, %d more than once", len(contacts), over)
		j := r.judge(t.size)
		t.show("%d kept back", j.refused)
		t.promise(over == 0, "%d people were contacted more often than the cap allows", over)
		t.promise(len(contacts) == people, "%d of %d people were contacted", len(contacts), people)
		t.promise(j.onlyFor(deliveries.Capped, deliveries.LowerPriority), "messages ended for other reasons: %v", j.ends)
		j.refused = 0 // all by the cap, or for those who go first
		t.tell(j, t.size)
	},
}

// contacts are how many messages the providers took for each person.
func (r *rig) contacts() map[string]int {
	r.Helper()
	truth, taken := r.outside(), map[string]int{}
	r.query(`SELECT id, customer FROM deliveries`, func(scan func(...any) error) error {
		var id int64
		var customer string
		err := scan(&id, &customer)
		if n := truth.copies[id]; n > 0 {
			taken[customer] += n
		}
		return err
	})
	return taken
}
