package trust_test

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

// row is one fault and what must hold under it.
type row struct {
	id    string
	fault string
	quick int    // messages in the quick form
	full  int    // and in the full one
	of    string // what they are where they are no messages
	// patience is how long the quick form waits for anything; 0 is five minutes.
	patience time.Duration
	play     func(*trial)
}

// rows are all there are. Each stands in a file of its own.
var rows = []row{
	killedWorkers, emptiedRedis, damagedRedis, frozenRedis, crashedPostgres, crashPoints, badAnswers, providerDown, rolledWorkers, twoSchedulers, callbackStorm, changedMinds, killedSQLite,
	crowdedPeople, hostileSet, ledgerModel,
}

// TestRows plays the rows: the quick form several at once, the full one in turn.
func TestRows(t *testing.T) {
	if *form == "" {
		t.Skip("breaks what the program stands on, for minutes: make trust plays the rows")
	}
	for _, r := range rows {
		if !chosen(r.id) {
			continue
		}
		t.Run(r.id, func(t *testing.T) {
			size := r.full
			if *form != "full" {
				size = r.quick
				t.Parallel()
			}
			v := r.try(t, program, size)
			fmt.Println(v)
			for _, promise := range v.broken {
				t.Error(promise)
			}
			if len(v.broken) > 0 {
				t.Log(v.logs)
			}
		})
	}
}

// trial is one playing of a row.
type trial struct {
	*testing.T
	row     row
	seed    uint64
	size    int // messages
	full    bool
	program string
	flags   []string // that a package is built with to be tested
	rig     *rig     // set by whoever makes it, for what its processes said
	figures []string
	broken  []string
	stories string // of deliveries that break a promise
}

// verdict is what a trial showed.
type verdict struct {
	trial *trial
	took  time.Duration
	// broken are the promises that did not hold.
	broken []string
	// logs are what became of some deliveries and the last words of the processes, for
	// whoever looks for the cause.
	logs string
}

// abandoned ends a trial that cannot go on.
type abandoned struct{}

// try plays the row with a program, or packages that are built with some flags, and
// so many messages.
func (r row) try(t *testing.T, program string, size int, flags ...string) (v verdict) {
	t.Helper()
	tr := &trial{T: t, row: r, seed: *seed, size: size, full: *form == "full" && size == r.full, program: program, flags: flags}
	began := time.Now()
	defer func() {
		if cause := recover(); cause != nil {
			if _, expected := cause.(abandoned); !expected {
				t.Fatalf("%v\n%s", cause, debug.Stack())
			}
			tr.tellSoFar()
		}
		v = verdict{trial: tr, took: time.Since(began), broken: tr.broken}
		if tr.rig != nil {
			tr.rig.stopAll()
			v.logs = tr.stories + tr.rig.lastWords()
		}
	}()
	r.play(tr)
	return v
}

// tellSoFar judges what there is of a trial that was abandoned: what was doubled
// by then explains more than that it did not end.
func (t *trial) tellSoFar() {
	if t.rig != nil {
		j := t.rig.judge(0)
		t.show("by then duplicates %d, messages %v", j.doubled, j.ends)
		t.promise(j.doubled == 0, doubledWords, j.doubled)
	}
}

// show adds a figure to the row's line.
func (t *trial) show(format string, args ...any) {
	t.figures = append(t.figures, fmt.Sprintf(format, args...))
}

// promise notes one that is broken unless it holds.
func (t *trial) promise(holds bool, format string, args ...any) {
	if !holds {
		t.broken = append(t.broken, fmt.Sprintf(format, args...))
	}
}

// wait waits for a condition; a trial that waits in vain is over, and red. The
// limit is far beyond what is expected.
func (t *trial) wait(limit time.Duration, what string, holds func() bool) {
	t.Helper()
	if !t.full {
		limit = min(limit, cmp.Or(t.row.patience, 5*time.Minute))
	}
	for deadline := time.Now().Add(limit); !holds(); {
		if t.rig != nil && t.rig.left() {
			t.promise(false, "a process ended by itself")
			panic(abandoned{})
		}
		if time.Now().After(deadline) {
			t.promise(false, "waited %s in vain until %s", limit, what)
			panic(abandoned{})
		}
		time.Sleep(50 * time.Millisecond) // between two looks
	}
}

func (v verdict) String() string {
	result := "kept"
	if len(v.broken) > 0 {
		result = "BROKEN: " + strings.Join(v.broken, "; ")
	}
	return fmt.Sprintf("%-4s %s | seed %d, %d %s, %s | %s, %s",
		v.trial.row.id, v.trial.row.fault, v.trial.seed, v.trial.size, cmp.Or(v.trial.row.of, "messages"), strings.Join(v.trial.figures, ", "), v.took.Round(time.Second), result)
}
