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
)

// version is set by the build.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // whoever signals a second time does not want to wait
	err := rootCommand().ExecuteContext(ctx)
	stop()
	if err == nil {
		return
	}
	if !errors.Is(err, errReported) {
		fmt.Fprintln(os.Stderr, "rapport:", err)
	}
	os.Exit(1)
}

// errReported ends the program with exit code 1 after what is wrong has been
// printed.
var errReported = errors.New("reported")
