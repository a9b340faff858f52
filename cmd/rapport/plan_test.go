package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"rapport/campaigns/plan"
)

func TestPlanTellsBesideARunningProgram(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	up := startUp(t, data, "127.0.0.1:"+freePort(t))
	defer up.signal(syscall.SIGTERM)
	draft := t.TempDir()
	if err := os.CopyFS(draft, os.DirFS(shopFolder)); err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(draft, "campaigns/advent-sale.yaml"), "state: live", "state: draft")
	list := filepath.Join(t.TempDir(), "fates.ndjson")
	out, errOut, code := rapport(t, "plan", draft, "advent-sale", "--at", "2026-12-05 10:00", "--list", list, "--format", "json", "--data", data)
	var made planResult
	if err := json.Unmarshal([]byte(out), &made); err != nil || code != 0 || len(made.Campaigns) != 1 {
		t.Fatalf("exit %d, %v: %s%s", code, err, out, errOut)
	}
	f := made.Campaigns[0]
	var fates int64
	for _, n := range f.Outcomes {
		fates += n
	}
	if f.State != "draft" || f.Enter == 0 || f.Enter != fates || f.Outcomes[plan.Now] == 0 || len(f.Messages) == 0 {
		t.Errorf("the plan is %+v", f)
	}
	raw, err := os.ReadFile(list)
	if err != nil || int64(strings.Count(string(raw), "\n")) != f.Belong {
		t.Errorf("%d belong, the list has %d lines (%v)", f.Belong, strings.Count(string(raw), "\n"), err)
	}
	out, errOut, code = rapport(t, "plan", shopFolder, "--data", data)
	if code != 0 || !strings.Contains(out, "win-back: We miss you") || !strings.Contains(out, "event (audience)") {
		t.Errorf("all campaigns: exit %d: %s%s", code, out, errOut)
	}
	if n := entered(t, data, "advent-sale"); n != 0 {
		t.Errorf("planning left %d journeys behind", n)
	}
}

// TestThePlansJSONIsDocumented holds docs/plan.md to the types.
func TestThePlansJSONIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/plan.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []any{planResult{}, plan.Forecast{}, plan.Group{}, plan.Fallback{}, plan.Sample{}, plan.Fate{}} {
		shape := reflect.TypeOf(of)
		for i := range shape.NumField() {
			key, _, _ := strings.Cut(shape.Field(i).Tag.Get("json"), ",")
			if key != "" && !strings.Contains(string(page), "`"+key+"`") && !strings.Contains(string(page), "`"+key+"[]`") {
				t.Errorf("docs/plan.md does not name %s of %s", key, shape)
			}
		}
	}
}

func TestAPlanTellsCustomersOwnClocksAndWhatTheyWaitFor(t *testing.T) {
	data, draft := filepath.Join(t.TempDir(), "data"), t.TempDir()
	if err := os.CopyFS(draft, os.DirFS(shopFolder)); err != nil {
		t.Fatal(err)
	}
	people := filepath.Join(t.TempDir(), "people.csv")
	for path, content := range map[string]string{
		people: "id,email,country\nc1,c1@home.example,DE\n",
		filepath.Join(draft, "campaigns/own-clock.yaml"): strings.Replace(tried, "campaign: tried", "campaign: own-clock", 1) +
			"trigger: {once: 2027-01-04 09:00, zone: customer}\nsteps:\n  - wait: {for: Order Delivered, at_most: 2d}\n    id: parcel\n",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"apply", shopFolder}, {"import", "customers", people}} {
		if out, errOut, code := rapport(t, append(args, "--data", data)...); code != 0 {
			t.Fatal(out, errOut)
		}
	}
	out, errOut, code := rapport(t, "plan", draft, "own-clock", "--at", "2027-01-04 09:00", "--data", data)
	for _, want := range []string{"Sun 2027-01-03 20:00", "their own clock shows Mon 2027-01-04 09:00", "waiting: for Order Delivered"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d, no %q in %s%s", code, want, out, errOut)
		}
	}
}

// A broadcast that also runs with another, later one is planned at its own next run.
func TestAPlanOfAllHasEachAtItsOwnNextRun(t *testing.T) {
	draft, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(draft, os.DirFS(shopFolder)); err != nil {
		t.Fatal(err)
	}
	afterNext := (int(now().Month())+1)%12 + 1
	for id, cron := range map[string]string{"a-seldom": fmt.Sprintf("0 10 1 %d *", afterNext), "b-monthly": "0 10 1 * *", "c-seldom-too": fmt.Sprintf("0 10 1 %d *", afterNext)} {
		text := strings.Replace(tried, "campaign: tried", "campaign: "+id, 1) + "trigger: {cron: \"" + cron + "\"}\nsteps:\n  - wait: 1d\n"
		if err := os.WriteFile(filepath.Join(draft, "campaigns", id+".yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, errOut, code := rapport(t, "migrate", "--data", data); code != 0 {
		t.Fatal(errOut)
	}
	people := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(people, []byte("id,email\nc1,ann@shop.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errOut, code := rapport(t, "import", "customers", people, "--data", data); code != 0 {
		t.Fatal(errOut)
	}
	var all, one planResult
	list := filepath.Join(t.TempDir(), "fates.ndjson")
	asJSON(t, &all, "plan", draft, "--list", list, "--data", data)
	asJSON(t, &one, "plan", draft, "b-monthly", "--data", data)
	planned := map[string][]time.Time{}
	for _, f := range all.Campaigns {
		planned[f.Campaign] = append(planned[f.Campaign], f.At)
	}
	raw, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	for id, at := range planned {
		if len(at) != 1 {
			t.Errorf("%s is planned at %v", id, at)
		}
	}
	if got := planned["b-monthly"]; len(got) != 1 || !got[0].Equal(one.Campaigns[0].At) {
		t.Errorf("with all others it is planned at %v, by itself at %v", got, one.Campaigns[0].At)
	}
	if listed := strings.Count(string(raw), `"campaign":"b-monthly"`); listed != 1 {
		t.Errorf("its customer is listed %d times", listed)
	}
	if len(planned["a-seldom"]) != 1 || len(planned["c-seldom-too"]) != 1 {
		t.Errorf("the plan is of %v", planned)
	}
}

func TestPlanSaysWhatAJourneyWaitsFor(t *testing.T) {
	folder, data := history(t)
	edit(t, filepath.Join(folder, "campaigns/callback.yaml"), "  - wait: 1h\n  - sms: sorry\n",
		"  - split: words\n    paths:\n      a: {share: 1%, steps: [{sms: sorry}]}\n      b: {share: 1%, steps: [{sms: other}]}\n    winner: {by: delivered, after: 4h}\n")
	out, errOut, code := rapport(t, "plan", folder, "callback", "--data", data)
	if code != 0 || !strings.Contains(out, "step 0, split words, for its winner") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
}

// A broadcast whose only moment is past is told by apply, where it is new, and by plan.
func TestABroadcastThatIsOverIsTold(t *testing.T) {
	folder, data := history(t)
	file := filepath.Join(folder, "campaigns/advent.yaml")
	if err := os.WriteFile(file, []byte(strings.Replace(tried, "campaign: tried", "campaign: advent", 1)+
		"trigger: {once: 2020-11-20 10:00}\nsteps:\n  - sms: sorry\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const warning = "warning: the moment of campaign advent, 2020-11-20 10:00, is over: nobody will enter; write one that is still to come"
	for _, c := range []struct {
		args       []string
		want, none string
	}{
		{[]string{"plan", folder, "advent"}, "is over: nobody enters", " enter."},
		{[]string{"plan", folder, "advent"}, warning, " enter."},
		{[]string{"plan", folder, "advent", "--format", "json"}, `"over": true`, "warning"},
		{[]string{"plan", folder, "advent", "--at", "2020-11-20 10:00"}, "1 enter.", "over"},
		{[]string{"apply", folder, "--dry-run"}, warning, "in force"},
		{[]string{"apply", folder}, "campaigns/advent.yaml:6:17: " + warning, "nothing was applied"},
		{[]string{"apply", folder}, "in force", "warning"},
	} {
		out, errOut, code := rapport(t, append(c.args, "--data", data)...)
		if code != 0 || !strings.Contains(out+errOut, c.want) || strings.Contains(out+errOut, c.none) {
			t.Errorf("%v: exit %d, want %q and no %q: %s%s", c.args, code, c.want, c.none, out, errOut)
		}
	}
}

// --at is read by the rule that runs follow when clocks change.
func TestAnInstantIsThatOfARun(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2027-03-28 02:30":          "2027-03-28T01:00:00Z", // left out
		"2027-10-31 02:30":          "2027-10-31T00:30:00Z", // the first of two
		"2027-10-31 02:30:20":       "2027-10-31T00:30:20Z",
		"2027-10-31T02:30:00+01:00": "2027-10-31T01:30:00Z",
		"2026-12-01":                "2026-11-30T23:00:00Z",
	} {
		if at, err := instantOf(text, berlin); err != nil || at.Format(time.RFC3339) != want {
			t.Errorf("%s is %s, %v; want %s", text, at, err, want)
		}
	}
}

// Where a segment begins a campaign, its members count and not everybody, and an
// account of one customer says where they stand towards it.
func TestASegmentTriggerIsToldByItsMembers(t *testing.T) {
	data, draft := filepath.Join(t.TempDir(), "data"), t.TempDir()
	if err := os.CopyFS(draft, os.DirFS(shopFolder)); err != nil {
		t.Fatal(err)
	}
	people := filepath.Join(t.TempDir(), "people.csv")
	const trigger = "trigger: {segment: locals, on: enter}\nsteps:\n  - email: welcome\n"
	for path, content := range map[string]string{
		people: "id,email,country\nc1,c1@home.example,DE\nc2,c2@home.example,AT\nc3,c3@home.example,AT\n",
		filepath.Join(draft, "segments/locals.yaml"):   "segment: locals\ntitle: At home\nwhere: country == \"DE\"\n",
		filepath.Join(draft, "campaigns/locals.yaml"):  strings.Replace(tried, "campaign: tried", "campaign: local", 1) + trigger,
		filepath.Join(draft, "campaigns/goodbye.yaml"): strings.Replace(tried, "campaign: tried", "campaign: goodbye", 1) + strings.Replace(trigger, "on: enter", "on: leave", 1),
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"apply", draft}, {"import", "customers", people}} {
		if out, errOut, code := rapport(t, append(args, "--data", data)...); code != 0 {
			t.Fatal(out, errOut)
		}
	}
	for _, c := range []struct{ args, want []string }{
		{[]string{"plan", draft, "local"}, []string{"1 belong, 1 enter", "these are in locals today; it begins for those who come into it"}},
		{[]string{"plan", draft, "goodbye"}, []string{"1 belong, 1 enter", "each begins when they leave it"}},
		{[]string{"explain", "local", "c1"}, []string{"never entered: in segment locals today; it begins for those who come into it while the campaign is live"}},
		{[]string{"explain", "local", "c2"}, []string{"not in segment locals today; it begins when they come into it while the campaign is live"}},
		{[]string{"explain", "goodbye", "c1"}, []string{"in segment locals today; it begins when they leave it while the campaign is live"}},
		{[]string{"explain", "goodbye", "c2"}, []string{"not in segment locals today; it begins for those who leave it while the campaign is live"}},
	} {
		out, errOut, code := rapport(t, append(c.args, "--data", data)...)
		for _, want := range c.want {
			if code != 0 || !strings.Contains(out, want) {
				t.Errorf("%v: exit %d, no %q in %s%s", c.args, code, want, out, errOut)
			}
		}
	}
}
