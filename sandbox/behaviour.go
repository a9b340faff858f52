package sandbox

import (
	"fmt"
	"strings"
	"time"
)

// Behaviour is how customers take what they are sent. Every number without a
// unit is a probability from 0 to 1, and each is conditional on what must
// happen first: a click on an open, an open on a delivery. The zero Behaviour
// lets everything arrive at once and nobody react.
type Behaviour struct {
	Mood  Mood           `json:"mood" yaml:"mood"`
	Email EmailBehaviour `json:"email" yaml:"email"`
	SMS   SMSBehaviour   `json:"sms" yaml:"sms"`
	Call  CallBehaviour  `json:"call" yaml:"call"`
	Push  PushBehaviour  `json:"push" yaml:"push"`
	Goal  GoalBehaviour  `json:"goal" yaml:"goal"`
	// Events are the probabilities of events that journeys wait for, by name. Only
	// Foresee's kin plays them; see Comes for those that are not named.
	Events map[string]float64 `json:"events" yaml:"events"`
}

// GoalBehaviour is what customers do of what a campaign is for, such as buying.
// Only Foresee plays it: in the sandbox customers live by their shop's life.
type GoalBehaviour struct {
	Anyway    float64 `json:"anyway" yaml:"anyway"`       // without a message
	Delivered float64 `json:"delivered" yaml:"delivered"` // because one arrived
	Clicked   float64 `json:"clicked" yaml:"clicked"`     // because they followed its link, in the place of Delivered

	Within Delay   `json:"within" yaml:"within"` // from there to the deed
	Value  float64 `json:"value" yaml:"value"`   // what it is worth on average, in major units
}

// Mood is how satisfied customers are, from 0 to 1: each has one, drawn once
// from a normal distribution, and scores and comments follow it.
type Mood struct {
	Mean   float64 `json:"mean" yaml:"mean"`
	Spread float64 `json:"spread" yaml:"spread"`
}

// EmailBehaviour is what becomes of an e-mail.
type EmailBehaviour struct {
	Defer       float64 `json:"defer" yaml:"defer"`             // the mailbox delays it once, then takes it
	HardBounce  float64 `json:"hard_bounce" yaml:"hard_bounce"` // nobody there
	SoftBounce  float64 `json:"soft_bounce" yaml:"soft_bounce"` // the mailbox is full
	Block       float64 `json:"block" yaml:"block"`             // delayed, then not wanted
	Away        float64 `json:"away" yaml:"away"`               // on holiday: a machine writes back
	Scan        float64 `json:"scan" yaml:"scan"`               // a security scanner fetches every link
	Open        float64 `json:"open" yaml:"open"`
	Click       float64 `json:"click" yaml:"click"`
	Answer      float64 `json:"answer" yaml:"answer"` // the survey, when there is a link to one
	Reply       float64 `json:"reply" yaml:"reply"`   // a letter back
	Unsubscribe float64 `json:"unsubscribe" yaml:"unsubscribe"`
	Complain    float64 `json:"complain" yaml:"complain"`
	Choose      float64 `json:"choose" yaml:"choose"`     // what to hear about, on the page of preferences
	Stranger    float64 `json:"stranger" yaml:"stranger"` // it is not the customer who reads it, and they say so

	Delivery Delay `json:"delivery" yaml:"delivery"` // from acceptance to the mailbox
	Reading  Delay `json:"reading" yaml:"reading"`   // from there to the open
	Reaction Delay `json:"reaction" yaml:"reaction"` // from the open to what follows it
}

// SMSBehaviour is what becomes of a text message.
type SMSBehaviour struct {
	Undelivered float64 `json:"undelivered" yaml:"undelivered"` // unreachable handset
	Click       float64 `json:"click" yaml:"click"`
	Answer      float64 `json:"answer" yaml:"answer"` // a survey behind a link, or a question by a reply
	Reply       float64 `json:"reply" yaml:"reply"`   // a few words
	Stop        float64 `json:"stop" yaml:"stop"`

	Delivery Delay `json:"delivery" yaml:"delivery"`
	Reaction Delay `json:"reaction" yaml:"reaction"`
}

// CallBehaviour is what becomes of a call.
type CallBehaviour struct {
	Fail     float64 `json:"fail" yaml:"fail"` // the number cannot be called
	Busy     float64 `json:"busy" yaml:"busy"`
	NoAnswer float64 `json:"no_answer" yaml:"no_answer"`
	Machine  float64 `json:"machine" yaml:"machine"`
	// The rest is answered by a person, who at every question may do one of:
	HangUp  float64 `json:"hang_up" yaml:"hang_up"`
	Silence float64 `json:"silence" yaml:"silence"`
	Mistake float64 `json:"mistake" yaml:"mistake"` // a key out of range
	Stop    float64 `json:"stop" yaml:"stop"`       // the key that asks for no more calls
	Speak   float64 `json:"speak" yaml:"speak"`     // an answer said aloud, where it may be
	Nobody  float64 `json:"nobody" yaml:"nobody"`   // nobody takes a call that is put through

	Ringing Delay `json:"ringing" yaml:"ringing"`
}

// PushBehaviour is what becomes of a web push message.
type PushBehaviour struct {
	Expire float64 `json:"expire" yaml:"expire"` // the subscription is gone, from this message on
	Show   float64 `json:"show" yaml:"show"`
	Click  float64 `json:"click" yaml:"click"`

	Showing  Delay `json:"showing" yaml:"showing"`
	Reaction Delay `json:"reaction" yaml:"reaction"`
}

// Lifelike is a behaviour of the order a European shop sees.
func Lifelike() Behaviour {
	return Behaviour{
		Mood: Mood{Mean: 0.72, Spread: 0.24},
		Email: EmailBehaviour{
			Defer: 0.03, HardBounce: 0.008, SoftBounce: 0.004, Block: 0.002, Away: 0.006, Scan: 0.04,
			Open: 0.42, Click: 0.14, Answer: 0.35, Reply: 0.02, Unsubscribe: 0.006, Complain: 0.0008, Choose: 0.004, Stranger: 0.0006,
			Delivery: Between(time.Second, 20*time.Second), Reading: Between(2*time.Minute, 9*time.Hour), Reaction: Between(4*time.Second, 3*time.Minute),
		},
		SMS: SMSBehaviour{
			Undelivered: 0.02, Click: 0.18, Answer: 0.28, Reply: 0.03, Stop: 0.008,
			Delivery: Between(time.Second, 8*time.Second), Reaction: Between(30*time.Second, 50*time.Minute),
		},
		Call: CallBehaviour{
			Fail: 0.01, Busy: 0.06, NoAnswer: 0.3, Machine: 0.15, HangUp: 0.06, Silence: 0.05, Mistake: 0.03, Stop: 0.01, Speak: 0.3, Nobody: 0.2,
			Ringing: Between(4*time.Second, 20*time.Second),
		},
		Push: PushBehaviour{
			Expire: 0.01, Show: 0.8, Click: 0.07,
			Showing: Between(200*time.Millisecond, time.Hour), Reaction: Between(2*time.Second, 5*time.Minute),
		},
		Goal: GoalBehaviour{
			Anyway: 0.02, Delivered: 0.004, Clicked: 0.09, Within: Between(20*time.Minute, 5*24*time.Hour), Value: 45,
		},
	}
}

// Delay is a distribution of waiting times: eight in ten fall between From and
// To, a few come earlier and a few much later (log-normal). Written "2s-5m", or
// "30s" for exactly that.
type Delay struct {
	From, To time.Duration
}

// Between is the delay of which eight in ten fall between two durations.
func Between(from, to time.Duration) Delay { return Delay{From: from, To: to} }

// MarshalText writes the delay as "2s-5m".
func (d Delay) MarshalText() ([]byte, error) {
	if d.To <= d.From {
		return []byte(d.From.String()), nil
	}
	return []byte(d.From.String() + "-" + d.To.String()), nil
}

// UnmarshalText reads "2s-5m" or "30s".
func (d *Delay) UnmarshalText(text []byte) error {
	low, high, ranged := strings.Cut(string(text), "-")
	if !ranged {
		high = low
	}
	from, err := time.ParseDuration(strings.TrimSpace(low))
	if err != nil {
		return fmt.Errorf("read delay %q: %w", text, err)
	}
	to, err := time.ParseDuration(strings.TrimSpace(high))
	if err != nil {
		return fmt.Errorf("read delay %q: %w", text, err)
	}
	if from < 0 || to < from {
		return fmt.Errorf("read delay %q: it must run from a shorter to a longer duration", text)
	}
	*d = Delay{From: from, To: to}
	return nil
}
