package workers

import (
	"context"
	"log/slog"
)

// Worker does the tasks of one process.
type Worker struct {
	Witness   *Witness
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
	handle(s, w.Bell, w.Log, taskDeliver, witnessed(w.Witness, w.Courier.Deliver))
	handle(s, w.Bell, w.Log, taskTravel, witnessed(w.Witness, w.Traveller.Travel))
	handle(s, w.Bell, w.Log, taskEnter, witnessed(w.Witness, w.Entrance.Enter))
	handle(s, w.Bell, w.Log, taskWatch, witnessed(w.Witness, w.Watcher.Compare))
	for kind, do := range map[string]func(context.Context) error{
		taskStage: w.Stager.Due, taskRecordings: w.Keeper.Tend, taskReact: w.Reactor.React, taskRead: w.Reader.Read,
	} {
		handle(s, w.Bell, w.Log, kind, witnessed(w.Witness, func(ctx context.Context, _ any) error { return do(ctx) }))
	}
}
