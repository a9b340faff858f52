package trust_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var broken = flag.Bool("broken", false, "also build the program with one safeguard taken out after the other, and see a row turn red")

// breakage is the program with one safeguard taken out. The compiler is given
// other text in the place of a file's (-overlay), so that the product's own
// code has no switch that could be on.
type breakage struct {
	name  string
	row   row    // that must turn red
	shows string // in the promise that is broken
	file  string
	edits []edit
}

// edit replaces a text that stands in the file once.
type edit struct{ from, to string }

// breakages are all there are.
var breakages = []breakage{
	{
		name: "no mark before the first byte: a message is marked as being sent when it has been", row: killedWorkers, shows: "more often than their policy allows", file: "workers/window.go",
		edits: []edit{
			{"\tleaving, judged, err := r.begin(ctx, written, r.Now())\n", "\tw.results = r.handOver(context.WithoutCancel(ctx), nil, written)\n\tleaving, judged, err := r.begin(ctx, written, r.Now())\n"},
			{"w.results = r.handOver(inFlight, late.Done(), w.parcels)", "_, w.results = late, w.results[:len(w.parcels)]"},
		},
	},
	{
		name: "what a dead worker was sending is sent again", row: killedWorkers, shows: "more often than their policy allows", file: "deliveries/moves.go",
		edits: []edit{{"d.Status == Sending && d.Channel == channels.Webhook", "d.Status == Sending && d.Channel != channels.Webhook"}},
	},
	{
		name: "evidence ends no doubt", row: killedWorkers, shows: "although their provider has them", file: "deliveries/moves.go",
		edits: []edit{
			{"evidence := p.Status.Rank() >= Sent.Rank() &&", "evidence := d.Status != Unconfirmed && p.Status.Rank() >= Sent.Rank() &&"},
			{"if d.Status != Unconfirmed || !d.Status.May(f.Status) {", "if d.Status != Unconfirmed || !d.Status.May(f.Status) || f.Status == Sent {"},
		},
	},
	{
		name: "Redis is believed: what was put into it is never planned again", row: emptiedRedis, shows: "in vain until every journey has ended", file: "store/ledger.go",
		edits: []edit{
			{"d.phase = 'moving' AND d.lease_until", "d.status = 'sending' AND d.lease_until"},
			{"WHERE phase = 'moving' AND status = 'queued' AND fence IS NULL", "WHERE status = 'nowhere'"},
		},
	},
	{
		name: "a Redis that comes back empty is not noticed: what it lost waits for the end of its lease", row: emptiedRedis, shows: "what Redis lost was accepted after", file: "store/ledger.go",
		edits: []edit{{"WHERE phase = 'moving' AND status = 'queued' AND fence IS NULL", "WHERE status = 'nowhere'"}},
	},
	{
		name: "what the queue lost is in doubt", row: damagedRedis, shows: "in doubt until an operator decided", file: "deliveries/moves.go",
		edits: []edit{
			{"case d.Status == Queued, d.Status == Sending &&", "case d.Status == Sending &&"},
			{"case d.Status == Sending:", "case d.Status == Queued, d.Status == Sending:"},
		},
	},
	{
		name: "no fence: who held a delivery once may write it for ever", row: frozenRedis, shows: "more often than their policy allows", file: "store/deliveries.go",
		edits: []edit{{`"d.fence = $1"`, `"$1::bigint > 0"`}},
	},
	{
		name: "a journey that its message's worker is to walk on is nobody else's, also when that worker has died", row: crashPoints, shows: "CrashAtEachPoint of rapport/workers fails", file: "store/entries.go",
		edits: []edit{{"THEN wake_at ELSE $1 END,", "THEN wake_at WHEN CAST($2 AS BIGINT) IS NULL THEN CAST($1 AS BIGINT) END,"}},
	},
	{
		name: "a commit is not waited for", row: crashedPostgres, shows: "more often than their policy allows", file: "store/postgres.go",
		edits: []edit{{`config.RuntimeParams["application_name"] = "rapport"`, `config.RuntimeParams["application_name"], config.RuntimeParams["synchronous_commit"] = "rapport", "off"`}},
	},
	{
		name: "a worker that is told to end does not finish", row: rolledWorkers, shows: "were in doubt", file: "workers/server.go",
		edits: []edit{{"ShutdownTimeout: o.Grace,", "ShutdownTimeout: 1,"}},
	},
	{
		name: "reports are believed in the order in which they come", row: callbackStorm, shows: "not those of a clean pass", file: "deliveries/moves.go",
		edits: []edit{{" && p.Status.Rank() > d.Status.Rank()", ""}},
	},
	{
		name: "a browser's push service may stand anywhere", row: hostileSet, shows: "got a yes", file: "channels/webpush/guard.go",
		edits: []edit{{"return nil, nil, errors.New(\"the endpoint's host is no known push service\")", "return target, g.public, nil"}},
	},
	{
		name: "a provider that is down may be probed by everybody at any time", row: providerDown, shows: "probes in", file: "deliveries/outlet.go",
		edits: []edit{
			{"case now.Before(h.ProbedUntil):", "case false:"},
			{"case now.Before(h.NextProbe):", "case false:"},
			{"Admission{Probe: true}", "Admission{Probe: true, Until: now, Why: ProviderDown}"},
		},
	},
	{
		name: "a webhook's name may lead inside", row: hostileSet, shows: "left to a private address", file: "channels/reach.go",
		edits: []edit{{"if err != nil || to.Port() != 443 || !IsPublic(to.Addr()) {", "if err != nil || to.Port() != 443 {"}},
	},
	{
		name: "an answer of 500 counts as a refusal", row: badAnswers, shows: "were never in doubt", file: "channels/judge.go",
		edits: []edit{{"case status >= 400 && status < 500:", "case status >= 400:"}},
	},
	{
		name: "what was answered with 500 is asked again at once", row: badAnswers, shows: "more often than their policy allows", file: "channels/transport.go",
		edits: []edit{
			{"\treq.GetBody = nil", "\tagain := req.GetBody\n\treq.GetBody = nil"},
			{"answer, err := transport.RoundTrip(req)", "answer, err := transport.RoundTrip(req)\n" +
				"\tif err == nil && answer.StatusCode >= 500 && again != nil {\n\t\treq.Body, _ = again()\n\t\tanswer, err = transport.RoundTrip(req)\n\t}"},
		},
	},
	{
		// Either alone keeps the cap nearly always: the lock, and that who comes second waits for who goes first.
		name: "who judges a person's messages locks nobody out and looks at nothing else that waits", row: crowdedPeople, shows: "more often than the cap allows", file: "store/sending.go",
		edits: []edit{
			{`personsOf(ctx, tx, people, tx.forUpdate("o"))`, `personsOf(ctx, tx, people, "")`},
			{"c.contacts, c.rivals, err = pressureOf(", "c.contacts, _, err = pressureOf("},
		},
	},
	{
		name: "the same event told twice is two", row: callbackStorm, shows: "not those of a clean pass", file: "store/timeline.go",
		edits: []edit{
			{"of := fingerprintOf(key)", "of := fingerprintOf(fmt.Sprint(key, time.Now().UnixNano()))"},
			{"given := fingerprintOf(provider)", "given := fingerprintOf(fmt.Sprint(provider, time.Now().UnixNano()))"},
		},
	},
	{
		name: "a link that is only looked at unsubscribes", row: hostileSet, shows: "hold what no legitimate request put there", file: "webhooks/unsubscribe.go",
		edits: []edit{{"d.show(w, r, g, http.StatusOK, \"unsubscribe\", \"stop_title\", d.stopping(g))", "d.unsubscribe(w, r, g)"}},
	},
	{
		name: "stops and pauses are not judged when a message is about to leave", row: changedMinds, shows: "later than a second after", file: "campaigns/judge.go",
		edits: []edit{{"\tcase j.suppressed() != \"\":\n", "\tcase false:\n"}, {" || j.Pressure.Paused {", " {"}},
	},
	{
		name: "messages go out in today's words", row: changedMinds, shows: "in other words", file: "workers/load.go",
		edits: []edit{{"r.Catalog.Edition(ctx, p.delivery.Campaign, p.delivery.Version)", "r.edition, error(nil)"}},
	},
	{
		name: "a second program may have the same file", row: killedSQLite, shows: "until a program that cannot run ends", file: "store/lock.go",
		edits: []edit{{"syscall.LOCK_EX|syscall.LOCK_NB", "syscall.LOCK_SH|syscall.LOCK_NB"}},
	},
	{
		name: "an occurrence is not unique", row: twoSchedulers, shows: "runs were recorded for", file: "store/migrations/00001_spine.sql",
		edits: []edit{{"entered {int} NOT NULL DEFAULT 0,\n    UNIQUE (campaign, at)\n", "entered {int} NOT NULL DEFAULT 0\n"}},
	},
}

// TestBrokenBuilds sees that a row turns red for each safeguard taken out.
// Without that no green row would prove anything.
func TestBrokenBuilds(t *testing.T) {
	if !*broken {
		t.Skip("builds the program anew for each safeguard; -broken does")
	}
	for n, b := range breakages {
		if !chosen(b.row.id) {
			continue
		}
		t.Run(fmt.Sprintf("%02d", n+1), func(t *testing.T) {
			b.row.patience = 4 * time.Minute // some breakages show in that nothing moves any more
			overlay := b.overlay(t)
			v := b.row.try(t, b.build(t, overlay), b.row.quick, "-overlay", overlay)
			if !strings.Contains(strings.Join(v.broken, "\n"), b.shows) {
				fmt.Printf("NOT SEEN: %s\n  %s\n%s", b.name, v, v.logs)
				t.Errorf("%s: %s does not show that", b.name, b.row.id)
				return
			}
			fmt.Printf("seen: %s\n  %s\n", b.name, v)
		})
	}
}

// broken is the file with the safeguard taken out.
func (b breakage) broken() (string, error) {
	raw, err := os.ReadFile(filepath.Join("..", b.file))
	if err != nil {
		return "", err
	}
	text := string(raw)
	for _, e := range b.edits {
		if n := strings.Count(text, e.from); n != 1 {
			return "", fmt.Errorf("%s has %q %d times; the code has changed: write what takes the safeguard out of it now", b.file, e.from, n)
		}
		text = strings.Replace(text, e.from, e.to, 1)
	}
	return text, nil
}

// overlay tells the compiler to take the broken file, by a file of its own.
func (b breakage) overlay(t *testing.T) string {
	t.Helper()
	text, err := b.broken()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	original, err := filepath.Abs(filepath.Join("..", b.file))
	if err != nil {
		t.Fatal(err)
	}
	instead, overlay := filepath.Join(dir, filepath.Base(b.file)), filepath.Join(dir, "overlay.json")
	list, err := json.Marshal(map[string]any{"Replace": map[string]string{original: instead}})
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string][]byte{instead: []byte(text), overlay: list} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return overlay
}

// build builds the broken program.
func (b breakage) build(t *testing.T, overlay string) string {
	t.Helper()
	path, err := build(filepath.Join(t.TempDir(), "rapport"), "-overlay", overlay)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
