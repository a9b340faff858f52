package workers_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

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
