package deliveries

import (
	"cmp"

	"rapport/channels"
)

// Funnel sums up what became of one campaign.
type Funnel struct {
	Campaign    string               `json:"campaign"`
	Entered     int64                `json:"entered"`
	Running     int64                `json:"running"`
	Planned     int64                `json:"planned"`   // deliveries, all of them
	Sent        int64                `json:"sent"`      // accepted by a provider, whatever came after
	Delivered   int64                `json:"delivered"` // delivered or further
	Opened      int64                `json:"opened"`    // by people, as far as can be told
	Clicked     int64                `json:"clicked"`
	Letters     int64                `json:"letters"`        // e-mails that were sent: no other message tells that it is opened
	LettersRead int64                `json:"letters_opened"` // of these, how many people opened
	Linked      int64                `json:"linked"`         // sent by channels that tell of a click: all but calls
	OpenedRaw   int64                `json:"opened_raw"`     // with what machines did
	ClickedRaw  int64                `json:"clicked_raw"`
	Replied     int64                `json:"replied"`  // messages that were answered
	Answered    int64                `json:"answered"` // answers to asks, whatever else was asked on a call
	Cases       int64                `json:"cases"`
	Failed      map[string]int64     `json:"failed,omitempty"` // by reason, bounces among them
	Skipped     map[SkipReason]int64 `json:"skipped,omitempty"`
	Unconfirmed int64                `json:"unconfirmed"`
	Cost        int64                `json:"cost"`      // minor units
	Segments    int64                `json:"segments"`  // of texts, as they were billed
	ScoreSum    float64              `json:"score_sum"` // of csat5 answers
	ScoreCount  int64                `json:"score_count"`
	NPSSum      float64              `json:"nps_sum,omitempty"` // of nps answers
	NPSCount    int64                `json:"nps_count,omitempty"`

	// Of the messages that were sent, how many ended badly. Lost are those that a
	// provider took and then failed to hand over, or gave up in time.
	Bounced      int64 `json:"bounced,omitempty"`
	Unsubscribed int64 `json:"unsubscribed,omitempty"`
	Complained   int64 `json:"complained,omitempty"`
	Lost         int64 `json:"lost,omitempty"`

	// KeptOut counts over all runs who belonged and was kept out by the rule of
	// entry: their earlier journey ran still, or `again` said no.
	KeptOut int64 `json:"kept_out,omitempty"`
	// Goal is nil where no version of the campaign has one.
	Goal *GoalFunnel `json:"goal,omitempty"`
}

// Alike are messages of one channel that came equally far.
type Alike struct {
	Channel channels.Channel
	Status  Status
	Reason  string // why they were skipped or failed
	Named   bool   // a provider has a name for each
	Machine Machine
	Did     Did // whatever their status says by now
	Count   int64

	Cost     int64 // of all of them together, in minor units
	Segments int64 // of all of them together
}

// Add counts further messages.
func (f *Funnel) Add(m Alike) {
	f.Planned += m.Count
	f.Cost += m.Cost
	f.Segments += m.Segments
	if taken(m.Status, m.Named) {
		f.Sent += m.Count
	}
	if m.Status.Reached(Delivered) {
		f.Delivered += m.Count
	}
	f.addTelling(m)
	opened, clicked := m.opened(), m.clicked()
	if opened {
		f.Opened += m.Count
	}
	if opened || m.Machine != 0 { // who clicks has opened
		f.OpenedRaw += m.Count
	}
	if clicked {
		f.Clicked += m.Count
	}
	if clicked || m.Machine&MachineClicked != 0 {
		f.ClickedRaw += m.Count
	}
	f.end(m)
}

// addTelling counts messages of channels that tell of an open or a click, which rates
// of these are shares of.
func (f *Funnel) addTelling(m Alike) {
	sent := taken(m.Status, m.Named)
	if sent && m.Channel != channels.Call {
		f.Linked += m.Count
	}
	if sent && m.Channel == channels.Email {
		f.Letters += m.Count
	}
	if m.Channel == channels.Email && m.opened() {
		f.LettersRead += m.Count
	}
}

// end counts how messages ended.
func (f *Funnel) end(m Alike) {
	switch m.Status {
	case Answered:
		f.Replied += m.Count
	case Bounced:
		f.Bounced += m.Count
		f.fail(m)
	case Failed, Expired:
		if taken(m.Status, m.Named) {
			f.Lost += m.Count
		}
		f.fail(m)
	case Unsubscribed:
		f.Unsubscribed += m.Count
	case Complained:
		f.Complained += m.Count
	case Skipped:
		if f.Skipped == nil {
			f.Skipped = map[SkipReason]int64{}
		}
		f.Skipped[SkipReason(m.Reason)] += m.Count
	case Unconfirmed:
		f.Unconfirmed += m.Count
	}
}

func (f *Funnel) fail(m Alike) {
	if f.Failed == nil {
		f.Failed = map[string]int64{}
	}
	f.Failed[cmp.Or(m.Reason, string(m.Status))] += m.Count
}

// clicked reports whether people followed a link or the notification. An e-mail or
// a notification is answered by a link in it; a text and a call are not.
func (m Alike) clicked() bool {
	return m.Did&DidClick != 0 || m.Status == Clicked || m.Status == Answered && (m.Channel == channels.Email || m.Channel == channels.Push)
}

// Reached reports whether the messages got as far as a status: opened and clicked as
// a funnel counts them.
func (m Alike) Reached(by Status) bool {
	switch by {
	case Opened:
		return m.opened()
	case Clicked:
		return m.clicked()
	}
	return m.Status.Reached(by)
}

// opened reports whether people opened the messages, as who clicks has.
func (m Alike) opened() bool { return m.Did != 0 || m.Status == Opened || m.clicked() }

// did is what the status of the messages tells of people.
func (m Alike) did() (did Did) {
	if m.opened() {
		did |= DidOpen
	}
	if m.clicked() {
		did |= DidClick
	}
	return did
}
