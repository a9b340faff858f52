package storetest

import (
	"slices"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/deliveries"
	"rapport/store"
)

// BenchmarkLedger takes deliveries from due to sent as one courier does: tasks
// of 500, windows of 100. The figure to read is rows/s.
func BenchmarkLedger(b *testing.B) {
	eachBench(b, func(b *testing.B, s *store.Store) {
		const rows = 5000
		for n := 0; b.Loop(); n++ {
			b.StopTimer()
			plan(b, s, rows, nil)
			b.StartTimer()
			send(b, s, noon)
			b.StopTimer()
			finish(b, s)
			b.StartTimer()
		}
		b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

// BenchmarkEnter lets an audience in, shard by shard. The figure to read is
// entries/s.
func BenchmarkEnter(b *testing.B) {
	eachBench(b, func(b *testing.B, s *store.Store) {
		const people = 20_000
		crowd(b, s, people)
		for n := 0; b.Loop(); n++ {
			b.StopTimer()
			finish(b, s)
			occur(b, s, 16, campaigns.Run{Campaign: "weekly", Version: 1, At: noon.Add(time.Duration(n) * time.Hour)})
			b.StartTimer()
			if entered := enterAll(b, s, weekly("always", 0.1), "c.points > $1", 0); entered != people {
				b.Fatalf("%d of %d entered", entered, people)
			}
		}
		b.ReportMetric(float64(people*b.N)/b.Elapsed().Seconds(), "entries/s")
	})
}

func eachBench(b *testing.B, run func(b *testing.B, s *store.Store)) {
	b.Run("SQLite", func(b *testing.B) { run(b, Open(b, SQLite(b))) })
	b.Run("PostgreSQL", func(b *testing.B) { run(b, Open(b, Postgres(b))) })
}

// send takes everything that is due through the ledger.
func send(b *testing.B, s *store.Store, now time.Time) {
	batches, err := s.Due(b.Context(), now, lease, deliveries.QuotaFor(1_000_000), 500)
	if err != nil {
		b.Fatal(err)
	}
	for _, batch := range batches {
		fence, claimed, err := s.Claim(b.Context(), batch.IDs, now, lease)
		if err != nil {
			b.Fatal(err)
		}
		for window := range slices.Chunk(claimed, 100) {
			begin(b, s, fence, window, atMost(1_000_000))
			outcomes := make([]deliveries.Outcome, len(window))
			for i, d := range window {
				outcomes[i] = deliveries.Outcome{ID: d.ID, Status: deliveries.Sent, ProviderID: "m"}
			}
			settle(b, s, fence, outcomes...)
		}
	}
}

// finish ends all running journeys, so that the same customers may enter again.
func finish(b *testing.B, s *store.Store) {
	for {
		ids, err := s.Awake(b.Context(), noon.Add(time.Hour), lease, 1000)
		if err != nil {
			b.Fatal(err)
		}
		if len(ids) == 0 {
			return
		}
		if err := s.Leave(b.Context(), noon, ids, "over"); err != nil {
			b.Fatal(err)
		}
	}
}
