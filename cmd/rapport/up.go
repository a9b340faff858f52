package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"rapport/campaigns"
	"rapport/campaigns/examples"
	"rapport/config"
	"rapport/console"
	"rapport/sandbox"
	"rapport/workers"
)

// upFlags are what `rapport up` is told beside its folder.
type upFlags struct {
	people   int
	testMode bool
}

func upCommand(o *options) *cobra.Command {
	var f upFlags
	command := &cobra.Command{
		Use:   "up [DIR]",
		Short: "Run everything in one process and one folder, in real time",
		Long: "Run everything in one process and one folder: SQLite, a Redis inside the process and, for channels\n" +
			"without a configured provider, simulated ones. DIR is put in force; without it the workspace that was\n" +
			"applied last stays, and at the very first start the sample shop is used.\n\n" +
			"The console shares the public port while public_url is this machine; otherwise it listens on 127.0.0.1, one port\n" +
			"higher.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return serveAll(cmd, o, args, f)
		},
	}
	command.Flags().IntVar(&f.people, "people", 0, "fill an empty store with this many made-up customers")
	command.Flags().BoolVar(&f.testMode, "test-mode", false, "send messages only to the test_addresses of the configuration")
	return command
}

// serveAll is every role in one process, until it is told to end: then they end in
// the opposite order.
func serveAll(cmd *cobra.Command, o *options, args []string, f upFlags) error {
	ctx, leave := context.WithCancelCause(cmd.Context())
	defer leave(nil)
	c, log, err := f.load(o)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return noPort("listen", c.Listen, err)
	}
	defer listener.Close() // closed by the server already, or the program ends
	apart := consoleApart(c)
	if c.PublicURL == config.Defaults().PublicURL { // nobody named another
		c.PublicURL = doorsAt(listener.Addr())
	}
	e, err := embed(ctx, o, c, now, sandbox.Lifelike(), 1, log)
	if err != nil {
		return err
	}
	defer e.Close()
	i, err := assembleMigrated(ctx, e.backing, now, log)
	if err != nil {
		return err
	}
	if err := whoseRedis(ctx, i.Store, i.Redis, now); err != nil {
		return endsAt(err)
	}
	metrics, traces, err := openTelemetry(ctx, c.Telemetry, cmd.Name())
	if err != nil {
		return err
	}
	defer traces.Close() // what is left of it may be lost
	i.watch(metrics, traces)
	if err := i.prepare(cmd, o, args, f.people, e.Sandbox); err != nil {
		return err
	}
	consoleAt := listenForConsole(listener, apart, log)
	word := uuid.NewString()
	if consoleAt != nil {
		defer consoleAt.Close() // closed by its server already, or the program ends
		if err := i.Store.SignConsole(doorsAt(consoleAt.Addr()), word); err != nil {
			return err
		}
	}
	fmt.Fprintf(cmd.OutOrStdout(), "rapport is up at %s (events: write key %s)\n", c.PublicURL, e.WriteKeys[0])
	if c.TestMode {
		log.Warn(testModeWarning(c))
	}
	endWork, err := i.work(ctx, leave, e.Sandbox)
	if err != nil {
		return err
	}
	defer endWork()
	port := &ops{Health: i.Health, Metrics: metrics.Handler()}
	closePort, err := port.serve(c.Ops.Listen, log)
	if err != nil {
		return err
	}
	defer closePort()
	err = i.serveDoors(ctx, cmd.OutOrStdout(), entrances{public: listener, console: consoleAt, word: word}, port)
	if why := context.Cause(ctx); errors.Is(why, workers.ErrOthersRedis) {
		return why
	}
	return err
}

// load reads the configuration, in test mode where the flag says so.
func (f upFlags) load(o *options) (config.Config, *slog.Logger, error) {
	c, log, err := o.load()
	if err == nil && f.testMode {
		c.TestMode = true
		err = c.Check()
	}
	return c, log, err
}

// work takes mail, sends, schedules and, where customers are simulated, plays them,
// until end is called. It leaves where Redis turns out to be another installation's.
func (i *installation) work(ctx context.Context, leave context.CancelCauseFunc, s *sandbox.Sandbox) (end func(), err error) {
	endMail, err := i.takeMail(ctx)
	if err != nil {
		return nil, err
	}
	server := i.server(workers.ServerOptions{Concurrency: i.Worker.Concurrency, Poll: 20 * time.Millisecond})
	if err := server.Start(); err != nil {
		endMail()
		return nil, err
	}
	endLook := runBeside(ctx, func(ctx context.Context) {
		select {
		case <-ctx.Done():
		case <-server.OthersRedis():
			leave(endsAt(workers.ErrOthersRedis))
		}
	})
	endSchedule := runBeside(ctx, func(ctx context.Context) {
		if err := i.scheduler().Run(ctx); err != nil {
			leave(endsAt(err))
		}
	})
	forgetDrain := context.AfterFunc(ctx, i.Health.Drain)
	endWatch := runBeside(context.WithoutCancel(ctx), func(ctx context.Context) { i.Health.Watch(ctx, i.checks(asWork)) })
	endPlay := func() {}
	if s != nil {
		endPlay = runBeside(ctx, func(ctx context.Context) {
			if err := s.Run(ctx); err != nil && ctx.Err() == nil {
				i.Log.Error("the simulated customers stopped", "error", err)
			}
		})
	}
	return func() {
		endPlay()
		endWatch()
		forgetDrain()
		endSchedule()
		endLook()
		server.Stop()
		endMail()
	}, nil
}

// entrances are where a `rapport up` is reached: its public doors, and its console,
// which is the same or another or nowhere, with the word that the folder's commands show
// there.
type entrances struct {
	public, console net.Listener
	word            string
}

// serveDoors serves the public routes and the console, and says where that is if it
// stands apart.
func (i *installation) serveDoors(ctx context.Context, says io.Writer, at entrances, port *ops) error {
	routes, together := i.publicRoutes(), at.console == at.public
	pages := routes
	if !together {
		pages = http.NewServeMux()
	}
	i.mountConsole(pages)
	port.mountLocal(pages)
	asked := i.Metrics.Routes(i.Traces, ofFolder(at.word, pages))
	if together {
		return serveHTTP(ctx, at.public, asked, 0, i.Log)
	}
	if at.console != nil {
		defer runBeside(ctx, func(ctx context.Context) {
			if err := serveHTTP(ctx, at.console, asked, 0, i.Log); err != nil {
				i.Log.Error("the console is closed", "error", err)
			}
		})()
		fmt.Fprintf(says, "the console is at http://%s, for this machine alone\n", at.console.Addr())
	}
	return serveHTTP(ctx, at.public, i.Metrics.Routes(i.Traces, routes), 0, i.Log)
}

// consoleApart is where the console listens of a `rapport up` whose doors the world
// reaches: at the next port of this machine alone. A proxy before the doors comes
// from this machine too, and brings whoever asks it. "" leaves the console beside
// doors that are this machine's own.
func consoleApart(c config.Config) string {
	public, err := url.Parse(c.PublicURL)
	if err == nil && console.Ours(public.Host) {
		return ""
	}
	_, name, _ := net.SplitHostPort(c.Listen)
	port, err := net.LookupPort("tcp", name)
	if err != nil || port == 0 {
		return "127.0.0.1:0"
	}
	if port++; port > 65535 {
		port -= 2
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// listenForConsole listens where the console is served: with the doors, or at an address of its own.
// Where something else listens there the doors open without it.
func listenForConsole(doors net.Listener, apart string, log *slog.Logger) net.Listener {
	if apart == "" {
		return doors
	}
	listener, err := net.Listen("tcp", apart)
	if err != nil {
		log.Warn("there is no console: free its port, or let listen name another one, which the console's follows; or see `rapport console`", "console", apart, "error", err)
		return nil
	}
	return listener
}

// noPort says why nothing can be served at the address a setting names, and what
// would help.
func noPort(setting, address string, err error) error {
	variable := "RAPPORT_" + strings.ToUpper(strings.ReplaceAll(setting, ".", "_"))
	return fmt.Errorf("listen on %s: %w; free the port, or name another by %s in the configuration or %s", address, err, setting, variable)
}

// doorsAt is how this machine reaches doors that listen at an address.
func doorsAt(address net.Addr) string {
	if tcp, ok := address.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", tcp.Port)
	}
	return "http://" + address.String()
}

// prepare puts a workspace in force and fills an empty store if asked to.
func (i *installation) prepare(cmd *cobra.Command, o *options, args []string, people int, s *sandbox.Sandbox) error {
	ctx := cmd.Context()
	_, err := i.Catalog.Current(ctx)
	first := errors.Is(err, campaigns.ErrNoWorkspace)
	switch {
	case len(args) == 1:
		files, err := readWorkspace(args[0])
		if err != nil {
			return err
		}
		switch _, problems, err := i.Catalog.Apply(ctx, files, i.Now()); {
		case err != nil:
			return err
		case len(problems) > 0:
			return o.refuseToApply(cmd, problems)
		}
	case first:
		files, err := campaigns.ReadFolder(examples.Shop())
		if err != nil {
			return err
		}
		if _, _, err := i.Catalog.Apply(ctx, files, i.Now()); err != nil {
			return err
		}
	case err != nil:
		return err
	}
	if people == 0 || s == nil || !first {
		return nil
	}
	return i.fill(ctx, s, sandbox.NewShop(1, people, i.Now(), 0))
}

// runBeside runs something until stop is called, which waits for its end.
func runBeside(ctx context.Context, run func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { run(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

const (
	// endRequests is how long requests under way may take to end.
	endRequests = 15 * time.Second
	// longestAnswer is how long an answer may take, from the request on: whoever does
	// not read it is hung up on. Pages that take longer ask for more.
	longestAnswer = 2 * time.Minute
)

// serveHTTP serves until ctx ends, then for as long as drain while whoever sends
// requests finds out, and lets those under way finish.
func serveHTTP(ctx context.Context, listener net.Listener, handler http.Handler, drain time.Duration, log *slog.Logger) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: longestAnswer, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(listener) }()
	failed := func(err error) error { return fmt.Errorf("serve on %s: %w", listener.Addr(), err) }
	select {
	case err := <-stopped:
		return failed(err)
	case <-ctx.Done():
	}
	server.SetKeepAlivesEnabled(false) // the next request of each caller goes elsewhere
	noticed := time.NewTimer(drain)
	defer noticed.Stop()
	select {
	case err := <-stopped:
		return failed(err)
	case <-noticed.C:
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), endRequests)
	defer cancel()
	return server.Shutdown(ending)
}
