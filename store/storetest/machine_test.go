package storetest

import (
	"flag"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/deliveries"
	"rapport/store"
)

// Whatever workers, providers and crashes do in whatever order, the ledger
// stands where a ledger in memory stands that knows only the rules of moves,
// leases and fences; and it keeps what is promised of it, whatever those rules are.
func TestTheLedgerAgreesWithItsModel(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		round := 0
		rapid.Check(t, func(r *rapid.T) {
			round++
			m := newModel(t, r, s, round)
			for range rapid.IntRange(longest()/2, longest()).Draw(r, "steps") {
				m.now = m.now.Add(time.Duration(rapid.IntRange(0, 3).Draw(r, "minutes")) * 20 * time.Second)
				step := rapid.SampledFrom([]func(){m.due, m.claim, m.begin, m.settle, m.resolve, m.reclaim, m.report, m.due, m.claim, m.begin, m.settle}).Draw(r, "step")
				m.said = map[int64]word{}
				step()
				m.compare()
			}
		})
	})
}

// longest is how many steps one check takes at most: few, unless -rapid.steps asks for
// more, as a long run does: -rapid.checks=10000 -rapid.steps=50.
func longest() int {
	if asked := flag.Lookup("rapid.steps"); asked != nil && asked.Value.String() != asked.DefValue {
		if steps, err := strconv.Atoi(asked.Value.String()); err == nil {
			return max(steps, 3)
		}
	}
	return 12
}

// model is a ledger in memory.
type model struct {
	t    *testing.T
	r    *rapid.T
	s    *store.Store
	now  time.Time
	ids  []int64
	rows map[int64]*row
	// fences are all that were ever given out, lost ones among them, the newest first,
	// as the first of a list is drawn more often.
	fences []deliveries.Fence
	// said is what the step says, and witness what it must not lead to.
	said    map[int64]word
	witness witness
}

type row struct {
	deliveries.Delivery
	fence deliveries.Fence
	until time.Time // the lease
}

// newModel plans a few deliveries in the store and remembers them.
func newModel(t *testing.T, r *rapid.T, s *store.Store, round int) *model {
	m := &model{t: t, r: r, s: s, now: noon, rows: map[int64]*row{}}
	m.witness = witness{seen: map[int64]deliveries.Delivery{}, holder: map[int64]deliveries.Fence{}, out: map[int64]int{}}
	var entries []campaigns.Entry
	for i := range 4 {
		who := fmt.Sprintf("m-%d-%d", round, i)
		befriend(t, s, who)
		entries = append(entries, journey(who, "manual"))
	}
	m.must(s.Enter(t.Context(), entries, always))
	for i, e := range entries {
		running, err := s.RunningOf(t.Context(), []string{e.Customer})
		m.must(running, err)
		d := message(channels.Email)
		if i%2 == 1 {
			d.Ambiguous = deliveries.Resend
		}
		apply(t, s, campaigns.Move{Entry: running[0], Plan: []deliveries.Delivery{d}})
		planned := deliveriesOf(t, s, running[0].ID)[0]
		m.ids = append(m.ids, planned.ID)
		m.rows[planned.ID] = &row{Delivery: planned}
		m.witness.seen[planned.ID] = planned
	}
	return m
}

func (m *model) must(_ any, err error) {
	if err != nil {
		m.r.Fatal(err)
	}
}

// set writes a moved delivery as the ledger's rule of leases and fences says.
func (m *model) set(after deliveries.Delivery) {
	row := m.rows[after.ID]
	row.Delivery = after
	switch after.Status {
	case deliveries.Planned, deliveries.Skipped:
		row.fence, row.until = 0, time.Time{}
	case deliveries.Queued, deliveries.Sending:
	default:
		row.until = time.Time{}
	}
}

func (m *model) due() {
	batches, err := m.s.Due(m.t.Context(), m.now, lease, deliveries.QuotaFor(1_000_000), 500)
	m.must(batches, err)
	got := map[int64]bool{}
	for _, b := range batches {
		for _, id := range b.IDs {
			got[id] = true
		}
	}
	for _, id := range m.ids {
		row := m.rows[id]
		want := row.Status == deliveries.Planned && !row.DueAt.After(m.now)
		if got[id] != want {
			m.r.Fatalf("delivery %d, %s and due at %v, was leased: %v", id, row.Status, row.DueAt, got[id])
		}
		if want {
			row.Status, row.until, row.fence = deliveries.Queued, m.now.Add(lease), 0
		}
	}
}

func (m *model) some(label string) []int64 {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(m.ids), len(m.ids)-1, len(m.ids), rapid.ID[int64]).Draw(m.r, label)
}

func (m *model) claim() {
	asked := m.some("claimed")
	fence, claimed, err := m.s.Claim(m.t.Context(), asked, m.now, lease)
	m.must(claimed, err)
	m.fences = slices.Insert(m.fences, 0, fence)
	var want []int64
	for _, id := range asked {
		row := m.rows[id]
		if row.Status == deliveries.Queued && (row.fence == 0 || !row.until.After(m.now)) {
			row.fence, row.until = fence, m.now.Add(lease)
			want = append(want, id)
		}
	}
	var got []int64
	for _, d := range claimed {
		got = append(got, d.ID)
		m.witness.holder[d.ID] = fence
	}
	if !slices.Equal(got, want) {
		m.r.Fatalf("claimed %v, want %v", got, want)
	}
}

func (m *model) anyFence() deliveries.Fence {
	if len(m.fences) == 0 {
		return 1
	}
	return rapid.SampledFrom(m.fences).Draw(m.r, "fence")
}

func (m *model) begin() {
	fence := m.anyFence()
	var candidates []deliveries.Candidate
	given := map[int64]deliveries.Verdict{}
	for _, id := range m.some("candidates") {
		candidates = append(candidates, deliveries.Candidate{Delivery: deliveries.Delivery{ID: id}})
		given[id] = rapid.SampledFrom([]deliveries.Verdict{
			{Go: true, Cost: 3},
			{Go: true, Cost: 5},
			{Until: m.now.Add(time.Minute), Reason: deliveries.Capped},
			{Reason: deliveries.NoConsent},
		}).Draw(m.r, "verdict")
	}
	verdicts, err := m.s.Begin(m.t.Context(), fence, m.now, noon, candidates,
		func(d deliveries.Delivery, _ deliveries.Pressure) deliveries.Verdict { return given[d.ID] })
	m.must(verdicts, err)
	for i, c := range candidates {
		row := m.rows[c.Delivery.ID]
		want := deliveries.Verdict{}
		if row.fence == fence && row.Status == deliveries.Queued {
			want = given[row.ID]
			m.set(row.Begun(want, m.now))
		}
		if verdicts[i] != want {
			m.r.Fatalf("delivery %d: verdict %+v, want %+v", c.Delivery.ID, verdicts[i], want)
		}
	}
}

func (m *model) settle() {
	fence, want := m.anyFence(), 0
	var outcomes []deliveries.Outcome
	for _, id := range m.some("settled") {
		status := rapid.SampledFrom([]deliveries.Status{
			deliveries.Unconfirmed, deliveries.Sent, deliveries.Planned, deliveries.Failed, deliveries.Sent, deliveries.Skipped,
		}).Draw(m.r, "outcome")
		o := deliveries.Outcome{ID: id, Status: status, Reason: "why", DueAt: m.now.Add(time.Minute)}
		if status == deliveries.Sent {
			o.ProviderID = fmt.Sprintf("m%d-%d", id, m.rows[id].Attempts)
		}
		outcomes = append(outcomes, o)
		m.said[id] = word{by: courier, fence: fence, status: status}
		if row := m.rows[id]; row.fence == fence {
			if after, counts := row.After(o, m.now); counts {
				m.set(after)
				want++
			}
		}
	}
	got, err := m.s.Settle(m.t.Context(), fence, m.now, outcomes)
	m.must(got, err)
	if got != want {
		m.r.Fatalf("settled %d, want %d", got, want)
	}
}

func (m *model) reclaim() {
	_, _, err := m.s.Reclaim(m.t.Context(), m.now)
	m.must(nil, err)
	for _, row := range m.rows {
		if after, moved := row.Abandoned(m.now); moved && !row.until.After(m.now) {
			m.set(after)
		}
	}
}

func (m *model) report() {
	var progress []deliveries.Progress
	for _, id := range m.some("reported") {
		p := deliveries.Progress{
			ID: id, At: m.now, DueAt: m.now.Add(time.Minute),
			Status: rapid.SampledFrom([]deliveries.Status{
				deliveries.Sent, deliveries.Delivered, deliveries.Clicked, deliveries.Bounced, deliveries.Planned,
			}).Draw(m.r, "report"),
			ProviderID: rapid.SampledFrom([]string{"", fmt.Sprintf("m%d-1", id), fmt.Sprintf("m%d-2", id)}).Draw(m.r, "provider id"),
		}
		progress = append(progress, p)
		m.said[id] = word{by: provider, status: p.Status}
		if after, moved := m.rows[id].Advanced(p, m.now); moved {
			m.set(after)
		}
	}
	m.must(nil, m.s.Advance(m.t.Context(), m.now, progress))
}

func (m *model) resolve() {
	var findings []deliveries.Finding
	for _, id := range m.some("resolved") {
		f := deliveries.Finding{
			ID: id, DueAt: m.now, ProviderID: fmt.Sprintf("m%d-%d", id, m.rows[id].Attempts),
			Status: rapid.SampledFrom([]deliveries.Status{deliveries.Planned, deliveries.Sent, deliveries.Unconfirmed, deliveries.Failed}).Draw(m.r, "finding"),
		}
		findings = append(findings, f)
		m.said[id] = word{by: finding, status: f.Status}
		if after, moved := m.rows[id].Resolved(f, m.now); moved {
			m.set(after)
		}
	}
	m.must(nil, m.s.Resolve(m.t.Context(), m.now, findings))
}

// compare holds the store's rows against the model's and against what is promised.
func (m *model) compare() {
	refs := make([]deliveries.Ref, len(m.ids))
	for i, id := range m.ids {
		refs[i].ID = id
	}
	got, err := m.s.Lookup(m.t.Context(), refs)
	m.must(got, err)
	for i, id := range m.ids {
		// What people did is added up in the ledger, and read by funnels alone.
		if diff := cmp.Diff(m.rows[id].Delivery, got[i], cmpopts.EquateEmpty(), cmpopts.IgnoreFields(deliveries.Delivery{}, "Did")); diff != "" {
			m.r.Fatalf("delivery %d (-model +store):\n%s", id, diff)
		}
		if wrong := m.witness.look(got[i], m.said[id]); wrong != "" {
			m.r.Fatalf("delivery %d: %s", id, wrong)
		}
	}
}
