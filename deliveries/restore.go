package deliveries

import "time"

// Gap is what a ledger that was put back from a backup does not know of.
type Gap struct {
	BackupOf time.Time // what happened up to then it knows
	Until    time.Time // when it was put back
}

// Restoration counts what a gap makes doubtful.
type Restoration struct {
	Unconfirmed int64 `json:"unconfirmed"` // deliveries that may have gone out
	Journeys    int64 `json:"journeys"`    // that moved on, or may have
	Runs        int64 `json:"runs"`        // broadcasts whose occurrence or entering fell into the gap
	Events      int64 `json:"events"`      // nobody had reacted to when the backup was made
}

// MayHaveGone is the delivery as a gap leaves it: perhaps sent, like one whose
// worker was lost. For caps, and for asking the provider, it was taken no
// earlier than the backup.
func (d Delivery) MayHaveGone(gap Gap, why string) Delivery {
	if d.Status != Sending {
		d.Attempts, d.TakenAt = d.Attempts+1, gap.BackupOf
	}
	d.Status, d.Reason, d.SettledAt = Unconfirmed, why, gap.Until
	return d
}
