package deliveries

import (
	"context"
	"time"

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
	OpenedRaw   int64                `json:"opened_raw"` // with what machines did
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

// Backlog counts work that is waiting at a moment, and when the next falls due.
type Backlog struct {
	Due  int64 // planned deliveries whose time has come
	Held int64 // queued or sending
	// HeldBy is Held by lane; nil where it was not asked.
	HeldBy map[channels.Channel]int64
	Awake  int64 // entries to be looked at
	Shards int64
	Inbox  int64
	Events int64
	// Next is the earliest later due or wake time; zero when there is none.
	Next time.Time
}

// Idle reports whether nothing is to be done now.
func (b Backlog) Idle() bool { return b.Due+b.Held+b.Awake+b.Shards+b.Inbox+b.Events == 0 }

// Summary reads the ledger for people.
type Summary interface {
	// Funnels sums up every campaign that was ever entered, by id; that of direct
	// messages, which belong to none, comes first under "".
	Funnels(ctx context.Context) ([]Funnel, error)
	// Backlog counts what waits.
	Backlog(ctx context.Context, now time.Time) (Backlog, error)
	// Pressing is Backlog for whoever asks all the time: nothing is counted further
	// than to a bound (what is held to one for each lane), however much waits. Next
	// is left out, and shards that were tried in vain just now.
	Pressing(ctx context.Context, now time.Time, most int) (Backlog, error)
	// Of lists the deliveries of an entry, oldest first.
	Of(ctx context.Context, entry int64) ([]Delivery, error)
}
