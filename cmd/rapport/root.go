package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rapport/config"
	"rapport/telemetry"
	"rapport/workers"
)

// options are the flags every command has.
type options struct {
	data   string
	config string
	format string

	dataGiven bool // --data was written out
}

func rootCommand() *cobra.Command {
	o := &options{}
	root := &cobra.Command{
		Use:           "rapport",
		Short:         "Write to, text, call and listen to your customers, from campaigns in files",
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			o.dataGiven = cmd.Flags().Changed("data")
			if o.format == "text" {
				cmd.SetOut(screen{cmd.OutOrStdout()})
			}
			return o.checkFormat(cmd.Name())
		},
	}
	flags := root.PersistentFlags()
	flags.StringVar(&o.data, "data", "./rapport-data", "`folder` of the embedded installation")
	flags.StringVar(&o.config, "config", "", "the operator's `file`; without one, everything is embedded")
	flags.StringVar(&o.format, "format", "text", "how results are printed: text or json; validate, test, diff and apply also know github")
	root.AddGroup(
		&cobra.Group{ID: "marketer", Title: "For marketers:"},
		&cobra.Group{ID: "agent", Title: "For support:"},
		&cobra.Group{ID: "operator", Title: "For operators:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, command := range commands {
			command.GroupID = group
			root.AddCommand(command)
		}
	}
	add("marketer", diffCommand(o), previewCommand(o))
	add("marketer", demoCommand(o), validateCommand(o), testCommand(o), planCommand(o), applyCommand(o), versionsCommand(o), statusCommand(o),
		schemaCommand())
	add("marketer", simulateCommand(o), pauseCommand(o), resumeCommand(o))
	add("agent", customerCommand(o), explainCommand(o), followUpCommand(o), casesCommand(o), replyCommand(o), takeCommand(o), closeCommand(o),
		reopenCommand(o), exportCommand(o), eraseCommand(o))
	add("operator", channelsCommand(o), doubtsCommand(o), doctorCommand(o), dkimCommand(o), vapidCommand(o))
	add("operator", upCommand(o), importCommand(o), migrateCommand(o), restoredCommand(o), schedulerCommand(o), workerCommand(o), webCommand(o), consoleCommand(o),
		accountCommand(o), auditCommand(o), probeCommand(o), sandboxCommand(o), benchCommand(o), sinkCommand())
	for _, command := range root.Commands() {
		tellUse(command)
	}
	return root
}

// checkFormat refuses a format that a command does not print in. What checks a
// folder before it acts tells its mistakes as GitHub's annotations too.
func (o *options) checkFormat(command string) error {
	annotates := slices.Contains([]string{"validate", "test", "diff", "apply"}, command)
	switch {
	case o.format == "text", o.format == "json", o.format == "github" && annotates:
		return nil
	case annotates:
		return fmt.Errorf("--format is text, json or github, not %q", o.format)
	}
	return fmt.Errorf("--format of %s is text or json, not %q", command, o.format)
}

// tellUse lets a command that is given too little or too much say how it is
// written.
func tellUse(command *cobra.Command) {
	if check := command.Args; check != nil {
		command.Args = func(cmd *cobra.Command, args []string) error {
			if check(cmd, args) == nil {
				return nil
			}
			_, operands, _ := strings.Cut(cmd.Use, " ")
			return fmt.Errorf("write `%s`; `%s --help` tells more", strings.TrimSpace(cmd.CommandPath()+" "+operands), cmd.CommandPath())
		}
	}
	for _, below := range command.Commands() {
		tellUse(below)
	}
}

// load reads the configuration and prepares the log.
func (o *options) load() (config.Config, *slog.Logger, error) {
	c, err := config.Load(o.config, os.Environ())
	if err != nil {
		return c, nil, err
	}
	log := newLog(os.Stderr, c.Log)
	workers.LogRedis(log)
	return c, log, nil
}

// nameOne says how a database is named. Who gave a configuration keeps it: the erasure
// keys of a folder's program may be there.
func (o *options) nameOne() string {
	if o.config != "" {
		return "add --data DIR, the folder of the `rapport up` that runs with this configuration, or name a store in it or by RAPPORT_STORE"
	}
	return "give --config FILE (or RAPPORT_STORE) with a store, or --data DIR for the folder of a `rapport up`, with its --config FILE where it has one"
}

// named refuses the folder that nobody named where a configuration that names no store
// shows that another database is meant.
func (o *options) named(c config.Config) error {
	_, variable := os.LookupEnv("RAPPORT_STORE")
	if o.config != "" || variable {
		return o.namedExpressly(c)
	}
	return nil
}

// namedExpressly refuses the folder that nobody named.
func (o *options) namedExpressly(c config.Config) error {
	if c.Store == "" && !o.dataGiven {
		return errors.New("no database is named; " + o.nameOne())
	}
	return nil
}

// dsn is the store the configuration names, or the embedded one.
func (o *options) dsn(c config.Config) string {
	if c.Store != "" {
		return c.Store.Reveal()
	}
	return "sqlite:" + filepath.Join(o.data, "rapport.db")
}

func newLog(w io.Writer, c config.Log) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // config.Check knows the words
	handler := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(telemetry.WithTraces(slog.NewJSONHandler(w, handler)))
	}
	return slog.New(telemetry.WithTraces(slog.NewTextHandler(w, handler)))
}

// now is the real clock, in UTC.
func now() time.Time { return time.Now().UTC() }
