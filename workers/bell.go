package workers

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// bellChannel is where a process tells the others that there is work.
	bellChannel = "rapport:bell"
	// hintTimeout bounds what is only a hint: whoever gives it has better things
	// to do than wait for Redis.
	hintTimeout = time.Second
)

// Bell wakes the scheduler as soon as somebody makes work for it, in whichever
// process. A ring that gets lost costs no more than the scheduler's poll.
type Bell struct {
	Redis redis.UniversalClient
}

// Ring says that there is work. It never fails: SQL holds the work.
func (b *Bell) Ring(ctx context.Context) {
	hint, cancel := context.WithTimeout(context.WithoutCancel(ctx), hintTimeout)
	defer cancel()
	b.Redis.Publish(hint, bellChannel, "")
}

// Listen gives a channel that receives after rings, many rings as one, until
// ctx ends.
func (b *Bell) Listen(ctx context.Context) <-chan struct{} {
	rings := make(chan struct{}, 1)
	subscription := b.Redis.Subscribe(ctx, bellChannel)
	go func() {
		defer subscription.Close() // the connection goes with it
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
