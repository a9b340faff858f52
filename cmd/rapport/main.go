// Command rapport is the whole program: it wires the packages together and
// speaks with the operator, the marketer and the support agent. It decides
// nothing about campaigns, deliveries or customers.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // zones also where the system has none

	"rapport/campaigns"
	"rapport/customers"
)

// version is set by the build.
var version = "dev"

func main() {
	err := rootCommand().ExecuteContext(untilSignalled())
	if err == nil {
		return
	}
	if !errors.Is(err, errReported) {
		fmt.Fprintln(os.Stderr, "rapport:", err.Error()+remedy(err))
	}
	os.Exit(1)
}

// untilSignalled is a context that ends with the first signal to stop. Before anybody
// hears of that one, a second ends the program: whoever signals again does not want to
// wait.
func untilSignalled() context.Context {
	ctx, end := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals)
		end()
	}()
	return ctx
}

// remedy is what to write where an error does not say it, because it is told to people
// at the console too.
func remedy(err error) string {
	var lacks *campaigns.LacksField
	switch {
	case errors.As(err, &lacks):
		return "; give it with --set " + lacks.Field + "=…"
	case errors.Is(err, campaigns.ErrNoWorkspace):
		return "; run `rapport apply DIR` first"
	case errors.Is(err, customers.ErrLostReply):
		return "; another --key gives it again"
	}
	return ""
}

// errReported ends the program with exit code 1 after what is wrong has been
// printed.
var errReported = errors.New("reported")
