package workers

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"rapport/channels"
	"rapport/deliveries"
)

// allQueues is the set in which Asynq keeps the names of queues that were ever
// put into.
const allQueues = "asynq:queues"

// QueueParts lists the queues in Redis over which one of ours is spread: email,
// email.1, email.2, … All keys of one of them are in one slot of a cluster, so
// that one node alone would be the limit. The journey queue is never spread: no
// more than a few tasks wait in it.
func QueueParts(queue string, parts int) []string {
	names := []string{queue}
	if !spreads(queue) {
		return names
	}
	for n := 1; n < parts; n++ {
		names = append(names, part(queue, n))
	}
	return names
}

func spreads(queue string) bool { return slices.Contains(deliveries.Lanes(), channels.Channel(queue)) }

// part names one of a queue's parts; the first is named like the whole.
func part(queue string, n int) string {
	if n == 0 {
		return queue
	}
	return queue + "." + strconv.Itoa(n)
}

// partOf is the queue of ours that a name in Redis is a part of.
func partOf(name string) (queue string, is bool) {
	queue, number, numbered := strings.Cut(name, ".")
	if !numbered {
		_, known := DefaultQueues()[queue]
		return queue, known
	}
	n, err := strconv.Atoi(number)
	return queue, err == nil && n > 0 && name == part(queue, n) && spreads(queue)
}

// standingParts lists the parts of every queue of ours: those of the setting and
// those Redis knows, in which tasks may wait that were put there before the
// setting changed. With an error come those of the setting alone.
func standingParts(ctx context.Context, r redis.UniversalClient, parts int) (map[string][]string, error) {
	standing := map[string][]string{}
	for queue := range DefaultQueues() {
		standing[queue] = QueueParts(queue, parts)
	}
	known, err := r.SMembers(ctx, allQueues).Result()
	if err != nil {
		return standing, fmt.Errorf("ask Redis which queues there are: %w", err)
	}
	slices.Sort(known)
	for _, name := range known {
		if queue, ours := partOf(name); ours && !slices.Contains(standing[queue], name) {
			standing[queue] = append(standing[queue], name)
		}
	}
	return standing, nil
}

// weigh shares the weight of every queue among its parts, so that a queue in
// four parts is asked as often as one in a single part of the same weight.
func weigh(queues map[string]int, standing map[string][]string) map[string]int {
	most := 1
	for queue := range queues {
		most = max(most, len(standing[queue]))
	}
	weights := map[string]int{}
	for queue, weight := range queues {
		names := standing[queue]
		for _, name := range names {
			weights[name] = max(1, (weight*most+len(names)/2)/len(names))
		}
	}
	return weights
}
