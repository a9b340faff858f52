package call

import (
	"strconv"
	"time"

	"github.com/twilio/twilio-go/twiml"
)

const (
	// personRings is how long a person's phone rings where the script says
	// nothing: before most mailboxes take the call.
	personRings = 20 * time.Second
	// longestTalk ends a call that nobody hung up.
	longestTalk = time.Hour
)

// transfer puts the customer through to a person
// (https://www.twilio.com/docs/voice/twiml/dial), who sees the shop's number.
func (t *turn) transfer(index int) {
	to := t.Script.Transfer
	t.say(to.Say)
	ring := personRings
	if to.Ring > 0 {
		ring = to.Ring
	}
	dial := &twiml.VoiceDial{
		Number: to.To, CallerId: t.caller, Timeout: wholeSeconds(ring), TimeLimit: wholeSeconds(longestTalk),
		Action: with(t.self, inQuestion, strconv.Itoa(index), inDialled, "1"), Method: "POST",
	}
	if to.Record {
		dial.Record = "record-from-answer-dual"
		dial.RecordingStatusCallback, dial.RecordingStatusCallbackMethod = t.Status, "POST"
	}
	t.verbs = append(t.verbs, dial)
}

// dialled goes on when the person has hung up, or nobody took the call.
func (t *turn) dialled(status string) {
	if reached(status) || t.Script.Transfer == nil {
		t.end()
		return
	}
	t.say(t.Script.Transfer.Sorry)
	t.verbs = append(t.verbs, &twiml.VoiceHangup{})
}

// reached reports whether somebody took a call that was dialled
// (DialCallStatus).
func reached(status string) bool { return status == "completed" || status == "answered" }

func wholeSeconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }
