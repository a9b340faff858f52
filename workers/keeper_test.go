package workers_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"rapport/channels"
	"rapport/channels/call"
	"rapport/channels/twilio"
	"rapport/recordings"
	"rapport/store"
	"rapport/store/storetest"
	"rapport/workers"
)

// archive is Twilio's recordings: a status, and what was asked.
type archive struct {
	stalls  atomic.Value // the name of a recording that never comes
	status  atomic.Int64
	asked   atomic.Value // "GET /path", the last
	deleted atomic.Int64
}

func (a *archive) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	if user != "AC1" || password != "secret" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	a.asked.Store(r.Method + " " + r.URL.Path)
	if stalls, some := a.stalls.Load().(string); some && strings.Contains(r.URL.Path, stalls) {
		<-r.Context().Done()
		return
	}
	switch {
	case r.Method == http.MethodDelete:
		a.deleted.Add(1)
		w.WriteHeader(http.StatusNoContent)
	case a.status.Load() != 0:
		w.Header().Set("Location", "http://169.254.169.254/latest")
		w.WriteHeader(int(a.status.Load()))
	default:
		w.Header().Set("Content-Type", "audio/x-wav")
		_, _ = io.WriteString(w, "RIFF")
	}
}

// kept is a keeper on a fresh store, with a recording that waits.
func kept(t *testing.T, s *store.Store, name string) (*workers.Keeper, *archive, *time.Time) {
	t.Helper()
	twilios := &archive{}
	server := httptest.NewServer(twilios)
	t.Cleanup(server.Close)
	sender, err := call.Twilio{Account: twilio.Account{AccountSID: "AC1", AuthToken: "secret", BaseURL: server.URL}}.Open()
	ok(t, err)
	at := noon
	ok(t, s.Recordings().Add(t.Context(), []recordings.Recording{{
		ProviderID: name, Customer: "c-1", Kind: recordings.Answer, Question: "comment", At: at, State: recordings.Waiting, DueAt: at,
	}}))
	return &workers.Keeper{
		Ledger: s.Recordings(), Vault: recordings.Folder{Path: t.TempDir()}, Recorder: sender.(channels.Recorder),
		For: 90 * 24 * time.Hour, Move: true, Now: func() time.Time { return at }, Log: slog.New(slog.DiscardHandler),
	}, twilios, &at
}

func only(t *testing.T, s *store.Store, customer string) recordings.Recording {
	t.Helper()
	all, err := s.Recordings().OfCustomer(t.Context(), customer)
	ok(t, err)
	if len(all) != 1 {
		t.Fatalf("there are %d recordings", len(all))
	}
	return all[0]
}

func TestARecordingIsFetchedKeptAndDeletedInTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		k, twilios, at := kept(t, s, "RE0123456789")
		ok(t, k.Tend(t.Context()))
		r := only(t, s, "c-1")
		if r.State != recordings.Kept || r.Size != 4 || r.Media != "audio/x-wav" || !r.DueAt.IsZero() || r.Attempts != 0 {
			t.Fatalf("after the fetch: %+v", r)
		}
		sound, err := k.Vault.Open(t.Context(), r.Key())
		ok(t, err)
		whole, err := io.ReadAll(sound)
		ok(t, err)
		ok(t, sound.Close())
		if string(whole) != "RIFF" || twilios.deleted.Load() != 1 {
			t.Errorf("kept %q, deleted %d at the provider", whole, twilios.deleted.Load())
		}
		*at = at.Add(90*24*time.Hour + time.Second)
		ok(t, k.Tend(t.Context()))
		if r := only(t, s, "c-1"); r.State != recordings.Deleted {
			t.Errorf("after ninety days: %+v", r)
		}
		if _, err := k.Vault.Open(t.Context(), r.Key()); err == nil {
			t.Error("the sound is still there")
		}
	})
}

// Twilio needs a moment to have a recording ready, and may be down for hours; the
// row says when it is tried again, whatever becomes of the worker.
func TestAFetchThatFailsIsTriedAgain(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t))
	k, twilios, at := kept(t, s, "RE0123456789")
	for i, status := range []int{http.StatusNotFound, http.StatusServiceUnavailable, http.StatusTemporaryRedirect} {
		twilios.status.Store(int64(status))
		ok(t, k.Tend(t.Context()))
		r := only(t, s, "c-1")
		if r.State != recordings.Waiting || !r.DueAt.Equal(at.Add(30*time.Second<<i)) || r.Trouble == "" {
			t.Errorf("after %d: %+v", status, r)
		}
		ok(t, k.Tend(t.Context())) // before its time nothing is tried
		if again := only(t, s, "c-1"); again.Attempts != i+1 {
			t.Errorf("%d attempts", again.Attempts)
		}
		*at = r.DueAt
	}
	for range 20 {
		ok(t, k.Tend(t.Context()))
		*at = at.Add(7 * time.Hour)
	}
	if r := only(t, s, "c-1"); r.State != recordings.Lost || r.Attempts != 12 || strings.Contains(r.Trouble, "secret") {
		t.Errorf("in the end: %+v", r)
	}
}

// A recording is fetched by its name from the provider's own host; what a callback
// calls its address leads nowhere.
func TestOnlyTheProvidersHostIsAsked(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t))
	k, twilios, _ := kept(t, s, "RE0123456789/../../../latest")
	ok(t, k.Tend(t.Context()))
	if asked := twilios.asked.Load(); asked != nil {
		t.Errorf("asked %v", asked)
	}
	if r := only(t, s, "c-1"); r.State != recordings.Waiting || r.Trouble == "" {
		t.Errorf("%+v", r)
	}
}

// waits adds another recording that is to be fetched.
func waits(t *testing.T, s *store.Store, name, customer string) {
	t.Helper()
	ok(t, s.Recordings().Add(t.Context(), []recordings.Recording{{
		ProviderID: name, Customer: customer, Kind: recordings.Answer, Question: "comment", At: noon, State: recordings.Waiting, DueAt: noon,
	}}))
}

func TestARecordingThatStallsTakesNoOthersTime(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t))
	k, twilios, _ := kept(t, s, "RE0123456789")
	waits(t, s, "RE9876543210", "c-2")
	twilios.stalls.Store("RE0123456789")
	k.Fetch = 300 * time.Millisecond // the keeper's patience, not the test's
	ok(t, k.Tend(t.Context()))
	if r := only(t, s, "c-1"); r.State != recordings.Waiting || r.Attempts != 1 || r.Trouble == "" {
		t.Errorf("the one that stalls: %+v", r)
	}
	if r := only(t, s, "c-2"); r.State != recordings.Kept {
		t.Errorf("its neighbour: %+v", r)
	}
}

// A worker that is told to stop has tried nothing.
func TestTheEndOfATaskCountsAgainstNoRecording(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t))
	k, twilios, _ := kept(t, s, "RE0123456789")
	waits(t, s, "RE9876543210", "c-2")
	ctx, stop := context.WithCancel(t.Context())
	twilios.stalls.Store("RE0123456789")
	k.Recorder = stopping{k.Recorder, stop}
	ok(t, k.Tend(ctx))
	for _, customer := range []string{"c-1", "c-2"} {
		if r := only(t, s, customer); r.State != recordings.Waiting || r.Attempts != 0 || r.Trouble != "" || !r.DueAt.Equal(noon) {
			t.Errorf("%s: %+v", customer, r)
		}
	}
	k.Recorder = k.Recorder.(stopping).Recorder
	twilios.stalls.Store("none")
	ok(t, k.Tend(t.Context()))
	for _, customer := range []string{"c-1", "c-2"} {
		if r := only(t, s, customer); r.State != recordings.Kept {
			t.Errorf("%s afterwards: %+v", customer, r)
		}
	}
}

// What was done before the end counts: the provider may not have it any more.
func TestTheEndOfATaskUndoesNothing(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t))
	k, twilios, _ := kept(t, s, "RE0123456789")
	ctx, stop := context.WithCancel(t.Context())
	k.Recorder = moved{k.Recorder, stop}
	ok(t, k.Tend(ctx))
	if r := only(t, s, "c-1"); r.State != recordings.Kept || !r.DueAt.IsZero() || twilios.deleted.Load() != 1 {
		t.Errorf("deleted %d at the provider, and here it is %+v", twilios.deleted.Load(), r)
	}
}

// moved ends the task when a recording has been deleted at the provider.
type moved struct {
	channels.Recorder
	stop func()
}

func (r moved) DeleteRecording(ctx context.Context, name string) error {
	defer r.stop()
	return r.Recorder.DeleteRecording(ctx, name)
}

// stopping ends the task while a recording is fetched.
type stopping struct {
	channels.Recorder
	stop func()
}

func (r stopping) Recording(ctx context.Context, name string) (io.ReadCloser, string, error) {
	r.stop()
	return r.Recorder.Recording(ctx, name)
}

// A fetch may take as long as the provider's time-out: the task lasts longer.
func TestATaskOutlastsAFetch(t *testing.T) {
	s := open(t, files)
	k, _, _ := kept(t, s.store, "RE0123456789")
	k.Queue = workers.OpenQueue(s.redis)
	ok(t, k.Round(t.Context()))
	tasks, err := asynq.NewInspectorFromRedisClient(s.redis).ListPendingTasks("journey")
	ok(t, err)
	if len(tasks) != 1 || tasks[0].Timeout <= 5*time.Minute {
		t.Errorf("%d tasks, of %+v", len(tasks), tasks)
	}
}

func TestWhatCannotBeDeletedKeepsNoOther(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t))
	k, _, at := kept(t, s, "RE0123456789")
	waits(t, s, "RE9876543210", "c-2")
	ok(t, k.Tend(t.Context()))
	stuck := only(t, s, "c-1")
	file := filepath.Join(k.Vault.(recordings.Folder).Path, filepath.FromSlash(stuck.Key()))
	ok(t, os.Remove(file))
	ok(t, os.MkdirAll(filepath.Join(file, "in the way"), 0o700))
	*at = at.Add(90*24*time.Hour + time.Second)
	if err := k.Tend(t.Context()); err == nil {
		t.Error("nobody is told")
	}
	if one, other := only(t, s, "c-1"), only(t, s, "c-2"); one.State != recordings.Kept || other.State != recordings.Deleted {
		t.Errorf("the one that is stuck is %s, the other %s", one.State, other.State)
	}
	ok(t, k.Tend(t.Context())) // it rests
	ok(t, os.RemoveAll(file))
	*at = at.Add(time.Hour)
	ok(t, k.Tend(t.Context()))
	if r := only(t, s, "c-1"); r.State != recordings.Deleted {
		t.Errorf("when nothing is in the way any more it is %s", r.State)
	}
}
