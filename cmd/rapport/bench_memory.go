package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"rapport/sandbox/sink"
	"rapport/store"
)

// mostMemory is what a worker may have at any audience size, in MiB.
const mostMemory = 64

// part is a role of the installation that runs as a program of its own.
type part struct {
	cmd *exec.Cmd
}

// start runs a role beside this process, which sends letters into the sink.
func (b *bench) start(ctx context.Context, role string) (*part, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	settings := filepath.Join(b.folder, "roles.yaml")
	text := fmt.Sprintf("store: %s\nredis: %s\npublic_url: %s\nlink_keys: [%s]\nlog: {level: error}\nproviders:\n  email:\n    sendgrid: {api_key: SG.bench, base_url: \"%s\", webhook_public_keys: [%s]}\n",
		b.c.Store.Reveal(), b.c.Redis.URL.Reveal(), b.Addresses.Base, b.keys.Links, b.sink.HTTP, b.sandbox.SendGridPublicKey())
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, role, "--config", settings)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a %s: %w", role, err)
	}
	return &part{cmd}, nil
}

// stop ends a role as an operator does.
func (p *part) stop() error {
	return errors.Join(p.cmd.Process.Signal(os.Interrupt), p.cmd.Wait())
}

// memory looks at a worker of its own process while it sends to audiences of
// several sizes and reads what came back: it needs the same for all of them. It
// tells what the work costs beside.
func (b *bench) memory(ctx context.Context) ([]figure, error) {
	if !b.onPostgres() {
		return nil, nil // one process does everything
	}
	var figures []figure
	for n, audience := range b.sizes.Audiences {
		if err := b.populate(ctx, audience); err != nil {
			return figures, err
		}
		of, err := b.apart(ctx, fmt.Sprintf("memory-%d", n), audience)
		figures = append(figures, of...)
		if err != nil {
			return figures, err
		}
	}
	return figures, nil
}

// apart sends a campaign by a worker and a scheduler that are processes of their
// own.
func (b *bench) apart(ctx context.Context, campaign string, audience int) (figures []figure, err error) {
	worker, err := b.start(ctx, "worker")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, worker.stop()) }()
	scheduler, err := b.start(ctx, "scheduler")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, scheduler.stop()) }()
	spent, err := b.spent(ctx, worker, scheduler)
	if err != nil {
		return nil, err
	}
	before, err := b.sink.count(ctx, sink.Letter)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := b.occur(ctx, campaign); err != nil {
		return nil, err
	}
	b.Bell.Ring(ctx)
	if err := b.settled(ctx, sink.Letter, before.Messages+int64(audience)); err != nil {
		return nil, err
	}
	if err := b.drain(ctx); err != nil {
		return nil, err
	}
	took := time.Since(began)
	after, err := b.spent(ctx, worker, scheduler)
	if err != nil {
		return nil, err
	}
	used, err := residentPeak(worker.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	whole := measured(fmt.Sprintf("a worker apart, %d letters by SendGrid, audience → journeys ended", audience), audience, took)
	return append([]figure{
		whole,
		{Work: fmt.Sprintf("memory of that worker at an audience of %d", audience), N: audience, Seconds: took.Seconds(), Memory: used, Target: &target{Memory: mostMemory}},
	}, costs(spent, after, audience)...), nil
}

// expense is what has been spent so far.
type expense struct {
	worker, scheduler, redis, postgres float64 // seconds of processor
	commands                           int64   // of Redis
	database                           store.Expense
}

func (b *bench) spent(ctx context.Context, worker, scheduler *part) (e expense, err error) {
	if e.worker, err = processorSeconds(worker.cmd.Process.Pid); err != nil {
		return e, err
	}
	if e.scheduler, err = processorSeconds(scheduler.cmd.Process.Pid); err != nil {
		return e, err
	}
	if e.database, err = b.Store.Spent(ctx); err != nil {
		return e, err
	}
	e.postgres = familySeconds(e.database.Process)
	said, err := b.Redis.Info(ctx, "everything").Result()
	if err != nil {
		return e, fmt.Errorf("ask Redis what it did: %w", err)
	}
	e.redis = infoNumber(said, "used_cpu_sys") + infoNumber(said, "used_cpu_user")
	e.commands = int64(infoNumber(said, "total_commands_processed"))
	return e, nil
}

// costs is what a million messages cost, by what one run did.
func costs(before, after expense, messages int) []figure {
	perMillion := func(what string, amount float64) figure {
		return figure{Work: "cost of letters: " + what, N: messages, Million: amount * 1e6 / float64(messages)}
	}
	d, was := after.database, before.database
	return []figure{
		perMillion("worker, processor seconds", after.worker-before.worker),
		perMillion("scheduler, processor seconds", after.scheduler-before.scheduler),
		perMillion("PostgreSQL, processor seconds", after.postgres-before.postgres),
		perMillion("Redis, processor seconds", after.redis-before.redis),
		perMillion("Redis, commands", float64(after.commands-before.commands)),
		perMillion("PostgreSQL, transactions", float64(d.Transactions-was.Transactions)),
		perMillion("PostgreSQL, rows inserted", float64(d.Inserted-was.Inserted)),
		perMillion("PostgreSQL, rows updated", float64(d.Updated-was.Updated)),
		perMillion("PostgreSQL, MiB of WAL", float64(d.WAL-was.WAL)/(1<<20)),
		perMillion("PostgreSQL, MiB of tables and indexes", float64(d.Size-was.Size)/(1<<20)),
	}
}
