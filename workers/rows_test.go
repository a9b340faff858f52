package workers_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/workers"
)

// journeys count how many are read at once.
type journeys struct {
	campaigns.Entries

	mu      sync.Mutex
	largest int
	read    func() // at each read; nil does nothing
}

func (j *journeys) Travellers(ctx context.Context, ids []int64, now time.Time) ([]campaigns.Traveller, error) {
	if j.read != nil {
		j.read()
	}
	j.mu.Lock()
	j.largest = max(j.largest, len(ids))
	j.mu.Unlock()
	return j.Entries.Travellers(ctx, ids, now)
}

func TestABatchIsReadInPartsOfAWindow(t *testing.T) {
	s := open(t, files)
	s.courier.Window = 100
	seen := &journeys{Entries: s.store}
	s.courier.Entries = seen
	s.textEach("Texted", 230)
	s.deliver()
	if seen.largest != 100 {
		t.Errorf("%d were read at once", seen.largest)
	}
	if sent := counted(s.ledger())["sent"]; sent != 230 {
		t.Errorf("%d of 230 were sent", sent)
	}
}

// held holds the first read of a courier's up until it is let go on.
func (s *shop) held() (began <-chan struct{}, goOn func()) {
	reading, free := make(chan struct{}), make(chan struct{})
	var reads atomic.Int32
	s.courier.Entries = &journeys{Entries: s.store, read: func() {
		if reads.Add(1) == 1 {
			close(reading)
			<-free
		}
	}}
	return reading, sync.OnceFunc(func() { close(free) })
}

func (s *shop) delivering(ids []int64) <-chan error {
	done := make(chan error, 1)
	go func() { done <- s.courier.Deliver(s.ctx(), ids) }()
	return done
}

// What waits for room reads nothing and sends nothing; a message of its own does not
// wait.
func TestTasksShareTheirRoom(t *testing.T) {
	s := open(t, files)
	s.textEach("Texted", 60)
	many := s.due()
	s.plan("ann", "Texted")
	one := s.due()
	s.courier.Rows = workers.NewRowBudget(30)
	s.walker.Rows = s.courier.Rows
	began, goOn := s.held()
	defer goOn()
	first := s.delivering(many[:30])
	<-began
	for what, do := range map[string]func(context.Context, []int64) error{"a batch": s.courier.Deliver, "entries": s.walker.Walk} {
		soon, cancel := context.WithTimeout(s.ctx(), 50*time.Millisecond)
		if err := do(soon, many[30:]); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s had room: %v", what, err)
		}
		cancel()
	}
	ok(t, <-s.delivering(one))
	if sent := counted(s.ledger())["sent"]; sent != 1 {
		t.Errorf("%d were sent while there was no room", sent)
	}
	goOn()
	ok(t, <-first)
	ok(t, s.courier.Deliver(s.ctx(), many[30:]))
	if sent := counted(s.ledger())["sent"]; sent != 61 {
		t.Errorf("%d of 61 were sent", sent)
	}
}

// A task that waits for room when the worker is to leave gives its batch back at
// once, while what is under way is finished.
func TestWhoWaitsForRoomLeavesWithTheWorker(t *testing.T) {
	s := open(t, files)
	s.textEach("Texted", 60)
	many, stopping := s.due(), make(chan struct{})
	s.courier.Rows, s.courier.Stopping = workers.NewRowBudget(30), stopping
	began, goOn := s.held()
	defer goOn()
	first := s.delivering(many[:30])
	<-began
	second := s.delivering(many[30:])
	close(stopping)
	ok(t, <-second)
	if planned := counted(s.ledger())["planned"]; planned != 30 {
		t.Errorf("%d of 30 went back", planned)
	}
	goOn()
	ok(t, <-first)
	if planned := counted(s.ledger())["planned"]; planned != 60 {
		t.Errorf("%d are left for others of 60", planned)
	}
}
