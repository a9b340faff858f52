package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/sandbox"
	"rapport/store"
	"rapport/store/storetest/fresh"
)

// All roles go through a pooler in transaction mode: a campaign comes to its end,
// and retention takes years out of the timeline meanwhile.
func TestRolesThroughAPooler(t *testing.T) {
	const people = 20
	r := newRig(t, fresh.ThroughPooler(t), sandbox.Behaviour{Push: sandbox.PushBehaviour{Show: 1}})
	r.useRedis()
	t.Setenv("RAPPORT_RETENTION_TIMELINE", "90d")
	if out, errOut, code := rapport(t, "migrate", "--config", r.configPath()); code != 0 {
		t.Fatal(out, errOut)
	}
	r.fill(mixed, people, "Noted")
	r.remembers("Visited", now().AddDate(-3, 0, 0))
	if !r.knows("Visited") {
		t.Fatal("what is too old is not on the timeline: the test shows nothing")
	}
	roles := []*operated{r.operate("scheduler"), r.operate("worker"), r.operate("web")}
	for _, role := range roles {
		role.becomes(http.StatusOK, "store")
	}
	r.track("Go", people)
	var now []standing
	defer func() {
		if t.Failed() {
			t.Logf("it stands at %+v", now)
		}
	}()
	eventually(t, 60*time.Second, "the campaign has come to its end, and its providers have said so", func() bool {
		now = nil
		asJSON(t, &now, "status", "--config", r.configPath())
		return len(now) == 1 && now[0].Entered == people && now[0].Running == 0 && now[0].Sent == 4*people && now[0].Delivered == 4*people
	})
	r.everybodyHasOne(people)
	// It goes with the table it is in, which is tried once a minute.
	eventually(t, 150*time.Second, "what is too old has gone", func() bool { return !r.knows("Visited") })
	if !r.knows("Noted") {
		t.Error("what is new has gone with it")
	}
	for _, role := range roles {
		role.signal(syscall.SIGTERM)
		if role.stderr.Len() > 0 || role.cmd.ProcessState.ExitCode() != 0 {
			t.Errorf("%s left with %d\n%s", role.cmd.Args[1], role.cmd.ProcessState.ExitCode(), role.stderr)
		}
	}
}

// remembers puts something that happened to the first of the rig's people on the
// timeline.
func (r *rig) remembers(event string, at time.Time) {
	r.t.Helper()
	s, err := store.Open(r.t.Context(), r.dsn)
	if err != nil {
		r.t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Append(r.t.Context(), []customers.Event{{Customer: "p00000", Name: event, At: at, ReceivedAt: at, Key: event}}); err != nil {
		r.t.Fatal(err)
	}
}

// knows reports whether something that happened to them is on the timeline.
func (r *rig) knows(event string) bool {
	r.t.Helper()
	s, err := store.Open(r.t.Context(), r.dsn)
	if err != nil {
		r.t.Fatal(err)
	}
	defer s.Close()
	lines, err := s.Of(r.t.Context(), "p00000", 1000)
	if err != nil {
		r.t.Fatal(err)
	}
	return slices.ContainsFunc(lines, func(e customers.Event) bool { return e.Name == event })
}

// track tells the doors of an event of each of the rig's people.
func (r *rig) track(event string, people int) {
	r.t.Helper()
	var batch []map[string]any
	for n := range people {
		batch = append(batch, map[string]any{"type": "track", "userId": fmt.Sprintf("p%05d", n), "event": event, "messageId": fmt.Sprint(event, n)})
	}
	body, err := json.Marshal(map[string]any{"batch": batch})
	if err != nil {
		r.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, "http://"+r.address+"/v1/batch", bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.SetBasicAuth("rig-write-key", "")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		r.t.Fatalf("the events were answered %d", answer.StatusCode)
	}
}

// everybodyHasOne judges by what the providers accepted: one message of each channel
// for each of the rig's people.
func (r *rig) everybodyHasOne(people int) {
	r.t.Helper()
	raw, err := os.ReadFile(r.log)
	if err != nil {
		r.t.Fatal(err)
	}
	copies := map[channels.Channel]map[string]int{}
	for line := range bytes.Lines(raw) {
		var one sandbox.Accepted
		if err := json.Unmarshal(line, &one); err != nil {
			r.t.Fatal(err)
		}
		if copies[one.Channel] == nil {
			copies[one.Channel] = map[string]int{}
		}
		copies[one.Channel][one.To]++
	}
	for _, ch := range []channels.Channel{channels.Email, channels.SMS, channels.Call, channels.Push} {
		if n := len(copies[ch]); n != people {
			r.t.Errorf("%s: %d of %d people have theirs", ch, n, people)
		}
		for _, n := range copies[ch] {
			if n != 1 {
				r.t.Errorf("%s: somebody got %d copies", ch, n)
			}
		}
	}
}
