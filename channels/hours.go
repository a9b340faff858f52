package channels

import (
	"slices"
	"time"
)

// Hours are a span of the day in minutes since midnight, from inclusive, to
// exclusive. One that does not end after it begins crosses midnight.
type Hours struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// Hold reports whether a minute of the day lies within the hours.
func (h Hours) Hold(minute int) bool {
	if h.From < h.To {
		return minute >= h.From && minute < h.To
	}
	return minute >= h.From || minute < h.To
}

// At is the script as it is at an instant: nobody is put through to a person who
// is not there. A zone that is not known is taken for hours that are over.
func (s CallScript) At(now time.Time) CallScript {
	if s.Transfer != nil && !s.Transfer.open(now) {
		s.Transfer = nil
	}
	return s
}

func (t Transfer) open(now time.Time) bool {
	if len(t.Hours) == 0 {
		return true
	}
	zone, err := time.LoadLocation(t.Zone)
	if err != nil {
		return false
	}
	there := now.In(zone)
	minute := there.Hour()*60 + there.Minute()
	return slices.ContainsFunc(t.Hours, func(h Hours) bool { return h.Hold(minute) })
}
