package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"rapport/campaigns/rehearsal"
	"rapport/sandbox"
)

func TestASimulationSumsUpWhatWouldCome(t *testing.T) {
	simulate := func(args ...string) rehearsal.Figures {
		t.Helper()
		out, errOut, code := rapport(t, append([]string{"simulate", "after-delivery", shopFolder, "--people", "300", "--at", "2026-12-01 09:00", "--format", "json"}, args...)...)
		var figures rehearsal.Figures
		if err := json.Unmarshal([]byte(out), &figures); code != 0 || err != nil {
			t.Fatalf("exit %d, %v: %s%s", code, err, out, errOut)
		}
		return figures
	}
	usual := simulate()
	if usual.Entered == 0 || usual.Entered != usual.Finished+usual.Left+usual.Waiting {
		t.Errorf("%d entered, of whom %d finished, %d left and %d wait", usual.Entered, usual.Finished, usual.Left, usual.Waiting)
	}
	if len(usual.Mistakes) > 0 || usual.Busiest.Messages == 0 || usual.Steps[0].Reached != usual.Entered {
		t.Errorf("figures %+v", usual)
	}
	if again := simulate(); again.Busiest != usual.Busiest || again.Finished != usual.Finished || len(again.Cases) != len(usual.Cases) {
		t.Error("the same seed plays other days")
	}
	if other := simulate("--seed", "2"); other.Busiest == usual.Busiest && other.Finished == usual.Finished {
		t.Error("another seed plays the same days")
	}
	// Nobody picks up: every call is tried three times and nobody answers it.
	file := filepath.Join(t.TempDir(), "behaviour.yaml")
	if err := os.WriteFile(file, []byte("call: {busy: 0, fail: 0, no_answer: 1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	silent := simulate("--behaviour", file)
	for _, answers := range silent.Answers {
		if answers.Ask == "csat" {
			t.Errorf("%d answered a call that nobody took", answers.Answers)
		}
	}
	if silent.Failed["no_answer"] == 0 {
		t.Errorf("failed: %v", silent.Failed)
	}
	bySteps, byChannels := 0, 0
	for _, step := range silent.Steps {
		bySteps += step.Sent
	}
	for _, channel := range silent.Channels {
		byChannels += channel.Sent
	}
	if bySteps == 0 || bySteps != byChannels {
		t.Errorf("steps sent %d messages, and channels %d", bySteps, byChannels)
	}
}

func TestASimulationOfAStoreWritesNothing(t *testing.T) {
	data := t.TempDir()
	if _, errOut, code := rapport(t, "apply", shopFolder, "--data", data); code != 0 {
		t.Fatal(errOut)
	}
	people := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(people, []byte("id,email,country\nc1,c1@home.example,DE\nc2,c2@home.example,DE\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, errOut, code := rapport(t, "import", "customers", people, "--data", data); code != 0 {
		t.Fatal(out, errOut)
	}
	out, errOut, code := rapport(t, "simulate", "welcome", "--data", data)
	if code != 0 || !strings.Contains(out, "2 customers, 2 journeys") || !strings.Contains(out, "no_consent") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	if n := entered(t, data, "welcome"); n != 0 {
		t.Errorf("the simulation left %d journeys behind", n)
	}
	if _, errOut, code := rapport(t, "simulate", "wellcome", "--data", data); code != 1 || !strings.Contains(errOut, `there is no campaign "wellcome"`) {
		t.Errorf("exit %d: %s", code, errOut)
	}
}

// The page on simulations shows the usual behaviour as it is.
func TestTheUsualBehaviourIsAsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/simulate.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "```yaml\n")
	block, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("docs/simulate.md shows no behaviour")
	}
	file := filepath.Join(t.TempDir(), "behaviour.yaml")
	if err := os.WriteFile(file, []byte(block), 0o600); err != nil {
		t.Fatal(err)
	}
	shown, err := readBehaviour(file)
	if err != nil || !reflect.DeepEqual(shown, sandbox.Lifelike()) {
		t.Errorf("%v\nshown %+v\nusual %+v", err, shown, sandbox.Lifelike())
	}
}

// simulated takes made-up people through a campaign that is written here.
func simulated(t *testing.T, campaign, behaviour string, args ...string) (out, errOut string, code int) {
	t.Helper()
	folder, file := t.TempDir(), filepath.Join(t.TempDir(), "behaviour.yaml")
	if err := os.CopyFS(folder, os.DirFS(shopFolder)); err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string]string{filepath.Join(folder, "campaigns/tried.yaml"): campaign, file: behaviour} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return rapport(t, append([]string{"simulate", "tried", folder, "--people", "400", "--behaviour", file}, args...)...)
}

func figuresOf(t *testing.T, out, errOut string, code int) (figures rehearsal.Figures) {
	t.Helper()
	if err := json.Unmarshal([]byte(out), &figures); code != 0 || err != nil {
		t.Fatalf("exit %d, %v: %s%s", code, err, out, errOut)
	}
	return figures
}

const tried = "campaign: tried\ntitle: Tried\nowner: marketing\ntopic: service\nstate: live\n"

// Who enters late does as often what the campaign is for as who enters early.
func TestTheGoalsBaselineCountsFromEntering(t *testing.T) {
	campaign := tried + "trigger: {event: Tried}\ngoal: {event: Order Completed, within: 10d}\nsteps:\n  - wait: 1d\n"
	out, errOut, code := simulated(t, campaign, "goal: {anyway: 0.5, within: 1h-2h}\n", "--days", "30", "--format", "json")
	f := figuresOf(t, out, errOut, code)
	if reached := float64(f.Goal.Reached) / float64(f.Entered); reached < 0.4 || reached > 0.6 {
		t.Errorf("%d of %d reached the goal, of whom half would", f.Goal.Reached, f.Entered)
	}
}

func TestASimulationJudgesTheTriggersCondition(t *testing.T) {
	campaign := tried + "trigger: {event: Tried, where: event.total >= 100}\nsteps:\n  - wait: 1d\n"
	for total, enter := range map[string]bool{"event.total=20": false, "total=120": true} {
		out, errOut, code := simulated(t, campaign, "", "--set", total, "--format", "json")
		if f := figuresOf(t, out, errOut, code); (f.Entered > 0) != enter || (f.Unmet > 0) == enter {
			t.Errorf("with %s %d enter, and %d do not", total, f.Entered, f.Unmet)
		}
	}
	out, errOut, code := simulated(t, campaign, "")
	if code != 0 || !strings.Contains(out, "left aside: --set gives no event.total") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
}

func TestAwaitedEventsComeAsProbableAsTheBehaviourSays(t *testing.T) {
	campaign := tried + "trigger: {event: Tried}\nsteps:\n  - wait: {for: Order Delivered, where: event.order_id == \"A7\", at_most: 5d}\n    id: parcel\n"
	out, errOut, code := simulated(t, campaign, "events: {Order Delivered: 0.8}\n", "--set", "order_id=A7", "--days", "60", "--format", "json")
	f := figuresOf(t, out, errOut, code).Awaited["Order Delivered"]
	if came := float64(f.Happened) / float64(f.Happened+f.TimedOut); came < 0.7 || came > 0.9 {
		t.Errorf("came %d times of %d, of which eight in ten would", f.Happened, f.Happened+f.TimedOut)
	}
	if out, _, _ := simulated(t, campaign, ""); !strings.Contains(out, "drawn with 0.5 (usual") {
		t.Errorf("by what the event was drawn is not told: %s", out)
	}
}

func TestABroadcastThatDoesNotGoOutIsNoSimulation(t *testing.T) {
	campaign := tried + "trigger: {once: 2027-01-04 09:00, zone: customer}\nsteps:\n  - wait: 1d\n"
	if out, errOut, code := simulated(t, campaign, "", "--at", "2027-01-05 09:00"); code != 1 || !strings.Contains(errOut, "2027-01-04") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	out, errOut, code := simulated(t, campaign, "", "--at", "2027-01-04 09:00", "--format", "json")
	if f := figuresOf(t, out, errOut, code); f.Entered == 0 {
		t.Error("nobody enters at the time that their clocks show")
	}
}

// Who would have met the start before the days began meets it in one of them like
// everybody else, and not all together in their first minute.
func TestASimulationSpreadsPeopleEvenlyOverItsDays(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	const people, days = 7200, 3
	for _, start := range []time.Time{
		time.Date(2026, 12, 1, 17, 30, 0, 0, berlin), time.Date(2026, 12, 1, 9, 0, 0, 0, berlin), time.Date(2026, 12, 1, 22, 0, 0, 0, berlin),
		time.Date(2026, 10, 23, 12, 0, 0, 0, berlin), // the clocks are turned back on the third day
	} {
		when := (&simulating{days: days, seed: 3}).moments(start, berlin)
		hours := map[time.Time]int{}
		for n := range people {
			at := when(strconv.Itoa(n))
			if at.Before(start) || !at.Before(start.Add(days*24*time.Hour)) || at.Hour() < 8 || at.Hour() >= 20 {
				t.Fatalf("begun at %s, somebody meets it at %s", start, at)
			}
			hours[at.Truncate(time.Hour)]++
		}
		const usual = people / (days * 12)
		for hour, met := range hours { // an hour that is cut by the beginning has fewer
			if met > usual*5/4 {
				t.Errorf("begun at %s, %d meet it in the hour of %s, where about %d are usual", start, met, hour, usual)
			}
		}
	}
}
