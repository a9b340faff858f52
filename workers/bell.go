package workers

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// bellChannel is where a process tells the others that there is work.
const bellChannel = "rapport:bell"

// Bell wakes the scheduler as soon as somebody makes work for it, in whichever
// process. A ring that gets lost costs no more than the scheduler's poll.
type Bell struct {
	Redis redis.UniversalClient
}

// Ring says that there is work. It never fails: SQL holds the work.
func (b *Bell) Ring(ctx context.Context) {
	b.Redis.Publish(context.WithoutCancel(ctx), bellChannel, "")
}

// Listen gives a channel that receives after rings, many rings as one, until
// ctx ends.
func (b *Bell) Listen(ctx context.Context) <-chan struct{} {
	rings := make(chan struct{}, 1)
	subscription := b.Redis.Subscribe(ctx, bellChannel)
	go func() {
		defer subscription.Close() //nolint:errcheck // the connection goes with it
		messages := subscription.Channel()
		for {
			select {
			case <-ctx.Done():
				return
			case _, open := <-messages:
				if !open {
					return
				}
				select {
				case rings <- struct{}{}:
				default:
				}
			}
		}
	}()
	return rings
}
