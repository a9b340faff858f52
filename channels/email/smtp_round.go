package email

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"rapport/channels"
)

// round hands messages to the relay over several connections at once. Each takes the
// next message when it is ready for one, so that a slow connection keeps no other
// waiting.
type round struct {
	*relay
	late     <-chan struct{} // closed when none may begin any more
	messages []channels.Message
	results  []channels.Result

	mu      sync.Mutex
	next    int
	back    []int        // given back by connections that ended before their content began
	again   map[int]bool // those that were given back once
	trouble error        // why the last connection could not be made
}

// SendBatch hands e-mails to the relay, each by itself: what becomes of one says
// nothing of another.
func (r *relay) SendBatch(ctx context.Context, late <-chan struct{}, messages []channels.Message) []channels.Result {
	b := &round{relay: r, late: late, messages: messages, results: make([]channels.Result, len(messages)), again: map[int]bool{}}
	var all sync.WaitGroup
	for range min(len(messages), cap(r.lines.places)) {
		all.Go(func() { b.work(ctx) })
	}
	all.Wait()
	for _, i := range b.back {
		b.settle(held{at: i}, cmp.Or(b.trouble, channels.ErrLate))
	}
	for i := b.next; i < len(messages); i++ {
		if channels.IsLate(b.late) {
			b.settle(held{at: i}, channels.ErrLate)
		} else {
			b.settle(held{at: i}, b.trouble)
		}
	}
	return b.results
}

// take gives the place of a message that nobody carries.
func (b *round) take() (int, bool) {
	if channels.IsLate(b.late) {
		return 0, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.back); n > 0 {
		i := b.back[n-1]
		b.back = b.back[:n-1]
		return i, true
	}
	if b.next == len(b.messages) {
		return 0, false
	}
	b.next++
	return b.next - 1, true
}

// giveBack returns a message for another connection to carry.
func (b *round) giveBack(i int, why error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.back = append(b.back, i)
	if why != nil && !errors.Is(why, channels.ErrLate) {
		b.trouble = why
	}
}

// once reports whether a message may be tried over another connection: the first
// time that it asks.
func (b *round) once(i int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.again[i]
	b.again[i] = true
	return !before
}

// held is a message that a connection has taken to carry.
type held struct {
	parcel
	at int // its place
	ok bool
}

// written takes the next message that can be written, and that fits the connection.
func (b *round) written(l *line) held {
	var scratch []byte
	if l != nil {
		scratch = l.scratch
	}
	for {
		i, ok := b.take()
		if !ok {
			return held{}
		}
		var p parcel
		err := channels.Recovered(func() (err error) {
			p, err = b.write(b.messages[i], scratch)
			return err
		})
		if l != nil && p.raw != nil {
			l.scratch = p.raw
		}
		if err == nil && l != nil {
			err = l.fits(p)
		}
		if err == nil {
			return held{p, i, true}
		}
		b.settle(held{at: i}, err)
	}
}

func (b *round) settle(m held, err error) {
	if err != nil {
		b.results[m.at].Err = fmt.Errorf("send e-mail of delivery %d: %w", b.messages[m.at].Delivery, err)
		return
	}
	b.results[m.at].Receipt = channels.Receipt{ProviderID: m.id}
}

// work carries messages over one connection after another until none is left or
// none can be made.
func (b *round) work(ctx context.Context) {
	for m := b.written(nil); m.ok; {
		if err := b.lines.enter(ctx, b.late); err != nil {
			b.giveBack(m.at, err)
			return
		}
		l, err := b.line(ctx, m.at)
		if err == nil {
			m = b.over(ctx, l, m)
		}
		b.lines.leave()
		if err != nil {
			b.giveBack(m.at, err)
			return
		}
		if !m.ok {
			m = b.written(nil)
		}
	}
}

// line is a connection that was kept; a new one for a message that such a one has
// failed.
func (b *round) line(ctx context.Context, i int) (*line, error) {
	b.mu.Lock()
	again := b.again[i]
	b.mu.Unlock()
	if l := b.lines.kept(); l != nil {
		if !again {
			return l, nil
		}
		_ = l.conn.Close() // it is likely gone, too
	}
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	return b.lines.connect(ctx)
}

// over carries messages over a connection until it ends or none is left, and gives
// the one that is still to be carried.
func (b *round) over(ctx context.Context, l *line, m held) held {
	watch := watched(ctx, l, b.timeout)
	defer func() { b.lines.put(l, watch.end()) }()
	if err := l.fits(m.parcel); err != nil {
		b.settle(m, err)
		m = b.written(l)
	}
	for m.ok && !l.broken && l.carried < longestLine {
		watch.begin()
		used := l.carried > 0
		next, begun, err := b.carry(l, m)
		l.carried++
		if late := watch.over(); late != nil {
			l.broken = true
			err = inTime(late, err)
		} else if l.broken && !begun && used && b.once(m.at) {
			return m // the relay has heard nothing that it would keep
		}
		b.settle(m, err)
		if m = next; !m.ok && !l.broken && l.carried < longestLine {
			m = b.written(l)
		}
	}
	return m
}

// carry hands one message over and announces the next one meanwhile. begun says that
// its content was sent, or a part of it, as it may have been where something panics.
func (b *round) carry(l *line, m held) (next held, begun bool, err error) {
	err = channels.Recovered(func() error {
		if err := l.offer(m.parcel); err != nil {
			return err
		}
		begun = true
		l.content(m.parcel)
		if l.pipelined && l.carried+1 < longestLine {
			if next = b.written(l); next.ok {
				l.announce(next.parcel)
			}
		}
		return l.deliver()
	})
	if channels.StackIn(err) != nil {
		l.broken, begun = true, true
	}
	return next, begun, err
}

// watch ends a connection whose message takes too long, or whose work is over.
type watch struct {
	ctx     context.Context
	timeout time.Duration
	timer   *time.Timer
	late    atomic.Bool
	stop    func() bool
}

func watched(ctx context.Context, l *line, timeout time.Duration) *watch {
	w := &watch{ctx: ctx, timeout: timeout}
	hangUp := func() { _ = l.conn.Close() }
	w.timer = time.AfterFunc(timeout, func() {
		w.late.Store(true)
		hangUp()
	})
	w.stop = context.AfterFunc(ctx, hangUp)
	return w
}

// begin gives the next message its time.
func (w *watch) begin() { w.timer.Reset(w.timeout) }

// over says why the connection was ended; nil where it was not.
func (w *watch) over() error {
	if w.late.Load() {
		return context.DeadlineExceeded
	}
	return w.ctx.Err()
}

// end leaves the connection alone, and reports whether it is still there.
func (w *watch) end() bool { return w.timer.Stop() && w.stop() }
