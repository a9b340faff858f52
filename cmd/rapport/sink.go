package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"rapport/sandbox/sink"
)

// sinkAddresses are where a sink's servers listen: the one line it prints.
type sinkAddresses struct {
	SMTP string `json:"smtp"` // host and port
	HTTP string `json:"http"` // a URL
}

// sinkCommand serves what the benchmark sends into. It is a program of its own, so
// that it shares nothing with what is measured but the machine, and ends with its
// standard input, whichever way its parent ends.
func sinkCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "sink",
		Short:  "Take mail and requests as fast as they come, and count them",
		Args:   cobra.NoArgs,
		Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			mail, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			requests, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return errors.Join(err, mail.Close())
			}
			s, ended := sink.New(), make(chan error, 2)
			go func() { ended <- s.ServeSMTP(mail) }()
			go func() { ended <- s.ServeHTTP(requests) }()
			line := sinkAddresses{SMTP: mail.Addr().String(), HTTP: "http://" + requests.Addr().String()}
			if err := json.NewEncoder(cmd.OutOrStdout()).Encode(line); err != nil {
				return err
			}
			_, _ = io.Copy(io.Discard, cmd.InOrStdin()) // until the parent is gone
			return errors.Join(mail.Close(), requests.Close(), <-ended, <-ended)
		},
	}
}

// sinkProcess is a sink that runs beside this process.
type sinkProcess struct {
	sinkAddresses
	end func() error
}

func startSink(ctx context.Context) (*sinkProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "sink")
	cmd.Stderr = os.Stderr
	alive, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	said, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the sink: %w", err)
	}
	p := &sinkProcess{end: func() error { return errors.Join(alive.Close(), cmd.Wait()) }}
	if err := json.NewDecoder(said).Decode(&p.sinkAddresses); err != nil {
		return nil, errors.Join(fmt.Errorf("ask the sink where it listens: %w", err), p.end())
	}
	return p, nil
}

// count is what the sink has taken of a kind.
func (p *sinkProcess) count(ctx context.Context, kind sink.Kind) (sink.Count, error) {
	var counts map[sink.Kind]sink.Count
	err := p.ask(ctx, sink.PathCounts, &counts)
	return counts[kind], err
}

// samples are contents of a kind, as they came.
func (p *sinkProcess) samples(ctx context.Context, kind sink.Kind) ([][]byte, error) {
	var samples [][]byte
	err := p.ask(ctx, sink.PathSamples+string(kind), &samples)
	if err == nil && len(samples) == 0 {
		err = fmt.Errorf("the sink has no sample of a %s", kind)
	}
	return samples, err
}

func (p *sinkProcess) ask(ctx context.Context, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.HTTP+path, http.NoBody)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask the sink: %w", err)
	}
	defer answer.Body.Close() // only read
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		return fmt.Errorf("ask the sink for %s: %w", strings.TrimPrefix(path, "/"), err)
	}
	return nil
}
