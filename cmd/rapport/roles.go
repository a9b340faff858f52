package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rapport/config"
	"rapport/workers"
)

func schedulerCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "scheduler",
		Short: "Plan broadcasts and move what is due into Redis; any number may run, one leads",
		Args:  cobra.NoArgs,
		RunE: o.role(asWork, func(ctx context.Context, i *installation, _ config.Config) error {
			if err := i.scheduler().Run(ctx); err != nil { // started again it waits
				return endsAt(err)
			}
			return nil
		}),
	}
}

func workerCommand(o *options) *cobra.Command {
	var queues []string
	var weights map[string]int
	command := &cobra.Command{
		Use:   "worker",
		Short: "Send messages, walk journeys and read answers; run as many as the load needs",
		Args:  cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) (err error) {
			weights, err = queueWeights(queues)
			return err
		},
		RunE: o.role(asWork, func(ctx context.Context, i *installation, c config.Config) error {
			server := i.server(workers.ServerOptions{Queues: weights, Concurrency: c.Worker.Concurrency})
			if advice := c.Worker.Advice(); advice != "" {
				i.Log.Warn(advice)
			}
			if err := server.Start(); err != nil {
				return err
			}
			defer server.Stop()
			select {
			case <-ctx.Done():
				return nil
			case <-server.OthersRedis(): // started again it waits
				return endsAt(workers.ErrOthersRedis)
			}
		}),
	}
	command.Flags().StringSliceVar(&queues, "queues", nil, "queues to serve, as name or name=weight; without it, all")
	return command
}

// queueWeights reads email=3,sms,journey=8.
func queueWeights(queues []string) (map[string]int, error) {
	if len(queues) == 0 {
		return nil, nil
	}
	known, weights := workers.DefaultQueues(), map[string]int{}
	for _, text := range queues {
		name, number, weighed := strings.Cut(text, "=")
		weight, exists := known[name]
		if !exists {
			return nil, fmt.Errorf("--queues: there is no queue %q; there are call, email, journey, push, sms, webhook", name)
		}
		if weighed {
			var err error
			if weight, err = strconv.Atoi(number); err != nil || weight < 1 {
				return nil, fmt.Errorf("--queues: the weight in %q is a whole number from 1", text)
			}
		}
		weights[name] = weight
	}
	return weights, nil
}

func webCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "web",
		Short: "Serve what the public reaches: callbacks, events, links and incoming mail",
		Args:  cobra.NoArgs,
		RunE: o.role(asHint, func(ctx context.Context, i *installation, c config.Config) error {
			listener, err := net.Listen("tcp", c.Listen)
			if err != nil {
				return noPort("listen", c.Listen, err)
			}
			stop, err := i.takeMail(ctx)
			if err != nil {
				return err
			}
			defer stop()
			return serveHTTP(ctx, listener, i.Metrics.Routes(i.Traces, i.publicRoutes()), drainOf(c), i.Log)
		}),
	}
}

// drainOf is how long a role goes on serving after it was told to stop: not at all
// where nobody sees that it is not ready.
func drainOf(c config.Config) time.Duration {
	if c.Ops.Listen == "" {
		return 0
	}
	return c.Ops.Drain
}

// role runs one part of a production installation until it is told to end. A
// server that is away makes it wait and say so, one that is unfit makes it end.
func (o *options) role(redis use, run func(context.Context, *installation, config.Config) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		c, log, err := o.load()
		if err != nil {
			return err
		}
		b, err := production(c, now)
		if err != nil {
			return err
		}
		defer b.Close()
		state := newHealth(now, log)
		defer context.AfterFunc(ctx, state.Drain)()
		metrics, traces, err := openTelemetry(ctx, c.Telemetry, cmd.Name())
		if err != nil {
			return err
		}
		defer traces.Close() // what is left of it may be lost
		port := ops{Health: state, Metrics: metrics.Handler()}
		stop, err := port.serve(c.Ops.Listen, log)
		if err != nil {
			return err
		}
		defer stop()
		i, err := state.await(ctx, b, redis, metrics, log)
		if err != nil || i == nil {
			return err
		}
		i.Health = state
		i.watch(metrics, traces)
		log.Info("started", "role", cmd.Name())
		if c.TestMode {
			log.Warn(testModeWarning(c))
		}
		watching := context.WithoutCancel(ctx) // what leaves in peace wants to be seen
		defer runBeside(watching, func(ctx context.Context) { state.Watch(ctx, i.checks(redis)) })()
		return run(ctx, i, c)
	}
}
