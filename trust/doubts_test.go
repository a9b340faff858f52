package trust_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/webhooks"
)

// How doubts end: by evidence, by policy, and by an operator's word.

// resolve ends the doubts: by evidence and policy, as far as they go, and then by
// the operator's word. Should what he sends again come into doubt he is asked
// once more.
func (r *rig) resolve(limit time.Duration, entries int) {
	r.Helper()
	for range 3 {
		evidenced := r.evidenced(limit)
		left := r.number(inDoubt)
		r.held += left
		if left == 0 || !evidenced {
			return // the judge says what is in doubt and evident
		}
		r.sendAgain()
		r.rest(10*time.Minute, entries, nil)
	}
}

// byHandWords are of rows that nobody has to do anything about.
const byHandWords = "%d messages stayed in doubt until an operator decided"

// inDoubt counts the doubts of whom the program still knows. Who was erased has no
// address to ask after or to send to again.
var inDoubt = `SELECT COUNT(*) FROM deliveries WHERE status = 'unconfirmed' AND customer NOT LIKE '` + customers.Alias("%") + "'"

// evidenced waits until evidence and policy have settled what they can: nothing
// is in doubt that its provider has, and policies that resend have resent. What
// is left nobody has a trace of, or it is a mute notification.
func (r *rig) evidenced(limit time.Duration) bool {
	r.Helper()
	s, closed := r.peek()
	defer closed()
	next := time.Now()
	for deadline := next.Add(limit); time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond) // between two looks
		if time.Now().Before(next) {
			continue
		}
		next = time.Now().Add(time.Second)
		if r.settled() && idle(s) {
			return true
		}
	}
	return false
}

// sendAgain is the operator's word on what is still in doubt. Of a mute
// notification it asks for a copy beyond the policy.
func (r *rig) sendAgain() {
	r.Helper()
	goOn := func() {}
	if r.pause != nil { // nobody else may write meanwhile
		goOn = r.pause()
	}
	// Meanwhile what was sent again may come into doubt anew. That is for his next word.
	began := time.Now()
	old := fmt.Sprintf("%s AND settled_at <= %d", inDoubt, began.UnixMilli())
	for before := 0; before != r.number(old); { // the oldest thousand at a time
		before = r.number(old)
		truth := r.outside()
		for id, row := range r.ledger() {
			if row.mute(truth.told[id]) {
				r.most[id] = truth.copies[id] + 1
			}
		}
		if word := r.start("doubts", "--older", time.Since(began).String(), "--send-again"); !word.succeeds() {
			r.Fatalf("rapport doubts: %s", r.lastWords())
		}
	}
	goOn()
}

// settled reports whether no doubt is left that evidence or policy will end.
func (r *rig) settled() bool {
	if r.number(`SELECT COUNT(*) FROM deliveries WHERE status = 'unconfirmed' AND ambiguous = 'resend' AND resent = 0`) > 0 {
		return false
	}
	if r.number(inDoubt) == 0 {
		return true
	}
	truth := r.outside()
	for id, row := range r.ledger() {
		if row.status != deliveries.Unconfirmed || row.erased || truth.copies[id] == 0 {
			continue
		}
		if !row.mute(truth.told[id]) || time.Since(truth.latest[id]) < 2*belated {
			return false
		}
	}
	return true
}

// mute reports whether a delivery is in doubt of which nothing can be learned: push
// services keep no list that could be asked, its browser tells nothing, and its
// policy has sent the one copy more that it allows, or none.
func (e ended) mute(told bool) bool {
	return e.status == deliveries.Unconfirmed && e.channel == string(channels.Push) && !told && (e.resent || e.ambiguous == deliveries.Hold)
}

// toldOf are the notifications that browsers told of: the inbox has what was
// answered, whatever became of it.
func (r *rig) toldOf() map[int64]bool {
	r.Helper()
	told, doors := map[int64]bool{}, r.doors()
	r.query("SELECT body FROM inbox WHERE provider = '"+webhooks.OwnLinks+"' AND url LIKE '%"+deliveries.PathPushReports+"'", func(scan func(...any) error) error {
		var body []byte
		if err := scan(&body); err != nil {
			return err
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return err
		}
		token, err := doors.Signer.Open(deliveries.PushReport, form.Get("token"))
		told[token.Delivery] = true
		return err
	})
	return told
}

// What the judge takes for evident, and how many copies it lets a person ask for.
func TestTheJudgeAsksForNoEvidenceThatNobodyHas(t *testing.T) {
	silent := ended{channel: "push", status: deliveries.Unconfirmed, ambiguous: deliveries.Resend, resent: true}
	first, held, text := silent, silent, silent
	first.resent = false
	held.ambiguous, held.resent = deliveries.Hold, false
	text.channel = "sms"
	done := silent
	done.status = deliveries.Sent
	for _, c := range []struct {
		name                                 string
		row                                  ended
		copies                               int
		told                                 bool
		most                                 int
		unconfirmed, evident, doubled, again int
	}{
		{name: "both copies taken, its browser silent", row: silent, copies: 2, unconfirmed: 1},
		{name: "its browser has told", row: silent, copies: 2, told: true, unconfirmed: 1, evident: 1},
		{name: "the policy has not sent the second one yet", row: first, copies: 1, unconfirmed: 1, evident: 1},
		{name: "the policy sends none", row: held, copies: 1, unconfirmed: 1},
		{name: "a text, for which its provider can be asked", row: text, copies: 2, unconfirmed: 1, evident: 1},
		{name: "nobody has it", row: silent, unconfirmed: 1},
		{name: "a third by a person's word", row: done, copies: 3, most: 3, again: 1},
		{name: "a second one, which the policy allows too", row: done, copies: 2, most: 2},
		{name: "a third nobody asked for", row: done, copies: 3, doubled: 1},
		{name: "a fourth", row: done, copies: 4, most: 3, doubled: 1, again: 1},
	} {
		j := compare(1, map[int64]ended{7: c.row}, outside{
			copies: map[int64]int{7: c.copies}, told: map[int64]bool{7: c.told}, most: map[int64]int{7: c.most},
		})
		if j.unconfirmed != c.unconfirmed || j.evident != c.evident || j.doubled != c.doubled || j.again != c.again {
			t.Errorf("%s: unconfirmed %d, evident %d, doubled %d, again %d", c.name, j.unconfirmed, j.evident, j.doubled, j.again)
		}
	}
}
