package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/deliveries"
)

// Limits of one round of the pump. What does not fit waits in SQL, which is
// where it is safe; Redis is kept small.
const (
	batchSize     = 500            // deliveries or entries in one task
	queueDepth    = 20 * batchSize // deliveries of a channel that may be queued or sending at once
	tasksAhead    = 200            // tasks that may wait for a channel's workers: what none takes is not heaped up
	journeyDepth  = 16             // tasks that may wait in the journey queue before more entries join
	readersAtOnce = 4
	shardsAtOnce  = 4 // each may take as long as a condition may
)

// Pump moves what is due from SQL into Redis. Several may run: leases keep
// them from taking the same row.
type Pump struct {
	Queue   *Queue
	Ledger  deliveries.Ledger
	Entries campaigns.Entries
	Runs    campaigns.Runs
	Summary deliveries.Summary
	// Parts is over how many queues in Redis each channel is spread; 0 is 1.
	Parts int
	// Lease is how long what is handed over is left alone; 0 is UsualLease.
	Lease time.Duration
	// Call is how long a provider may take to answer; 0 is 10 s.
	Call time.Duration
	// Conditions is how long a marketer's condition may be judged; 0 is a minute.
	Conditions time.Duration
	Telemetry  Telemetry
	Now        func() time.Time
	Log        *slog.Logger

	turns   map[channels.Channel]int // which part of each was filled last
	refused map[string]bool          // queues whose latest task Redis did not take
}

// Round leases everything that is due, up to the limits, enqueues it, and
// returns how many tasks that made.
//
// Rows are marked before their task is put into Redis. Should Redis not take it,
// they are taken back at once, and one row at a time is tried until it does. A task
// that got in although the answer was an error finds nobody's row: what a worker has
// claimed is not taken back, and nobody claims twice. A crash between the two leaves
// the row to its lease. A Redis that is known to be away is given nothing in the first
// place. What one queue does not take keeps no other from being filled.
func (p *Pump) Round(ctx context.Context) (int, error) {
	now := p.Now()
	ahead, err := p.Queue.waiting(ctx, journeyQueue)
	if err != nil {
		return 0, err
	}
	waiting, err := p.Summary.Pressing(ctx, now, queueDepth)
	if err != nil {
		return 0, fmt.Errorf("count what waits: %w", err)
	}
	if waiting.Idle() {
		return 0, nil
	}
	ctx, span := p.Telemetry.Traces.Start(ctx, "pump")
	tasks := 0
	var troubles []error
	defer func() {
		span.Count("tasks", tasks)
		span.End(nil)
	}()
	for _, part := range []struct {
		name string
		due  int64
		move func(context.Context, time.Time, deliveries.Backlog) (int, error)
	}{
		{"events", waiting.Events, p.events},
		{"callbacks", waiting.Inbox, p.callbacks},
		{"shards", waiting.Shards, p.shards},
		{"entries", waiting.Awake, p.entries(ahead)},
		{"deliveries", waiting.Due, p.deliveries},
	} {
		if part.due == 0 {
			continue
		}
		made, err := part.move(ctx, now, waiting)
		tasks += made
		if err != nil {
			troubles = append(troubles, fmt.Errorf("hand over %s: %w", part.name, err))
		}
	}
	return tasks, errors.Join(troubles...)
}

func (p *Pump) events(ctx context.Context, _ time.Time, _ deliveries.Backlog) (int, error) {
	return p.once(ctx, taskReact, 1, controlTimeoutIn(p.Lease), func(int) any { return nil })
}

func (p *Pump) callbacks(ctx context.Context, _ time.Time, waiting deliveries.Backlog) (int, error) {
	readers := int(min((waiting.Inbox+batchSize-1)/batchSize, readersAtOnce))
	return p.once(ctx, taskRead, readers, controlTimeoutIn(p.Lease), func(reader int) any { return reader })
}

func (p *Pump) shards(ctx context.Context, now time.Time, _ deliveries.Backlog) (int, error) {
	shards, err := p.Runs.Pending(ctx, now, shardsAtOnce)
	if err != nil {
		return 0, err
	}
	return p.once(ctx, taskEnter, len(shards), judgedTimeout(p.Conditions), func(n int) any { return shards[n] })
}

// once puts tasks that nothing leases, each unless it is there already.
func (p *Pump) once(ctx context.Context, kind string, tasks int, timeout time.Duration, payload func(int) any) (made int, err error) {
	for n := range tasks {
		put, err := p.Queue.putOnce(ctx, kind, payload(n), timeout)
		if err != nil {
			return made, err
		}
		if put {
			made++
		}
	}
	return made, nil
}

// entries hands over no more than the journey queue has room for: whoever says
// stop must not stand behind a million entries.
func (p *Pump) entries(ahead int) func(context.Context, time.Time, deliveries.Backlog) (int, error) {
	return func(ctx context.Context, now time.Time, _ deliveries.Backlog) (int, error) {
		room := journeyDepth - ahead
		if room <= 0 {
			return 0, nil
		}
		lease := controlLease(p.Lease)
		ids, err := p.Entries.Awake(ctx, now, lease, p.worth(journeyQueue, room*batchSize))
		if err != nil {
			return 0, err
		}
		tasks := 0
		for batch := range slices.Chunk(ids, batchSize) {
			if err := p.put(ctx, journeyQueue, journeyQueue, taskTravel, batch, controlTimeoutIn(p.Lease)); err != nil {
				letGo := func(ctx context.Context, ids []int64) error { return p.Entries.LetGo(ctx, now.Add(lease), ids) }
				return tasks, errors.Join(err, takenBack(ctx, letGo, ids[tasks*batchSize:]))
			}
			tasks++
		}
		return tasks, nil
	}
}

func (p *Pump) deliveries(ctx context.Context, now time.Time, waiting deliveries.Backlog) (int, error) {
	room, err := p.room(ctx, waiting)
	if err != nil || len(room) == 0 {
		return 0, err
	}
	batches, err := p.Ledger.Due(ctx, now, leaseOr(p.Lease), room, batchSize)
	if err != nil {
		return 0, err
	}
	tasks := 0
	var refused []int64
	var troubles []error
	shut := map[channels.Channel]bool{}
	for _, batch := range batches {
		if !shut[batch.Channel] {
			err := p.put(ctx, string(batch.Channel), p.nextPart(batch.Channel), taskDeliver, batch.IDs, deliverTimeout(p.Lease, p.Call))
			if err == nil {
				tasks++
				continue
			}
			shut[batch.Channel] = true
			troubles = append(troubles, err)
		}
		refused = append(refused, batch.IDs...)
	}
	if len(refused) > 0 {
		troubles = append(troubles, takenBack(ctx, p.Ledger.TakeBack, refused))
	}
	return tasks, errors.Join(troubles...)
}

// put puts a task into a part of a queue, and remembers whether Redis took it.
func (p *Pump) put(ctx context.Context, queue, part, kind string, payload any, timeout time.Duration) error {
	err := p.Queue.put(ctx, part, kind, payload, timeout)
	if p.refused == nil {
		p.refused = map[string]bool{}
	}
	p.refused[queue] = err != nil
	return err
}

// worth is how much room it is worth to fill of a queue: no more than shows whether
// Redis takes tasks again, where it last did not.
func (p *Pump) worth(queue string, room int) int {
	if p.refused[queue] {
		return min(room, 1)
	}
	return room
}

// takeBackFor is how long it may take to end leases of what was not handed over, also
// while the scheduler stops. What is not taken back by then comes back by its lease.
const takeBackFor = 5 * time.Second

func takenBack(ctx context.Context, end func(context.Context, []int64) error, ids []int64) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeBackFor)
	defer cancel()
	return end(ctx, ids)
}

// room is how much more each channel may have under way. One has none whose workers
// are behind, or away: it takes none of the others'.
func (p *Pump) room(ctx context.Context, waiting deliveries.Backlog) (deliveries.Quota, error) {
	ahead, err := p.Queue.ahead(ctx, p.Parts)
	if err != nil {
		return nil, err
	}
	room := deliveries.Quota{}
	for _, ch := range deliveries.Lanes() {
		if free := queueDepth - int(waiting.HeldBy[ch]); free > 0 && ahead[ch] < tasksAhead {
			room[ch] = p.worth(string(ch), free)
		}
	}
	return room, nil
}

// nextPart is the queue in Redis whose turn it is among those of a channel.
func (p *Pump) nextPart(ch channels.Channel) string {
	if p.turns == nil {
		p.turns = map[channels.Channel]int{}
	}
	n := p.turns[ch] % max(p.Parts, 1)
	p.turns[ch] = n + 1
	return part(string(ch), n)
}
