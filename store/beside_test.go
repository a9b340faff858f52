package store

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store/storetest/fresh"
)

// beforeTurns is the schema before the migrations that take locks first.
const beforeTurns = 27

// Who reads one table and then another may hold what a migration waits for and wait
// for what it holds. The server ends one of the two, and both go on.
func TestAMigrationThatLostIsTriedAgain(t *testing.T) {
	dsn := fresh.Postgres(t)
	role := openAt(t, dsn, beforeTurns)
	migrator := opened(t, dsn)
	migrated := make(chan error, 1)
	reads := 0
	err := role.read(t.Context(), func(tx *tx) error {
		if _, _, err := first(t.Context(), tx, column[int64], "SELECT count(*) FROM inbox"); err != nil {
			return err
		}
		if reads++; reads == 1 {
			go func() { migrated <- migrator.Migrate(t.Context()) }()
			for waits := false; !waits; {
				if err := role.writer.QueryRowContext(t.Context(), "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'inbox'::regclass AND NOT granted").Scan(&waits); err != nil {
					return err
				}
			}
		}
		_, _, err := first(t.Context(), tx, column[int64], "SELECT count(*) FROM deliveries")
		return err
	})
	if err != nil {
		t.Errorf("the role: %v", err)
	}
	if err := <-migrated; err != nil {
		t.Errorf("the migration: %v", err)
	}
}

// Roles work on while the schema is brought up to date below them: nothing fails,
// and every message that is planned meanwhile is sent once.
func TestRolesWorkBesideAMigration(t *testing.T) {
	dsn := fresh.Postgres(t)
	old := openAt(t, dsn, beforeTurns)
	// What statements of this program name, and those of the old one did not.
	for _, column := range []string{"deliveries ADD COLUMN did BIGINT NOT NULL DEFAULT 0", "campaign_versions ADD COLUMN holdout DOUBLE PRECISION"} {
		if _, err := old.writer.ExecContext(t.Context(), "ALTER TABLE "+column); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	work, ctx := errgroup.WithContext(ctx)
	var over atomic.Bool
	shop := &busyShop{t: t, now: time.Now().UTC().Truncate(time.Millisecond)}
	rounds := map[string]*atomic.Int64{}
	for name, role := range map[string]func(context.Context, *Store) error{
		"scheduler": shop.plan, "worker": shop.send, "another worker": shop.send, "web": shop.takeIn, "reader": shop.read, "console": shop.look,
	} {
		s, did := opened(t, dsn), &atomic.Int64{}
		rounds[name] = did
		work.Go(func() error {
			for !over.Load() {
				if err := role(ctx, s); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				did.Add(1)
			}
			return nil
		})
	}
	goOn := func() { // until everybody has done something more, or somebody failed
		for _, did := range rounds {
			for done := did.Load(); did.Load() < done+3 && ctx.Err() == nil; {
				_ = wait(ctx, time.Millisecond) // between two looks
			}
		}
	}
	goOn()
	if err := opened(t, dsn).Migrate(ctx); err != nil {
		t.Errorf("migrate: %v", err)
	}
	goOn()
	over.Store(true)
	if err := work.Wait(); err != nil {
		t.Fatal(err)
	}
	shop.drain(old)
}

// opened opens a store as a role does, whatever its schema.
func opened(t *testing.T, dsn string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// busyShop is what roles do, each in rounds.
type busyShop struct {
	t      *testing.T
	now    time.Time
	people int64 // of the scheduler alone
	asked  atomic.Int64
}

// plan lets people enter, plans a text for whoever has, and ends the journeys of
// those who got theirs.
func (b *busyShop) plan(ctx context.Context, s *Store) error {
	var enter []campaigns.Entry
	var people []customers.Customer
	for range 10 {
		b.people++
		people = append(people, customers.Customer{ID: fmt.Sprint("c-", b.people)})
		enter = append(enter, campaigns.Entry{Campaign: "news", Version: 1, Customer: fmt.Sprint("c-", b.people), Trigger: fmt.Sprint("event:", b.people), EnteredAt: b.now})
	}
	if _, err := s.PutCustomers(ctx, b.now, people); err != nil {
		return err
	}
	if _, err := s.Enter(ctx, enter, campaigns.Again{Mode: "never"}); err != nil {
		return err
	}
	if err := b.travel(ctx, s); err != nil {
		return err
	}
	_, _, err := s.Reclaim(ctx, b.now)
	return err
}

func (b *busyShop) travel(ctx context.Context, s *Store) error {
	awake, err := s.Awake(ctx, b.now, time.Hour, 100)
	if err != nil {
		return err
	}
	travellers, err := s.Travellers(ctx, awake, b.now)
	if err != nil {
		return err
	}
	var moves []campaigns.Move
	for _, tr := range travellers {
		move := campaigns.Move{Entry: tr.Entry}
		move.Entry.WakeAt = time.Time{}
		if len(tr.Deliveries) == 0 {
			move.Plan = []deliveries.Delivery{{Step: "0", Channel: channels.SMS, Topic: "service", PlannedAt: b.now, DueAt: b.now, ExpiresAt: b.now.Add(time.Hour)}}
			move.Entry.Position = "0"
		} else {
			move.Entry.State, move.Entry.EndedAt = campaigns.Finished, b.now
		}
		moves = append(moves, move)
	}
	return s.Apply(ctx, b.now, moves)
}

// send takes what is due through the ledger.
func (b *busyShop) send(ctx context.Context, s *Store) error {
	batches, err := s.Due(ctx, b.now, time.Hour, deliveries.QuotaFor(20), 10)
	if err != nil {
		return err
	}
	for _, batch := range batches {
		fence, claimed, err := s.Claim(ctx, batch.IDs, b.now, time.Hour)
		if err != nil {
			return err
		}
		var candidates []deliveries.Candidate
		for _, d := range claimed {
			candidates = append(candidates, deliveries.Candidate{Delivery: d})
		}
		verdicts, err := s.Begin(ctx, fence, b.now, b.now.Add(-time.Hour), candidates, func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict {
			return deliveries.Verdict{Go: true}
		})
		if err != nil {
			return err
		}
		var outcomes []deliveries.Outcome
		for n, v := range verdicts {
			if v.Go {
				outcomes = append(outcomes, deliveries.Outcome{ID: claimed[n].ID, Status: deliveries.Sent, ProviderID: fmt.Sprint("SM", claimed[n].ID)})
			}
		}
		if _, err := s.Settle(ctx, fence, b.now, outcomes); err != nil {
			return err
		}
		for _, o := range outcomes {
			if _, err := s.Receive(ctx, "sms/twilio", channels.Callback{Method: "POST", URL: "https://shop.example/hooks", Body: fmt.Append(nil, o.ID), ReceivedAt: b.now}); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeIn takes in an event, and has it seen.
func (b *busyShop) takeIn(ctx context.Context, s *Store) error {
	_, err := s.Append(ctx, []customers.Event{{Customer: "c-1", Name: "visited", At: b.now, ReceivedAt: b.now, Key: fmt.Sprint("visit:", b.asked.Add(1)), Live: true}})
	if err != nil {
		return err
	}
	events, err := s.Pending(ctx, 10)
	if err != nil {
		return err
	}
	var ids []int64
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return s.Seen(ctx, ids)
}

// read reads callbacks, each of which says that a message has arrived.
func (b *busyShop) read(ctx context.Context, s *Store) error {
	waiting, err := s.Waiting(ctx, b.now, time.Hour, 10)
	if err != nil {
		return err
	}
	var ids []int64
	var responses []campaigns.Response
	for _, c := range waiting {
		ids = append(ids, c.ID)
		of, err := strconv.ParseInt(string(c.Callback.Body), 10, 64)
		if err != nil {
			return err
		}
		responses = append(responses, campaigns.Response{
			Event:    customers.Event{Customer: "c-1", Name: "sms delivered", At: b.now, ReceivedAt: b.now, Key: fmt.Sprint("report:", of), Delivery: of},
			Progress: &deliveries.Progress{ID: of, Status: deliveries.Delivered, At: b.now},
		})
	}
	if err := s.Responses().Apply(ctx, b.now, responses); err != nil {
		return err
	}
	return s.Done(ctx, ids)
}

// look is what pages and metrics ask.
func (b *busyShop) look(ctx context.Context, s *Store) error {
	if _, err := s.Summary().Funnels(ctx, time.Now()); err != nil {
		return err
	}
	if _, err := s.Levels(ctx, b.now, 100); err != nil {
		return err
	}
	_, err := s.Of(ctx, "c-1", 20)
	return err
}

// drain lets everybody's journey come to its end: then each has their message, once.
func (b *busyShop) drain(s *Store) {
	b.t.Helper()
	var now deliveries.Funnel
	for range 1000 {
		for _, role := range []func(context.Context, *Store) error{b.travel, b.send, b.read} {
			if err := role(b.t.Context(), s); err != nil {
				b.t.Fatal(err)
			}
		}
		funnels, err := s.Summary().Funnels(b.t.Context(), time.Now())
		if err != nil || len(funnels) != 1 {
			b.t.Fatalf("the ledger says %+v, %v", funnels, err)
		}
		if now = funnels[0]; now.Running == 0 && now.Delivered == now.Sent {
			break
		}
	}
	if now.Entered != b.people || now.Planned != b.people || now.Sent != b.people || now.Delivered != b.people || now.Running != 0 {
		b.t.Errorf("of %d people: %+v", b.people, now)
	}
}
