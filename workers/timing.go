package workers

import (
	"cmp"
	"time"
)

// How long things may take. Each ends within the next, so that whoever ends late still
// holds what it writes: provider call < deliver task < lease.
const (
	// usualCall is how long a provider may take to answer.
	usualCall = 10 * time.Second
	// controlTimeout ends a task that moves entries or reads callbacks.
	controlTimeout = 50 * time.Second
	// entryLease is how long an entry or a callback is kept for its task, where a
	// delivery is not kept for less.
	entryLease = time.Minute
	// UsualLease is how long a row is kept for the task that has it. It outlives a
	// window of sends and its settlement, so that a lease is over only if the
	// process that held it is.
	UsualLease = 90 * time.Second

	// patience is how long one task waits for the rate limit in all. What would
	// take longer waits in the ledger, where it keeps no worker busy.
	patience = 2 * time.Second
	// freshFor is how long a batch is judged by what was read at its beginning.
	// After that the next window is read anew: somebody may have said stop.
	freshFor = time.Second
)

func callOr(call time.Duration) time.Duration {
	if call == 0 {
		return usualCall
	}
	return call
}

// turnWithin is how long a message may wait for its turn after it was judged: somebody
// may say stop meanwhile.
func turnWithin(call time.Duration) time.Duration { return callOr(call) / 2 }

// deliverTimeout ends a task early enough for its last window to be sent and
// settled within the lease.
func deliverTimeout(lease, call time.Duration) time.Duration {
	return max(leaseOr(lease)-2*callOr(call), time.Second)
}

func leaseOr(lease time.Duration) time.Duration {
	if lease == 0 {
		return UsualLease
	}
	return lease
}

// controlLease is how long an entry or a callback is kept for the task that has
// it: no longer than a delivery, so that one setting says how soon what a dead
// worker held is taken up again.
func controlLease(lease time.Duration) time.Duration { return min(entryLease, leaseOr(lease)) }

// controlTimeoutIn ends a task that moves entries or reads callbacks within its
// lease.
func controlTimeoutIn(lease time.Duration) time.Duration {
	return min(controlTimeout, controlLease(lease)*5/6)
}

// judgedTimeout ends a task in which the database judges a marketer's condition,
// which may take so long; 0 is a minute.
func judgedTimeout(condition time.Duration) time.Duration {
	return max(controlTimeout, conditionOr(condition)+10*time.Second)
}

func conditionOr(condition time.Duration) time.Duration { return cmp.Or(condition, time.Minute) }
