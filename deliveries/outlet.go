package deliveries

import (
	"context"
	"time"

	"rapport/channels"
)

// Outlet is one way in which messages leave: a channel's provider and, where it
// matters, the sender they leave from (a number, a mailbox) or, of pushes and
// webhooks, the host they go to.
type Outlet struct {
	Channel  channels.Channel `json:"channel"`
	Provider string           `json:"provider"`
	Via      string           `json:"via,omitempty"`
}

// String is the outlet's name: "sms/twilio", "push/vapid via push.example".
func (o Outlet) String() string {
	name := string(o.Channel) + "/" + o.Provider
	if o.Via != "" {
		name += " via " + o.Via
	}
	return name
}

// Health is how an outlet does, as all workers together know it. The zero Health
// of an outlet is a good one.
type Health struct {
	Outlet
	// Down says that nothing leaves by it but probes. Since tells when that
	// began or ended, Why the reason and Detail the error that decided.
	Down   bool      `json:"down"`
	Since  time.Time `json:"since,omitzero"`
	Why    string    `json:"why,omitempty"`
	Detail string    `json:"detail,omitempty"`
	// NextProbe is when it may be probed next, ProbedUntil when the probe under
	// way is taken for lost. Probes counts those that failed.
	NextProbe   time.Time `json:"next_probe,omitzero"`
	ProbedUntil time.Time `json:"probed_until,omitzero"`
	Probes      int       `json:"probes,omitempty"`
	// PausedUntil is how long the provider wishes to be left alone (429).
	PausedUntil time.Time `json:"paused_until,omitzero"`

	// Of messages that left: failures in a row, and those of all that were tried
	// since a moment.
	Failures   int       `json:"failures,omitempty"`
	Tried      int       `json:"tried,omitempty"`
	Failed     int       `json:"failed,omitempty"`
	TriedSince time.Time `json:"tried_since,omitzero"`
}

const (
	// Five failures in a row, or half of at least twenty messages within ten
	// seconds, show that the provider is ill rather than a message.
	failuresInRow = 5
	enoughTried   = 20
	triedWithin   = 10 * time.Second

	// A provider that is ill is probed after a second, then less and less often;
	// one that refuses the account needs a person and is probed seldom.
	firstProbe         = time.Second
	longestProbe       = 15 * time.Second
	longestAccountWait = 5 * time.Minute
	// probeFor is longer than a provider may take to answer.
	probeFor = 20 * time.Second

	// A pause that the provider named no length for, and the longest one: then
	// it is asked again.
	usualPause    = 2 * time.Second
	longestWished = 15 * time.Minute
)

// Why an outlet is down.
const (
	// ProviderDown also is what holds a message while its outlet is down.
	ProviderDown = "provider_down"
	// AccountRefused is the word of channels.Refused for 401 and 403.
	AccountRefused = channels.ReasonUnauthorized
)

// Signs are what a window of messages, or a probe, showed of an outlet.
type Signs struct {
	Well, Ill int
	// Refused says that the provider refuses the account.
	Refused bool
	// Limited says that the provider wants to be left alone for Wish; 0 where it
	// named no time.
	Limited bool
	Wish    time.Duration
	// Detail is the first error. It holds no address and no secret.
	Detail string
	// Probe says that they are a probe's.
	Probe bool
}

// After is the outlet's health after signs of it. Only a probe's signs bring an
// outlet up again: messages that left before it went down tell of the past.
func (h Health) After(s Signs, now time.Time) Health {
	if s.Limited {
		wish := s.Wish
		if wish == 0 {
			wish = usualPause
		}
		if until := now.Add(min(wish, longestWished)); until.After(h.PausedUntil) {
			h.PausedUntil = until
		}
	}
	switch {
	case h.Down && s.Probe:
		return h.probed(s, now)
	case h.Down:
		return h
	}
	if now.Sub(h.TriedSince) >= triedWithin {
		h.Tried, h.Failed, h.TriedSince = 0, 0, now
	}
	h.Tried, h.Failed, h.Failures = h.Tried+s.Well+s.Ill, h.Failed+s.Ill, h.Failures+s.Ill
	if s.Well > 0 {
		h.Failures = 0
	}
	switch {
	case s.Refused:
		return h.fallen(AccountRefused, s.Detail, now)
	case s.Ill > 0 && (h.Failures >= failuresInRow || h.Tried >= enoughTried && 2*h.Failed >= h.Tried):
		return h.fallen(ProviderDown, s.Detail, now)
	}
	return h
}

// Counts reports whether messages that left are being counted: a failure was seen
// within the time for which they are.
func (h Health) Counts(now time.Time) bool {
	return h.Failed > 0 && now.Sub(h.TriedSince) < triedWithin
}

func (h Health) fallen(why, detail string, now time.Time) Health {
	return Health{
		Outlet: h.Outlet, Down: true, Since: now, Why: why, Detail: detail,
		NextProbe: now.Add(firstProbe), PausedUntil: h.PausedUntil,
	}
}

// probed is the health after a probe. One that showed nothing, for no message
// could leave, leaves the next to somebody else.
func (h Health) probed(s Signs, now time.Time) Health {
	h.ProbedUntil = time.Time{}
	switch {
	case s.Refused || s.Ill > 0:
		h.Why, h.Detail = ProviderDown, s.Detail
		longest := longestProbe
		if s.Refused {
			h.Why, longest = AccountRefused, longestAccountWait
		}
		h.Probes++
		h.NextProbe = now.Add(min(firstProbe<<min(h.Probes, 10), longest))
	case s.Well > 0:
		return Health{Outlet: h.Outlet, Since: now, PausedUntil: h.PausedUntil}
	}
	return h
}

// Admission says whether a message may leave by an outlet.
type Admission struct {
	// Free lets it leave, Probe lets one leave alone. Otherwise nothing leaves
	// until Until, because of Why; Since is when an outlet that is down fell.
	Free, Probe  bool
	Until, Since time.Time
	Why          string
}

// Admit says what may leave now, and the health after that: whoever is given the
// probe has it alone, and there is at most one a second.
func (h Health) Admit(now time.Time) (Health, Admission) {
	switch {
	case now.Before(h.PausedUntil):
		return h, Admission{Until: h.PausedUntil, Why: RateLimit}
	case !h.Down:
		return h, Admission{Free: true}
	case now.Before(h.ProbedUntil):
		return h, Admission{Until: later(h.NextProbe, now.Add(firstProbe)), Since: h.Since, Why: ProviderDown}
	case now.Before(h.NextProbe):
		return h, Admission{Until: h.NextProbe, Since: h.Since, Why: ProviderDown}
	}
	h.ProbedUntil, h.NextProbe = now.Add(probeFor), now.Add(firstProbe)
	return h, Admission{Probe: true}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Traffic is what an outlet's provider did with messages.
type Traffic struct {
	Channel     channels.Channel `json:"channel"`
	Provider    string           `json:"provider"`
	Sent        int64            `json:"sent"`
	Failed      int64            `json:"failed"`
	Unconfirmed int64            `json:"unconfirmed"`
	PutOff      int64            `json:"put_off"` // certainly not sent, to be tried again
}

// Outlets keeps how outlets do, for all workers.
type Outlets interface {
	// Health reads the outlets of a channel, or all ("") of them. One that is not
	// listed is well.
	Health(ctx context.Context, ch channels.Channel) ([]Health, error)
	// Change moves one outlet's health on, alone among all who do.
	Change(ctx context.Context, o Outlet, move func(Health) Health) (before, after Health, err error)
	// Release makes what waits for a channel's provider until a moment at the latest
	// due at another, and returns how much that was, also where the rest went wrong.
	Release(ctx context.Context, ch channels.Channel, at, until time.Time) (int, error)
	// Traffic sums up what was settled since a moment, by provider. It is kept
	// by the minute, for an hour.
	Traffic(ctx context.Context, since time.Time) ([]Traffic, error)
}

// State is the health in a word: up, paused, down or probing.
func (h Health) State(now time.Time) string {
	switch {
	case h.Down && now.Before(h.ProbedUntil):
		return "probing"
	case h.Down:
		return "down"
	case now.Before(h.PausedUntil):
		return "paused"
	}
	return "up"
}

// WorthTelling reports whether an operator should know of the outlet beside its
// provider: of senders and hosts only those that are not well are told.
func (h Health) WorthTelling(now time.Time) bool { return h.Via == "" || h.State(now) != "up" }
