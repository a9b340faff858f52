package workers

import (
	"context"
	"log/slog"
)

// Worker does the tasks of one process.
type Worker struct {
	Witness  *Witness
	Courier  *Courier
	Walker   *Walker
	Entrance *Entrance
	Reactor  *Reactor
	Reader   *Reader
	Watcher  *Watcher
	Stager   *Stager
	Keeper   *Keeper
	Bell     *Bell
	Log      *slog.Logger
}

// Serve registers every kind of task with a server.
func (w *Worker) Serve(s *Server) {
	s.witness = w.Witness
	handle(s, w.Bell, w.Log, taskDeliver, witnessed(w.Witness, moving(w.Courier.Deliver)))
	handle(s, w.Bell, w.Log, taskTravel, witnessed(w.Witness, moving(w.Walker.Walk)))
	handle(s, w.Bell, w.Log, taskEnter, witnessed(w.Witness, moving(w.Entrance.Enter)))
	handle(s, w.Bell, w.Log, taskWatch, witnessed(w.Witness, moving(w.Watcher.Compare)))
	for kind, do := range map[string]func(context.Context) error{taskStage: w.Stager.Due, taskRecordings: w.Keeper.Tend} {
		handle(s, w.Bell, w.Log, kind, witnessed(w.Witness, moving(func(ctx context.Context, _ any) error { return do(ctx) })))
	}
	for kind, do := range map[string]func(context.Context) (bool, error){taskReact: w.Reactor.reactAll, taskRead: w.Reader.readAll} {
		handle(s, w.Bell, w.Log, kind, witnessed(w.Witness, func(ctx context.Context, _ any) (bool, error) { return do(ctx) }))
	}
}

// LeaveOn lets whoever has more than one thing left to do leave the rest once stopping is
// closed.
func (w *Worker) LeaveOn(stopping <-chan struct{}) {
	w.Courier.Stopping, w.Reader.Stopping, w.Reactor.Stopping = stopping, stopping, stopping
}

// isClosed reports whether a channel is closed. Nil never is.
func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// moving does a task that moves something on wherever it does not fail.
func moving[P any](do func(context.Context, P) error) func(context.Context, P) (moved bool, err error) {
	return func(ctx context.Context, payload P) (bool, error) { return true, do(ctx, payload) }
}
