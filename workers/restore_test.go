package workers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rapport/customers"
	"rapport/deliveries"
	"rapport/store"
	"rapport/store/storetest/fresh"
	"rapport/workers"
)

// worldly is a shop with journeys of every kind that a backup may fall into.
var worldly = with(map[string]string{
	"campaigns/daily.yaml": "campaign: daily\ntitle: Daily\nowner: support\ntopic: service\nstate: live\n" +
		"trigger: {cron: \"5 13 * * *\", zone: Europe/Berlin}\naudience: {where: first_name == \"Daily\"}\nsteps:\n  - {sms: note}\n",
	"campaigns/soon.yaml":  campaign("soon", "Soon", "{wait: 5m}") + "  - {sms: note}\n",
	"campaigns/later.yaml": campaign("later", "Later", "{wait: 30m}") + "  - {sms: note}\n",
	"campaigns/chain.yaml": campaign("chain", "Chained", "{wait: 2m}") + "  - {sms: note}\n  - {wait: 2m}\n  - {sms: note}\n  - {wait: 20m}\n  - {sms: note}\n",
	"campaigns/eager.yaml": campaign("eager", "Eager", "{sms: note, ambiguous: resend}"),
})

// world is a shop whose ledger can be backed up and put back.
type world struct {
	*shop
	dsn string
}

// people makes customers with numbers of their own.
func (w *world) people(names ...string) {
	w.t.Helper()
	var all []customers.Customer
	for _, name := range names {
		first := "Jo"
		if strings.HasPrefix(name, "daily") {
			first = "Daily"
		}
		all = append(all, customers.Customer{ID: name, Phone: numberOf(name), FirstName: first, Country: "DE", Zone: "Europe/Berlin"})
	}
	_, err := w.store.PutCustomers(w.ctx(), w.clock(), all)
	ok(w.t, err)
}

func numberOf(name string) string {
	return fmt.Sprintf("+49151%08d", customers.Shard(name)*1000+len(name))
}

// minutes lets time pass and everything be done that is due.
func (w *world) minutes(n int) {
	w.t.Helper()
	for range n {
		w.later(time.Minute)
		ok(w.t, w.schedule.Round(w.ctx()))
		shards, err := w.store.Runs().Pending(w.ctx(), w.clock(), 1000)
		ok(w.t, err)
		for _, shard := range shards {
			ok(w.t, w.entrance.Enter(w.ctx(), shard))
		}
		ok(w.t, w.reactor.React(w.ctx()))
		for range 3 {
			w.travel()
			w.deliver()
		}
		ok(w.t, w.mender.Round(w.ctx()))
	}
}

// copies counts what the provider accepted for somebody.
func (w *world) copies(name string) int {
	n := 0
	for _, got := range w.provider.requests() {
		if strings.Contains(got.body, url.QueryEscape(numberOf(name))) {
			n++
		}
	}
	return n
}

// backup copies the ledger and gives what puts the copy back.
func (w *world) backup() (putBack func()) {
	w.t.Helper()
	path, isFile := strings.CutPrefix(w.dsn, "sqlite:")
	saved := filepath.Join(w.t.TempDir(), "backup")
	if isFile {
		for _, suffix := range []string{"", "-wal"} {
			raw, err := os.ReadFile(path + suffix)
			ok(w.t, err)
			ok(w.t, os.WriteFile(saved+suffix, raw, 0o600))
		}
		return func() { w.reopen("sqlite:" + saved) }
	}
	if _, err := exec.LookPath("pg_dump"); err != nil {
		w.t.Skip("pg_dump is not installed")
	}
	whole, err := url.Parse(w.dsn)
	ok(w.t, err)
	query := whole.Query()
	schema := query.Get("search_path")
	query.Del("search_path")
	whole.RawQuery = query.Encode()
	plain := whole.String()
	w.command("pg_dump", "--schema", schema, "--file", saved, plain)
	return func() {
		ok(w.t, w.store.Close())
		w.command("psql", "-q", "-c", "DROP SCHEMA "+schema+" CASCADE", plain)
		w.command("psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", saved, plain)
		w.reopen(w.dsn)
	}
}

func (w *world) command(name string, args ...string) {
	w.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		w.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// reopen lets the same shop go on with another ledger.
func (w *world) reopen(dsn string) {
	w.t.Helper()
	db, err := store.Open(w.t.Context(), dsn)
	ok(w.t, err)
	w.t.Cleanup(func() { _ = db.Close() })
	w.store = db
	w.catalog.Archive = db.Archive()
	w.wire()
}

// newWorld is a shop on an empty database.
func newWorld(t *testing.T, dsn string) *world {
	t.Helper()
	db, err := store.Open(t.Context(), dsn)
	ok(t, err)
	t.Cleanup(func() { _ = db.Close() })
	ok(t, db.Migrate(t.Context()))
	return &world{openOn(t, db, worldly), dsn}
}

// A ledger ten minutes old is put back under a world that moved on. Nobody gets
// anything twice; what the ledger cannot know is unconfirmed; the rest goes out
// once.
func TestAnOldLedgerSendsNothingTwice(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		w := newWorld(t, dsn)
		ok(t, w.schedule.Round(w.ctx()))
		w.people("planned", "eager", "queued", "soon", "later", "chain", "daily1", "daily2", "gap", "after")
		for who, event := range map[string]string{"soon": "Soon", "later": "Later", "chain": "Chained"} {
			w.plan(who, event)
		}
		w.plan("queued", "Texted")
		w.due()
		w.plan("planned", "Texted")
		w.plan("eager", "Eager")
		backedUpAt := w.clock()
		putBack := w.backup()

		ok(t, w.courier.Deliver(w.ctx(), idsOf(w.shop, deliveries.Queued)))
		w.happen("gap", "Texted")
		w.minutes(10)
		for who, want := range map[string]int{"planned": 1, "eager": 1, "queued": 1, "soon": 1, "later": 0, "chain": 2, "daily1": 1, "daily2": 1, "gap": 1} {
			if got := w.copies(who); got != want {
				t.Fatalf("before the restore %s has %d, want %d: the test shows nothing", who, got, want)
			}
		}
		lost := w.ledger()

		putBack()
		restorer := workers.Restorer{Catalog: w.catalog, Runs: w.store.Runs(), Facts: w.store, Ledger: w.store, Log: w.log}
		gap := deliveries.Gap{BackupOf: backedUpAt, Until: w.clock()}
		told, err := restorer.Restore(w.ctx(), gap, true)
		ok(t, err)
		if want := (deliveries.Restoration{Unconfirmed: 3, Journeys: 5, Runs: 1}); told != want {
			t.Errorf("a dry run tells %+v, want %+v", told, want)
		}
		if n := len(idsOf(w.shop, deliveries.Unconfirmed)); n != 0 {
			t.Fatalf("a dry run changed %d deliveries", n)
		}
		done, err := restorer.Restore(w.ctx(), gap, false)
		ok(t, err)
		if done != told {
			t.Errorf("the dry run told %+v, and it was %+v", told, done)
		}
		w.later(20 * time.Minute) // until somebody starts the processes
		_, err = w.store.Resumed(w.ctx(), w.clock())
		ok(t, err)
		w.happen("after", "Texted")
		w.minutes(60)

		for who, want := range map[string]int{
			"planned": 1, "eager": 1, "queued": 1, "soon": 1, "daily1": 1, "daily2": 1, "gap": 1, // nothing again
			"later": 1, "after": 1, // what was not due, and what is new
			"chain": 3, // its third message comes after the gap
		} {
			if got := w.copies(who); got != want {
				t.Errorf("%s has %d, want %d", who, got, want)
			}
		}
		unconfirmed, sent := map[string]int{}, 0
		newest := int64(0)
		for _, d := range w.everything() {
			switch d.Status {
			case deliveries.Unconfirmed:
				unconfirmed[d.Customer]++
				if d.Reason != "restored" {
					t.Errorf("the delivery of %s is unconfirmed for %q", d.Customer, d.Reason)
				}
			case deliveries.Sent:
				sent++
				newest = max(newest, d.ID)
			}
		}
		want := map[string]int{"planned": 1, "eager": 1, "queued": 1, "soon": 1, "chain": 2, "daily1": 1, "daily2": 1}
		if fmt.Sprint(unconfirmed) != fmt.Sprint(want) || sent != 3 {
			t.Errorf("unconfirmed are %v and %d sent, want %v and 3", unconfirmed, sent, want)
		}
		if newest <= lost[len(lost)-1].ID+1000 {
			t.Errorf("delivery %d may be met by what names a lost one", newest)
		}
	})
}

// What a provider has of the gap becomes sent by its own word, asked for or told
// later, and nothing is sent to find out: what nobody has a trace of stays in doubt.
func TestEvidenceSettlesWhatAnOldLedgerDoubts(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		w := newWorld(t, dsn)
		for who, event := range map[string]string{
			"held": "Texted once", "repeated": "Texted twice", "called": "Rang", "reported": "Texted once", "written": "Wrote", "soon": "Soon", "never": "Texted twice",
		} {
			w.person(who)
			w.plan(who, event)
		}
		planned := map[string]int64{}
		for _, d := range w.ledger() {
			planned[d.Customer] = d.ID
		}
		backedUpAt := w.clock()
		putBack := w.backup()

		w.later(5 * time.Minute)
		w.travel() // to the text that comes after five minutes
		batches, err := w.store.Due(w.ctx(), w.clock(), workers.UsualLease, deliveries.QuotaFor(100), 100)
		ok(t, err)
		for _, batch := range batches {
			ok(t, w.courier.Deliver(w.ctx(), slices.DeleteFunc(batch.IDs, func(id int64) bool { return id == planned["never"] })))
		}
		made := w.provider.requests()
		if len(made) != 6 {
			t.Fatalf("%d messages left in the gap, want 6: the test shows nothing", len(made))
		}
		w.recalls(made, w.clock())
		w.later(5 * time.Minute)

		putBack()
		restorer := workers.Restorer{Catalog: w.catalog, Runs: w.store.Runs(), Facts: w.store, Ledger: w.store, Log: w.log}
		_, err = restorer.Restore(w.ctx(), deliveries.Gap{BackupOf: backedUpAt, Until: w.clock()}, false)
		ok(t, err)
		_, err = w.store.Resumed(w.ctx(), w.clock())
		ok(t, err)
		for _, request := range made {
			if sent, err := url.ParseQuery(request.body); err == nil && sent.Get("To") == phoneOf("reported") {
				w.receive(textOut.String(), sent.Get("StatusCallback"), form("MessageSid", "SM70", "MessageStatus", "delivered", "To", phoneOf("reported")))
			}
		}
		w.receive(mailOut.String(), publicURL+mailHook, fmt.Sprintf(
			`[{"event": "delivered", "email": "written@home.example", "timestamp": %d, "sg_event_id": "e1", "sg_message_id": "M70.filter0001", "delivery": "%d", "attempt": "1"}]`,
			w.clock().Unix(), planned["written"]))
		w.minutes(30)

		want := map[string]deliveries.Status{
			"held": deliveries.Sent, "repeated": deliveries.Sent, "called": deliveries.Sent, "soon": deliveries.Sent,
			"reported": deliveries.Delivered, "written": deliveries.Delivered, "never": deliveries.Unconfirmed,
		}
		for _, d := range w.everything() {
			if d.Status != want[d.Customer] || d.Resent || (d.ProviderID == "") != (d.Customer == "never") {
				t.Errorf("what %s should have is %s (%q, named %q, sent again %v), want %s", d.Customer, d.Status, d.Reason, d.ProviderID, d.Resent, want[d.Customer])
			}
			delete(want, d.Customer)
		}
		if len(want) > 0 {
			t.Errorf("the ledger has nothing of %v", want)
		}
		if n := len(w.provider.requests()); n != len(made) {
			t.Errorf("%d messages went out, %d of them in the gap", n, len(made))
		}
		for _, who := range []string{"held", "called", "soon"} {
			if running := w.runningEntries(who); len(running) != 0 {
				t.Errorf("the journey of %s waits: %v", who, running)
			}
		}
	})
}

// recalls lets the provider list what it made at a moment, by number.
func (w *world) recalls(made []request, at time.Time) {
	w.provider.does(func(out http.ResponseWriter, r request) bool {
		if r.Method != http.MethodGet {
			return false
		}
		listed := []map[string]string{}
		for _, m := range made {
			if sent, err := url.ParseQuery(m.body); err == nil && m.URL.Path == r.URL.Path && sent.Get("To") == r.URL.Query().Get("To") {
				listed = append(listed, map[string]string{"sid": fmt.Sprint("SM", m.place), "direction": "outbound-api", "date_created": at.Format(time.RFC1123Z)})
			}
		}
		if err := json.NewEncoder(out).Encode(map[string]any{"messages": listed, "calls": listed}); err != nil {
			w.t.Error(err)
		}
		return true
	})
}

// everything lists all deliveries of the world's people.
func (w *world) everything() (all []deliveries.Delivery) {
	w.t.Helper()
	for _, far := range []int64{0, 1_000_000_000, 2_000_000_000} {
		refs := make([]deliveries.Ref, 200)
		for i := range refs {
			refs[i].ID = far + int64(i+1)
		}
		found, err := w.store.Lookup(w.ctx(), refs)
		ok(w.t, err)
		for _, d := range found {
			if d.ID != 0 {
				all = append(all, d)
			}
		}
	}
	return all
}

func idsOf(s *shop, status deliveries.Status) (ids []int64) {
	for _, d := range s.ledger() {
		if d.Status == status {
			ids = append(ids, d.ID)
		}
	}
	return ids
}
