package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rapport/campaigns"
	"rapport/store"
	"rapport/workers"
)

// skewAllowed is how far this machine's clock may be from the servers'. Leases,
// contact hours and signatures are judged by it.
const skewAllowed = 5 * time.Second

const (
	reachStore = "see that the database runs and takes connections from here"
	writeStore = "name the primary, not a standby: with several hosts and target_session_attrs=read-write in `store` it is found"
	roomStore  = "make room on the disk of the database server, or of the data folder; nothing is to be restarted"
	reachRedis = "see that Redis runs and takes connections from here"
)

// use is what Redis is to a role.
type use int

const (
	asWork use = iota // tasks go through it
	asHint            // what is taken in is safe in SQL, and a ring only wakes others sooner
)

// checks are what the work of this installation needs. Where Redis is only a hint
// and is away, that is told and holds nothing up: the doors stay open without it.
// One that is there and unfit holds every role up. The database is asked by a
// connection of the looks' own: work that holds all others says nothing of it.
func (i *installation) checks(redis use) []check {
	return []check{
		{name: "store", ask: i.askStore},
		{name: "schema", ask: i.askSchema},
		{name: "redis", ask: func(ctx context.Context) finding { return i.askRedis(ctx, redis) }},
		{name: "clock", ask: i.askClocks},
		{name: "ledger", ask: i.askLedger, told: redis == asHint},
		{name: "workspace", ask: func(ctx context.Context) finding { return i.askWorkspace(ctx, redis) }},
	}
}

// askStore looks whether the database answers and can be written, and has room for it:
// all work ends in a write.
func (i *installation) askStore(ctx context.Context) finding {
	_, err := i.Store.Aside().Clock(ctx)
	if err == nil {
		err = i.Store.Aside().Writable(ctx)
	}
	i.Metrics.Reached("database", err == nil)
	if err != nil {
		return storeAway(err)
	}
	return finding{OK: true}
}

// storeAway is what is wrong where the database does not serve.
func storeAway(err error) finding {
	switch {
	case errors.Is(err, store.ErrReadOnly):
		return away(err, writeStore)
	case errors.Is(err, store.ErrNoRoom):
		return away(err, roomStore)
	}
	return away(err, reachStore)
}

func (i *installation) askSchema(ctx context.Context) finding {
	schema, err := i.Store.Aside().Schema(ctx)
	if err != nil {
		return away(err, reachStore)
	}
	return fit(schema)
}

// fit is whether this program can work on a schema.
func fit(schema store.Schema) finding {
	switch {
	case len(schema.Pending) > 0:
		return pending(schema)
	case len(schema.Foreign) > 0:
		return finding{OK: true, Note: newerProgram(schema)}
	}
	return finding{OK: true}
}

func pending(schema store.Schema) finding {
	return finding{Problem: lacking(schema), Mend: "run `rapport migrate`"}
}

func lacking(schema store.Schema) string {
	return fmt.Sprintf("the database lacks the migrations %d", schema.Pending)
}

func newerProgram(schema store.Schema) string {
	return fmt.Sprintf("a newer program has migrated the database (%d); replace this one soon", schema.Foreign)
}

func (i *installation) askRedis(ctx context.Context, as use) finding {
	ended := i.Metrics.Redis("ping")
	err := i.Redis.Ping(ctx).Err()
	ended(err)
	i.Metrics.Reached("redis", err == nil)
	mend := "restart the process"
	if !i.RedisInside { // which has neither version nor policy
		err, mend = workers.CheckRedis(ctx, i.Redis), reachRedis
	}
	var unfit *workers.UnfitRedis
	switch {
	case errors.As(err, &unfit):
		return finding{Problem: unfit.Reason, Mend: "put the server right; nothing is to be restarted here"}
	case err != nil:
		f := away(err, mend)
		f.Told = as == asHint
		return f
	}
	return finding{OK: true}
}

// askLedger looks whether the ledger is as new as what was seen of it.
func (i *installation) askLedger(ctx context.Context) finding {
	witness := i.witness()
	witness.Ledger = i.Store.Aside()
	err := witness.Check(ctx)
	var older *workers.OlderLedger
	switch {
	case errors.As(err, &older):
		return finding{Problem: older.Error(), Mend: "stop every process and run `rapport restored --backup-of TIME`; see docs/operations/restore.md"}
	case errors.Is(err, workers.ErrOthersRedis):
		return othersRedis(err)
	case errors.Is(err, workers.ErrNotResumed):
		return finding{Problem: err.Error(), Mend: "start a scheduler"}
	case errors.Is(err, workers.ErrRedisAway):
		return away(err, reachRedis)
	case err != nil:
		return away(err, reachStore)
	}
	return finding{OK: true}
}

// othersRedis is what is wrong where another installation's tasks are in Redis.
func othersRedis(err error) finding {
	return finding{Problem: err.Error(), Mend: "name a Redis, or a database number of it, that nobody else has; see docs/operations/redis.md"}
}

// endsAt is the error of a process that ends where Redis is another installation's, with
// the mend.
func endsAt(err error) error { return fmt.Errorf("%w; %s", err, othersRedis(err).Mend) }

// noWorkspace is what nothing begins without, although everything is fit to.
const noWorkspace = "no workspace has been applied yet; `rapport apply` does it"

// askWorkspace looks whether the workspace in force can be read; before the first
// one there is nothing to read. Doors that were open stay open: what comes in is
// kept until the workspace can be read again. New ones wait. Work that leaves no time
// for reading it is no answer.
func (i *installation) askWorkspace(ctx context.Context, redis use) finding {
	_, err := i.Catalog.Current(ctx)
	switch {
	case err == nil:
		i.hadWorkspace.Store(true)
		return finding{OK: true}
	case errors.Is(err, campaigns.ErrNoWorkspace):
		i.hadWorkspace.Store(true)
		return finding{OK: true, Note: noWorkspace}
	}
	if _, unreached := i.Store.Aside().Clock(ctx); unreached != nil {
		return finding{OK: true} // which is another check's to tell
	}
	f := finding{Problem: err.Error(), Mend: "run `rapport validate` with this program, put right what it names and apply it"}
	f.Told = redis == asHint && i.hadWorkspace.Load()
	return f
}

// askClocks compares this machine's clock with the servers'. One that does not
// answer is another check's to tell.
func (i *installation) askClocks(ctx context.Context) finding {
	for _, server := range []struct {
		name, metric string
		clock        func(context.Context) (time.Time, error)
	}{
		{"the database", "database", i.Store.Aside().Clock},
		{"Redis", "redis", func(ctx context.Context) (time.Time, error) { return i.Redis.Time(ctx).Result() }},
	} {
		before := i.Now()
		there, err := server.clock(ctx)
		if err != nil {
			continue
		}
		// The server read its clock at some instant between asking and answer.
		after := i.Now()
		i.Metrics.Skewed(server.metric, max(there.Sub(after), 0)-max(before.Sub(there), 0))
		if skew := max(before.Sub(there), there.Sub(after)); skew > skewAllowed {
			return finding{
				Problem: fmt.Sprintf("the clocks of this machine and of %s are %s apart, more than %s", server.name, skew.Round(100*time.Millisecond), skewAllowed),
				Mend:    "let both be set by NTP",
			}
		}
	}
	return finding{OK: true}
}

func away(err error, mend string) finding { return finding{Problem: err.Error(), Mend: mend} }
