package workers

import (
	"context"
	"log/slog"
)

// Worker does the tasks of one process.
type Worker struct {
	Courier   *Courier
	Traveller *Traveller
	Entrance  *Entrance
	Reactor   *Reactor
	Reader    *Reader
	Watcher   *Watcher
	Stager    *Stager
	Keeper    *Keeper
	Bell      *Bell
	Log       *slog.Logger
}

// Serve registers every kind of task with a server.
func (w *Worker) Serve(s *Server) {
	handle(s, w.Bell, w.Log, taskDeliver, w.Courier.Deliver)
	handle(s, w.Bell, w.Log, taskTravel, w.Traveller.Travel)
	handle(s, w.Bell, w.Log, taskEnter, w.Entrance.Enter)
	handle(s, w.Bell, w.Log, taskWatch, w.Watcher.Compare)
	handle(s, w.Bell, w.Log, taskStage, func(ctx context.Context, _ any) error { return w.Stager.Due(ctx) })
	handle(s, w.Bell, w.Log, taskRecordings, func(ctx context.Context, _ any) error { return w.Keeper.Tend(ctx) })
	handle(s, w.Bell, w.Log, taskReact, func(ctx context.Context, _ any) error { return w.Reactor.React(ctx) })
	handle(s, w.Bell, w.Log, taskRead, func(ctx context.Context, _ any) error { return w.Reader.Read(ctx) })
}
