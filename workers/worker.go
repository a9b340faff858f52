package workers

import (
	"context"
	"log/slog"

	"rapport/campaigns"
)

// Worker does the tasks of one process.
type Worker struct {
	Courier   *Courier
	Traveller *Traveller
	Entrance  *Entrance
	Reactor   *Reactor
	Reader    *Reader
	Bell      *Bell
	Log       *slog.Logger
}

// Serve registers every kind of task with a server. Each task rings the bell at
// its end: what it moved on may be due at once.
func (w *Worker) Serve(s *Server) {
	handle(s, w.Log, taskDeliver, ringing(w.Bell, w.Courier.Deliver))
	handle(s, w.Log, taskTravel, ringing(w.Bell, w.Traveller.Travel))
	handle(s, w.Log, taskEnter, ringing(w.Bell, func(ctx context.Context, shard campaigns.Shard) error {
		return w.Entrance.Enter(ctx, shard)
	}))
	handle(s, w.Log, taskReact, ringing(w.Bell, func(ctx context.Context, _ any) error { return w.Reactor.React(ctx) }))
	handle(s, w.Log, taskRead, ringing(w.Bell, func(ctx context.Context, _ any) error { return w.Reader.Read(ctx) }))
}

func ringing[P any](bell *Bell, do func(context.Context, P) error) func(context.Context, P) error {
	return func(ctx context.Context, payload P) error {
		defer bell.Ring(ctx)
		return do(ctx, payload)
	}
}
