package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Level is how much of something waits, and for how long the oldest of it has.
type Level struct {
	Count  int64
	Oldest time.Duration
}

// Standing is what waits in the whole installation at a moment, as the scheduler
// that leads sees it.
type Standing struct {
	Due, Unconfirmed                      map[string]Level // by channel
	Entries, Callbacks, Events            Level
	Recordings                            Level // to be fetched
	Shards, CasesOpen, CasesOverdue       int64
	QueuesPending                         map[string]Level // by queue
	QueuesActive                          map[string]int64 // by queue
	Outlets                               []OutletDown
	TasksKnown, OutletsKnown, LedgerKnown bool // what could be read
}

// OutletDown counts the ways of a provider that are down.
type OutletDown struct {
	Channel, Provider string
	Down              int
}

// standing are the gauges of Standing.
type standing struct {
	due, dueOldest, doubt, doubtOldest    *prometheus.GaugeVec
	entries, entriesOldest                *prometheus.GaugeVec
	inbox, inboxOldest                    *prometheus.GaugeVec
	events, eventsOldest                  *prometheus.GaugeVec
	recordings, recordingsOldest          *prometheus.GaugeVec
	shards, cases, overdue                *prometheus.GaugeVec
	queue, queueOldest, down, seen, limit *prometheus.GaugeVec
}

func (m *Metrics) leading(b *book) {
	const bounded = " Told by the scheduler that leads, and counted no further than rapport_count_limit."
	m.leads = b.gauge("rapport_scheduler_leads", "1 in the scheduler that leads, 0 in those that wait to.")
	m.turned = b.gauge("rapport_scheduler_last_turn_timestamp_seconds", "When this scheduler last turned, whether it leads or not.")
	m.troubled = b.gauge("rapport_scheduler_troubled", "1 where the last turn of a scheduler could not do all of its work.")
	m.standing = standing{
		due:              b.gauge("rapport_due_deliveries", "Deliveries whose time has come and that no task has yet."+bounded, "channel"),
		dueOldest:        b.gauge("rapport_due_deliveries_oldest_seconds", "For how long the oldest of them has been due.", "channel"),
		doubt:            b.gauge("rapport_unconfirmed_deliveries", "Deliveries of which nobody knows whether they were sent."+bounded, "channel"),
		doubtOldest:      b.gauge("rapport_unconfirmed_deliveries_oldest_seconds", "For how long the oldest of them has been in doubt.", "channel"),
		entries:          b.gauge("rapport_due_entries", "Entries whose journey is to go on and that no task has yet."+bounded),
		entriesOldest:    b.gauge("rapport_due_entries_oldest_seconds", "For how long the oldest of them has waited."),
		inbox:            b.gauge("rapport_inbox_callbacks", "Callbacks that are stored and not read yet."+bounded),
		inboxOldest:      b.gauge("rapport_inbox_callbacks_oldest_seconds", "For how long the oldest of them has waited."),
		events:           b.gauge("rapport_pending_events", "Events of shops that no campaign has judged yet."+bounded),
		eventsOldest:     b.gauge("rapport_pending_events_oldest_seconds", "For how long the oldest of them has waited."),
		recordings:       b.gauge("rapport_waiting_recordings", "Recordings of calls that are to be fetched and are not kept yet; none where recordings stay at the provider."+bounded),
		recordingsOldest: b.gauge("rapport_waiting_recordings_oldest_seconds", "How long ago the oldest of them was made."),
		shards:           b.gauge("rapport_pending_shards", "Parts of audiences that are not entered yet; a broadcast has 16, twice as many beyond 1.6 million customers and so on, and 1024 at most."+bounded),
		cases:            b.gauge("rapport_open_cases", "Cases that are open."+bounded),
		overdue:          b.gauge("rapport_overdue_cases", "Open cases whose customer waits and whose time to answer is over."+bounded),
		queue:            b.gauge("rapport_queue_tasks", "Tasks in Redis. Told by the scheduler that leads.", "queue", "state"),
		queueOldest:      b.gauge("rapport_queue_oldest_seconds", "For how long the oldest pending task has waited in Redis. Told by the scheduler that leads.", "queue"),
		down:             b.gauge("rapport_outlets_down", "Ways of a provider (itself, its senders, the hosts it reaches) that are down. Told by the scheduler that leads.", "channel", "provider"),
		seen:             b.gauge("rapport_standing_timestamp_seconds", "When the scheduler that leads last looked at what waits."),
		limit:            b.gauge("rapport_count_limit", "How far what waits in the database is counted; a gauge that shows this number may mean more."),
	}
}

// Stands tells what waits. limit is how far was counted. What could not be read
// keeps its last value.
func (m *Metrics) Stands(s Standing, limit int, now time.Time) {
	if m == nil {
		return
	}
	g := m.standing
	g.limit.WithLabelValues().Set(float64(limit))
	if s.TasksKnown {
		for queue, level := range s.QueuesPending {
			set(g.queue.WithLabelValues(queue, "pending"), g.queueOldest.WithLabelValues(queue), level)
			g.queue.WithLabelValues(queue, "active").Set(float64(s.QueuesActive[queue]))
		}
	}
	if s.OutletsKnown {
		for _, o := range s.Outlets {
			g.down.WithLabelValues(o.Channel, o.Provider).Set(float64(o.Down))
		}
	}
	if !s.LedgerKnown {
		return
	}
	for channel, level := range s.Due {
		set(g.due.WithLabelValues(channel), g.dueOldest.WithLabelValues(channel), level)
	}
	for channel, level := range s.Unconfirmed {
		set(g.doubt.WithLabelValues(channel), g.doubtOldest.WithLabelValues(channel), level)
	}
	set(g.entries.WithLabelValues(), g.entriesOldest.WithLabelValues(), s.Entries)
	set(g.inbox.WithLabelValues(), g.inboxOldest.WithLabelValues(), s.Callbacks)
	set(g.events.WithLabelValues(), g.eventsOldest.WithLabelValues(), s.Events)
	set(g.recordings.WithLabelValues(), g.recordingsOldest.WithLabelValues(), s.Recordings)
	g.shards.WithLabelValues().Set(float64(s.Shards))
	g.cases.WithLabelValues().Set(float64(s.CasesOpen))
	g.overdue.WithLabelValues().Set(float64(s.CasesOverdue))
	g.seen.WithLabelValues().Set(seconds(now))
}

func set(count, oldest prometheus.Gauge, level Level) {
	count.Set(float64(level.Count))
	oldest.Set(max(level.Oldest, 0).Seconds())
}

func seconds(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }

// Turned tells that a scheduler turned, whether it leads, and whether all went
// well. One that does not lead tells nothing of the installation.
func (m *Metrics) Turned(leads, well bool) {
	if m == nil {
		return
	}
	m.turned.WithLabelValues().Set(seconds(m.now()))
	m.troubled.WithLabelValues().Set(oneIf(!well))
	m.leads.WithLabelValues().Set(oneIf(leads))
	if !leads {
		m.Resigned()
	}
}

// Resigned tells that this process leads no more: what it last saw of the
// installation is no longer shown.
func (m *Metrics) Resigned() {
	if m == nil {
		return
	}
	m.leads.WithLabelValues().Set(0)
	g := m.standing
	for _, vec := range []*prometheus.GaugeVec{
		g.due, g.dueOldest, g.doubt, g.doubtOldest, g.entries, g.entriesOldest, g.inbox, g.inboxOldest, g.events, g.eventsOldest, g.recordings, g.recordingsOldest,
		g.shards, g.cases, g.overdue, g.queue, g.queueOldest, g.down, g.seen, g.limit,
	} {
		vec.Reset()
	}
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
