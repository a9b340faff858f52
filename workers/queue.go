package workers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/telemetry"
)

// Task kinds. They live in Redis between versions of the program: never rename
// one.
const (
	taskDeliver = "deliver" // with delivery ids
	taskTravel  = "travel"  // with entry ids
	taskEnter   = "enter"   // with one shard
	taskRead    = "read"    // the inbox
	taskReact   = "react"   // pending live events
	taskWatch   = "watch"   // with one part of a segment
	taskStage   = "stage"   // rollouts in which something is to be done

	taskRecordings = "recordings" // those to fetch and to delete
)

// journeyQueue carries everything that is not a delivery; deliveries have a
// queue for each channel, named after it.
const journeyQueue = "journey"

// DefaultQueues weighs the queues of a worker that serves all of them: moving
// journeys on and reading answers comes first, a call before a newsletter.
func DefaultQueues() map[string]int {
	return map[string]int{
		journeyQueue: 8, string(channels.Call): 4, string(channels.SMS): 4,
		string(channels.Push): 3, string(channels.Email): 3, string(channels.Webhook): 3,
	}
}

// Queue puts tasks into Redis. Payloads are row numbers, parts of audiences, and
// names of campaigns and segments: no address, no text, nothing personal.
type Queue struct {
	// Metrics are told how long Redis takes; nil is told nothing.
	Metrics *telemetry.Metrics

	client *asynq.Client
	redis  redis.UniversalClient
}

// OpenQueue uses a Redis connection, which stays the caller's to close.
func OpenQueue(r redis.UniversalClient) *Queue {
	return &Queue{client: asynq.NewClientFromRedisClient(r), redis: r}
}

// waiting counts the tasks nobody has begun, by the list in which Asynq keeps
// them.
func (q *Queue) waiting(ctx context.Context, queue string) (int, error) {
	n, err := q.redis.LLen(ctx, tasksOf(queue)+"pending").Result()
	if err != nil {
		return 0, fmt.Errorf("count the tasks of queue %s: %w", queue, err)
	}
	return int(n), nil
}

// ahead counts the tasks nobody has begun of each channel, over its parts.
func (q *Queue) ahead(ctx context.Context, parts int) (map[channels.Channel]int, error) {
	counts := map[channels.Channel][]*redis.IntCmd{}
	_, err := q.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, ch := range deliveries.Lanes() {
			for n := range max(parts, 1) {
				counts[ch] = append(counts[ch], pipe.LLen(ctx, tasksOf(part(string(ch), n))+"pending"))
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count the tasks of all channels: %w", err)
	}
	ahead := map[channels.Channel]int{}
	for ch, parts := range counts {
		for _, count := range parts {
			ahead[ch] += int(count.Val())
		}
	}
	return ahead, nil
}

// tasksOf begins the names of the keys in which Asynq keeps a queue's tasks.
func tasksOf(queue string) string { return "asynq:{" + queue + "}:" }

func (q *Queue) put(ctx context.Context, queue, kind string, payload any, timeout time.Duration) error {
	body, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("write a %s task: %w", kind, err)
	}
	return q.enqueue(ctx, queue, kind, body, timeout)
}

// putOnce puts a journey task unless the same one waits or runs already, which
// a mark beside it tells. Where a crash left the mark behind it goes by itself.
func (q *Queue) putOnce(ctx context.Context, kind string, payload any, timeout time.Duration) (put bool, err error) {
	body, err := json.Marshal(payload)
	if err != nil {
		return false, fmt.Errorf("write a %s task: %w", kind, err)
	}
	first, err := q.redis.SetNX(ctx, markOf(kind, body), "", timeout).Result()
	if err != nil {
		return false, fmt.Errorf("mark a %s task: %w", kind, err)
	}
	if !first {
		return false, nil
	}
	if err := q.enqueue(ctx, journeyQueue, kind, body, timeout); err != nil {
		hint, cancel := context.WithTimeout(context.WithoutCancel(ctx), hintTimeout)
		defer cancel()
		return false, errors.Join(err, q.redis.Del(hint, markOf(kind, body)).Err())
	}
	return true, nil
}

// marked are those of some payloads whose tasks, put by putOnce, wait or run.
func marked[P any](ctx context.Context, q *Queue, kind string, payloads []P) (those []P, err error) {
	if len(payloads) == 0 {
		return nil, nil
	}
	marks := make([]*redis.IntCmd, len(payloads))
	_, err = q.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for n, payload := range payloads {
			body, err := json.Marshal(payload)
			if err != nil {
				return err
			}
			marks[n] = pipe.Exists(ctx, markOf(kind, body))
		}
		return nil
	})
	if err != nil {
		return payloads, fmt.Errorf("see which %s tasks are done: %w", kind, err)
	}
	for n, payload := range payloads {
		if marks[n].Val() > 0 {
			those = append(those, payload)
		}
	}
	return those, nil
}

// markOf is the key that tells that a task waits or runs.
func markOf(kind string, body []byte) string { return "rapport:task:" + kind + ":" + string(body) }

func (q *Queue) enqueue(ctx context.Context, queue, kind string, body []byte, timeout time.Duration) error {
	ended := q.Metrics.Redis("enqueue")
	// No retries: the ledger's lease decides when a task that vanished is due
	// again, and no Unique: its lock outlives failures.
	_, err := q.client.EnqueueContext(ctx, asynq.NewTaskWithHeaders(kind, body, telemetry.Headers(ctx)),
		asynq.Queue(queue), asynq.MaxRetry(0), asynq.Timeout(timeout))
	ended(err)
	if err != nil {
		return fmt.Errorf("enqueue a %s task: %w", kind, err)
	}
	return nil
}
