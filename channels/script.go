package channels

import (
	"strconv"
	"strings"
	"time"
)

// CallScript is what a call says and asks, in order.
type CallScript struct {
	Say       string         `json:"say,omitempty"`
	Questions []CallQuestion `json:"questions,omitempty"`
	Bye       string         `json:"bye,omitempty"`
	// Voicemail is what to leave on a machine; empty hangs up.
	Voicemail string `json:"voicemail,omitempty"`
	// Stop tells, before the first question, how not to be called again; empty
	// leaves it unsaid, and the key works all the same. Stopped is what somebody
	// hears who wants no further calls.
	Stop    string `json:"stop,omitempty"`
	Stopped string `json:"stopped,omitempty"`
	// Late is what somebody hears whom the call reached outside their hours.
	Late string `json:"late,omitempty"`
	// Language is the BCP 47 tag of the words; Voice the provider's voice name.
	Language string    `json:"language,omitempty"`
	Voice    string    `json:"voice,omitempty"`
	Transfer *Transfer `json:"transfer,omitempty"`
}

// Apology is the script of a call that should not have been answered: a word of
// apology and no question.
func (s CallScript) Apology() CallScript {
	return CallScript{Say: s.Late, Language: s.Language, Voice: s.Voice}
}

// CallQuestion is one question of a call.
type CallQuestion struct {
	ID     string `json:"id"`
	Say    string `json:"say"`
	Expect Expect `json:"expect"`
	// Reprompt is how many times the question is asked again after silence or
	// an answer out of range.
	Reprompt int `json:"reprompt,omitempty"`
	// Record is the longest recording, for Expect "record".
	Record time.Duration `json:"record,omitempty"`
	// Low and High bound the number, for ExpectDigits (0 to 10).
	Low  int `json:"low,omitempty"`
	High int `json:"high,omitempty"`
	// Hints are words that may be said, which help to recognise them.
	Hints []string `json:"hints,omitempty"`
}

// Accepts reports whether keys pressed during a call are an answer to the
// question. Questions that are spoken take none.
func (q CallQuestion) Accepts(pressed string) bool {
	key, err := strconv.Atoi(pressed)
	if err != nil || strconv.Itoa(key) != pressed {
		return false
	}
	switch q.Expect {
	case ExpectDigits:
		return key >= q.Low && key <= q.High
	case ExpectYesNo:
		return key == 1 || key == 2
	}
	return false
}

// Stops reports whether keys pressed at the question ask not to be called again: the
// star at any, also among others, and the nine wherever it is no answer.
func (q CallQuestion) Stops(pressed string) bool {
	return pressed == q.StopKey() || strings.Contains(pressed, "*")
}

// StopKey is the key that asks not to be called again.
func (q CallQuestion) StopKey() string {
	if q.Accepts("9") {
		return "*"
	}
	return "9"
}

// Open reports whether the question takes whatever is said, and no keys.
func (q CallQuestion) Open() bool { return q.Expect == ExpectSpeech || q.Expect == ExpectRecord }

// Expect says how a question of a call is answered.
type Expect string

// Kinds of answers on a call. Those by keys may be said aloud too.
const (
	ExpectDigits Expect = "digits" // a number from Low to High
	ExpectYesNo  Expect = "yes_no" // 1 is yes, 2 is no
	ExpectSpeech Expect = "speech"
	ExpectRecord Expect = "record"
)

// Transfer puts the customer through to a person after a bad answer.
type Transfer struct {
	Question  string `json:"question"`
	AtOrBelow int    `json:"at_or_below"`
	// To is the E.164 number of the person.
	To  string `json:"to"`
	Say string `json:"say,omitempty"`
	// Ring is how long the person's phone rings; 0 is 20 s. Sorry is what the
	// customer hears when nobody takes it.
	Ring  time.Duration `json:"ring,omitempty"`
	Sorry string        `json:"sorry,omitempty"`
	// Record keeps what the two say.
	Record bool `json:"record,omitempty"`
	// Hours are when somebody is there, by the clock of Zone (an IANA name; "" is
	// UTC). Without any, somebody always is.
	Hours []Hours `json:"hours,omitempty"`
	Zone  string  `json:"zone,omitempty"`
}

// CallTurn is one fetch of a call's script: what was heard, and what there is to
// say.
type CallTurn struct {
	Script CallScript
	// Self is the absolute URL of the script, to which later turns return with a
	// query, which is the provider's own: the first turn has none. Status is where
	// the provider tells of recordings and transcripts.
	Self, Status string
	Callback     Callback
	// Understand says what words mean at a question; nil understands none.
	Understand func(q CallQuestion, said string) Spoken
}

// Spoken is what words mean at a question.
type Spoken struct {
	// Key is the key that says the same; "" where the words are no answer that a
	// key could give.
	Key string
	// Stop: the customer wants no further calls.
	Stop bool
}
