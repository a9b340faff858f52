package trust_test

import (
	"time"

	"rapport/channels"
	"rapport/sandbox"
	"rapport/store/storetest"
)

// badAnswers: what a provider took and answered badly is in doubt, and so is what
// it may have taken; nothing else is. What it says it did not take goes out again.
var badAnswers = row{
	id: "R7", fault: "5 % 429, 5 % 500, 6 % taken and the answer late, broken or garbage", quick: 1_000, full: 50_000,
	play: func(t *trial) {
		people := t.size / len(everyChannel)
		// Answers have time enough: on a busy machine a time-out would leave doubts that
		// no provider made.
		times := times{lease: 30 * time.Second, call: 5 * time.Second, shutdown: 10 * time.Second, doubt: 12 * time.Second}
		r := t.newRig(setting{
			dsn: storetest.Postgres(t.T), redis: t.startRedis(false), times: times, behaviour: quiet(),
			faults: []sandbox.Fault{
				{Kind: sandbox.Limit, Rate: 0.05, RetryAfter: 1},
				{Kind: sandbox.Fail, Rate: 0.025, Status: 500},
				{Kind: sandbox.AcceptedFail, Rate: 0.025, Status: 500},
				{Kind: sandbox.Slow, Rate: 0.03, Delay: sandbox.Between(times.call+time.Second, times.call+3*time.Second)},
				{Kind: sandbox.HalfAnswer, Rate: 0.02},
				{Kind: sandbox.Garbage, Rate: 0.01},
			},
		})
		r.apply(mixed(everyChannel...))
		r.settle(people)
		r.startFleet(3)
		r.begin(people)
		r.rest(60*time.Minute, people, nil)
		r.resolve(2*time.Minute, people)
		broken, doubted, heard := r.answeredBadly(), r.everInDoubt(), r.reportedOn()
		missed, unfounded := 0, 0
		for id := range broken {
			if !doubted[id] && !heard[id] { // a report that comes at once leaves no doubt
				missed++
			}
		}
		ledger, copies, late := r.ledger(), r.copies(), r.acceptedWith(sandbox.Slow, sandbox.Garbage)
		for id := range doubted {
			// Taken, answered well, and no second copy was ever asked for.
			if !broken[id] && !late[id] && copies[id] == 1 && !ledger[id].resent {
				unfounded++
				t.Logf("unfounded %d %+v", id, ledger[id])
			}
		}
		t.show("%d taken and answered badly", len(broken))
		j := r.judge(t.size)
		t.tell(j, t.size)
		t.promise(len(broken) > 0, "no answer was ever bad")
		t.promise(missed == 0, "%d answered badly were never in doubt", missed)
		t.promise(unfounded == 0, "%d were in doubt although their answer was good", unfounded)
	},
}

// answeredBadly are the deliveries that were taken and whose answer said nothing. What
// was answered late or in words that tell too little may or may not have been enough.
func (r *rig) answeredBadly() map[int64]bool {
	r.Helper()
	return r.acceptedWith(sandbox.AcceptedFail, sandbox.AcceptedBreak, sandbox.HalfAnswer)
}

// acceptedWith are the deliveries whose answer met one of the faults.
func (r *rig) acceptedWith(kinds ...sandbox.FaultKind) map[int64]bool {
	r.Helper()
	list, err := r.accepted.all()
	if err != nil {
		r.Fatal(err)
	}
	found, doors := map[int64]bool{}, r.doors()
	for _, m := range list {
		for _, kind := range kinds {
			// A push service's answer has no body that could be cut or garbled.
			if m.Fault == kind && (m.Channel != channels.Push || kind == sandbox.AcceptedFail || kind == sandbox.AcceptedBreak || kind == sandbox.Slow) {
				found[r.deliveryOf(doors, m)] = true
			}
		}
	}
	return found
}

// everInDoubt are the deliveries of which it was not known at some time whether their
// provider had taken them.
func (r *rig) everInDoubt() map[int64]bool {
	r.Helper()
	return r.deliveriesOf(`SELECT delivery FROM events WHERE name LIKE '% unconfirmed'`)
}

// reportedOn are the deliveries that a provider told of by itself.
func (r *rig) reportedOn() map[int64]bool {
	r.Helper()
	return r.deliveriesOf(`SELECT delivery FROM events WHERE name LIKE '% delivered' OR name LIKE '% answered' OR name LIKE '% shown' OR name LIKE '% opened'`)
}

func (r *rig) deliveriesOf(query string) map[int64]bool {
	r.Helper()
	found := map[int64]bool{}
	r.query(query, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		found[id] = true
		return err
	})
	return found
}
