package workers_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/hibiken/asynq"

	"rapport/channels"
	"rapport/channels/call"
	"rapport/channels/twilio"
	"rapport/customers"
	"rapport/recordings"
	"rapport/store"
	"rapport/store/storetest"
	"rapport/workers"
)

// archive is Twilio's recordings: a status, what was asked, and what is not there any
// more.
type archive struct {
	stalls  atomic.Value // the name of a recording that never comes
	status  atomic.Int64
	refuses atomic.Int64 // a status for whoever deletes
	asked   atomic.Value // "GET /path", the last
	fetched atomic.Int64
	deleted atomic.Int64
	gone    sync.Map // names
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
	name, _, _ := strings.Cut(path.Base(r.URL.Path), ".")
	_, gone := a.gone.Load(name)
	switch {
	case r.Method == http.MethodDelete && a.refuses.Load() != 0:
		w.WriteHeader(int(a.refuses.Load()))
	case gone:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodDelete:
		a.deleted.Add(1)
		a.gone.Store(name, true)
		w.WriteHeader(http.StatusNoContent)
	case a.status.Load() != 0:
		w.Header().Set("Location", "http://169.254.169.254/latest")
		w.WriteHeader(int(a.status.Load()))
	default:
		a.fetched.Add(1)
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

// mortal is a process that dies at a step: before or after anything that it does to the
// ledger, the vault and the provider.
type mortal struct {
	recordings.Ledger
	recordings.Vault
	channels.Recorder
	steps, diesAt int
}

// dies is what a mortal panics with.
type dies struct{}

func (m *mortal) step() {
	if m.steps++; m.steps == m.diesAt {
		panic(dies{})
	}
}

// around does something with a step before it and one after.
func around[T any](m *mortal, do func() (T, error)) (T, error) {
	m.step()
	defer m.step()
	return do()
}

func (m *mortal) Due(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]recordings.Recording, error) {
	return around(m, func() ([]recordings.Recording, error) { return m.Ledger.Due(ctx, now, lease, limit) })
}

func (m *mortal) LeaseOld(ctx context.Context, now, than time.Time, lease time.Duration, limit int) ([]recordings.Recording, error) {
	return around(m, func() ([]recordings.Recording, error) { return m.Ledger.LeaseOld(ctx, now, than, lease, limit) })
}

func (m *mortal) Settle(ctx context.Context, r recordings.Recording) error {
	_, err := around(m, func() (none struct{}, err error) { return none, m.Ledger.Settle(ctx, r) })
	return err
}

func (m *mortal) Put(ctx context.Context, key, media string, sound io.Reader) (int64, error) {
	return around(m, func() (int64, error) { return m.Vault.Put(ctx, key, media, sound) })
}

func (m *mortal) Delete(ctx context.Context, key string) error {
	_, err := around(m, func() (none struct{}, err error) { return none, m.Vault.Delete(ctx, key) })
	return err
}

func (m *mortal) DeleteRecording(ctx context.Context, name string) error {
	_, err := around(m, func() (none struct{}, err error) { return none, m.Recorder.DeleteRecording(ctx, name) })
	return err
}

// tend lets a keeper die where it is to, and another go on when its leases are over.
func (m *mortal) tend(t *testing.T, k *workers.Keeper, at *time.Time) {
	t.Helper()
	func() {
		defer func() {
			if why := recover(); why != nil && why != (dies{}) {
				panic(why)
			}
		}()
		dying := *k
		dying.Ledger, dying.Vault, dying.Recorder = m, m, m
		ok(t, dying.Tend(t.Context()))
	}()
	for range 2 {
		*at = at.Add(11 * time.Minute)
		ok(t, k.Tend(t.Context()))
	}
}

// A worker may die between any two of its acts: the sound is at hand until it is old, it
// is nowhere after that, and at the provider only until it is here.
func TestNoDeathOfAWorkerLosesOrLeavesASound(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t))
	k, twilios, at := kept(t, s, "RE0123456789")
	ok(t, k.Tend(t.Context()))
	deaths := 0
	for died := true; died; deaths++ {
		name, customer := fmt.Sprintf("RE%010d", deaths), fmt.Sprintf("d-%d", deaths)
		ok(t, s.Recordings().Add(t.Context(), []recordings.Recording{{ProviderID: name, Customer: customer, Kind: recordings.Answer, At: *at, State: recordings.Waiting, DueAt: *at}}))
		m := &mortal{Ledger: k.Ledger, Vault: k.Vault, Recorder: k.Recorder, diesAt: deaths + 1}
		m.tend(t, k, at)
		r := only(t, s, customer)
		if r.State != recordings.Kept || !r.DueAt.IsZero() || heard(t, k.Vault, r) != "RIFF" {
			t.Errorf("after a death at step %d: %+v, heard %q", m.diesAt, r, heard(t, k.Vault, r))
		}
		if _, gone := twilios.gone.Load(name); !gone {
			t.Errorf("after a death at step %d it stays at the provider", m.diesAt)
		}
		*at = at.Add(91 * 24 * time.Hour)
		m.tend(t, k, at)
		if r := only(t, s, customer); r.State != recordings.Deleted || heard(t, k.Vault, r) != "" {
			t.Errorf("after a death at step %d and its time: %+v, heard %q", m.diesAt, r, heard(t, k.Vault, r))
		}
		died = m.steps >= m.diesAt
	}
	if deaths < 15 {
		t.Errorf("only %d deaths were died", deaths)
	}
}

// heard is the sound of a recording, "" where there is none.
func heard(t *testing.T, vault recordings.Vault, r recordings.Recording) string {
	t.Helper()
	sound, err := vault.Open(t.Context(), r.Key())
	if errors.Is(err, recordings.ErrUnknown) {
		return ""
	}
	ok(t, err)
	whole, err := io.ReadAll(sound)
	ok(t, errors.Join(err, sound.Close()))
	return string(whole)
}

// unwritten is a ledger whose database takes no outcome.
type unwritten struct{ recordings.Ledger }

func (unwritten) Settle(context.Context, recordings.Recording) error {
	return errors.New("the database is away")
}

// Nothing is deleted at the provider before it is written down that it is here.
func TestAnOutcomeThatIsNotWrittenLosesNoSound(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t))
	k, twilios, at := kept(t, s, "RE0123456789")
	ledger := k.Ledger
	k.Ledger = unwritten{ledger}
	if err := k.Tend(t.Context()); err == nil {
		t.Error("nobody is told")
	}
	if twilios.deleted.Load() != 0 {
		t.Error("it is deleted at the provider")
	}
	k.Ledger = ledger
	*at = at.Add(11 * time.Minute)
	ok(t, k.Tend(t.Context()))
	if r := only(t, s, "c-1"); r.State != recordings.Kept || !r.DueAt.IsZero() || heard(t, k.Vault, r) != "RIFF" || twilios.deleted.Load() != 1 {
		t.Errorf("it is %+v, heard %q", r, heard(t, k.Vault, r))
	}
}

// closed is a vault that takes nothing and deletes nothing, by a key that expired or on
// a disk that is full.
type closed struct{ recordings.Vault }

var errClosed = errors.New("the access key does not exist")

func (closed) Put(_ context.Context, _, _ string, sound io.Reader) (int64, error) {
	_, err := io.CopyN(io.Discard, sound, 2)
	return 0, errors.Join(errClosed, err)
}

func (closed) Delete(context.Context, string) error { return errClosed }

func TestAVaultThatIsAwayLosesNoRecording(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t))
	k, twilios, at := kept(t, s, "RE0123456789")
	waits(t, s, "RE9876543210", "c-2")
	vault := k.Vault
	k.Vault = closed{vault}
	var pause time.Duration
	for at.Before(noon.Add(14 * 24 * time.Hour)) {
		before := twilios.fetched.Load()
		if err := k.Tend(t.Context()); !errors.Is(err, errClosed) {
			t.Fatalf("at %s nobody is told: %v", at, err)
		}
		if fetched := twilios.fetched.Load() - before; fetched != 1 {
			t.Fatalf("%d recordings were fetched for a vault that takes none", fetched)
		}
		one, other := only(t, s, "c-1"), only(t, s, "c-2")
		if one.DueAt.Before(other.DueAt) {
			one, other = other, one
		}
		if one.State != recordings.Waiting || one.Attempts != 0 || !strings.Contains(one.Trouble, errClosed.Error()) {
			t.Fatalf("at %s: %+v", at, one)
		}
		if pause = one.DueAt.Sub(*at); pause < 30*time.Second || pause > time.Hour {
			t.Fatalf("at %s it waits for %s", at, pause)
		}
		if other.DueAt.After(*at) {
			*at = other.DueAt
		}
	}
	if pause != time.Hour {
		t.Errorf("after two weeks it waits for %s", pause)
	}
	k.Vault = vault
	*at = at.Add(time.Hour)
	ok(t, k.Tend(t.Context()))
	for _, customer := range []string{"c-1", "c-2"} {
		if r := only(t, s, customer); r.State != recordings.Kept || r.Trouble != "" || heard(t, vault, r) != "RIFF" {
			t.Errorf("when the vault is back: %+v", r)
		}
	}
}

// What the provider breaks off is the provider's, and given up as what it refuses is.
func TestASoundThatBreaksOffIsNotTheVaultsTrouble(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t))
	k, _, at := kept(t, s, "RE0123456789")
	k.Recorder = breaking{k.Recorder}
	for range 12 {
		ok(t, k.Tend(t.Context()))
		*at = at.Add(7 * time.Hour)
	}
	if r := only(t, s, "c-1"); r.State != recordings.Lost || r.Attempts != 12 {
		t.Errorf("it is %+v", r)
	}
}

// breaking is a provider whose sounds break off.
type breaking struct{ channels.Recorder }

func (breaking) Recording(context.Context, string) (io.ReadCloser, string, error) {
	return io.NopCloser(io.MultiReader(strings.NewReader("RI"), iotest.ErrReader(io.ErrUnexpectedEOF))), "audio/x-wav", nil
}

// Whatever became of a recording: when its customer is erased nothing of it is left,
// neither here nor at the provider, however long either cannot delete.
func TestNothingIsLeftOfTheVoiceOfSomebodyErased(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		s.ErasureKeys = [][]byte{[]byte("0123456789abcdef0123456789abcdef")}
		_, err := s.PutCustomers(t.Context(), noon, []customers.Customer{{ID: "c-9", FirstName: "Ada"}})
		ok(t, err)
		k, twilios, at := kept(t, s, "RE0123456789")
		var names []string
		for _, state := range []recordings.State{recordings.Waiting, recordings.Kept, recordings.Lost, recordings.Deleted} {
			for _, there := range []bool{true, false} {
				r := recordings.Recording{ProviderID: fmt.Sprintf("RE%010d", len(names)), Customer: "c-9", Kind: recordings.Conversation, At: noon, State: state}
				if state == recordings.Waiting {
					r.DueAt = noon
				}
				ok(t, s.Recordings().Add(t.Context(), []recordings.Recording{r}))
				if !there {
					twilios.gone.Store(r.ProviderID, true)
				}
				names = append(names, r.ProviderID)
			}
		}
		all, err := s.Recordings().OfCustomer(t.Context(), "c-9")
		ok(t, err)
		for _, r := range all {
			if r.State != recordings.Deleted { // also of those that wait or are lost a worker may have kept the sound
				_, err := k.Vault.Put(t.Context(), r.Key(), "audio/x-wav", strings.NewReader("RIFF"))
				ok(t, err)
			}
		}
		gone, err := s.Erase(t.Context(), "c-9", "alias-9", *at)
		ok(t, err)
		if gone.Recordings != int64(len(names)) {
			t.Errorf("of %d recordings the erasure knows %d", len(names), gone.Recordings)
		}
		vault := k.Vault
		k.Vault = closed{vault}
		twilios.refuses.Store(http.StatusUnauthorized)
		for range 20 {
			_ = k.Tend(t.Context()) // which tells of the vault
			*at = at.Add(7 * time.Hour)
		}
		k.Vault = vault
		twilios.refuses.Store(0)
		for range 3 {
			ok(t, k.Tend(t.Context()))
			*at = at.Add(11 * time.Minute)
		}
		for _, r := range all {
			is, err := s.Recordings().Recording(t.Context(), r.ID)
			ok(t, err)
			_, there := twilios.gone.Load(r.ProviderID)
			if is.State != recordings.Deleted || !is.DueAt.IsZero() || is.Customer == "c-9" || heard(t, vault, r) != "" || !there {
				t.Errorf("one that was %s is %+v, at the provider no more: %v, heard %q", r.State, is, there, heard(t, vault, r))
			}
		}
		if r := only(t, s, "c-1"); r.State != recordings.Kept || heard(t, vault, r) != "RIFF" {
			t.Errorf("somebody else's is %+v", r)
		}
	})
}

// One that counts as lost may have been kept by a worker that could not write it down.
func TestWhatCountsAsLostIsDeletedWhenItIsOld(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		k, twilios, at := kept(t, s, "RE0123456789")
		twilios.status.Store(http.StatusNotFound)
		for range 12 {
			ok(t, k.Tend(t.Context()))
			*at = at.Add(7 * time.Hour)
		}
		r := only(t, s, "c-1")
		_, err := k.Vault.Put(t.Context(), r.Key(), "audio/x-wav", strings.NewReader("RIFF"))
		ok(t, err)
		ok(t, k.Tend(t.Context()))
		if r := only(t, s, "c-1"); r.State != recordings.Lost {
			t.Errorf("before its time it is %s", r.State)
		}
		*at = at.Add(91 * 24 * time.Hour)
		if pending, err := k.Ledger.Pending(t.Context(), *at, at.Add(-k.For), true); err != nil || !pending {
			t.Errorf("there is something to be done: %v, %v", pending, err)
		}
		ok(t, k.Tend(t.Context()))
		if r := only(t, s, "c-1"); r.State != recordings.Deleted || heard(t, k.Vault, r) != "" {
			t.Errorf("after its time it is %s, heard %q", r.State, heard(t, k.Vault, r))
		}
	})
}

// An erasure beside a fetch stands: what the fetch brings is deleted.
func TestWhatIsFetchedBesideAnErasureIsDeleted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		s.ErasureKeys = [][]byte{[]byte("0123456789abcdef0123456789abcdef")}
		for _, status := range []int{http.StatusOK, http.StatusServiceUnavailable} {
			k, twilios, at := kept(t, s, fmt.Sprintf("RE0123456%03d", status))
			r := only(t, s, "c-1")
			if status != http.StatusOK {
				twilios.status.Store(int64(status))
			}
			k.Recorder = erasing{k.Recorder, func() {
				_, err := s.Erase(t.Context(), "c-1", fmt.Sprint("alias-", status), *at)
				ok(t, err)
			}}
			ok(t, k.Tend(t.Context()))
			k.Recorder = k.Recorder.(erasing).Recorder
			*at = at.Add(time.Second)
			ok(t, k.Tend(t.Context()))
			is, err := s.Recordings().Recording(t.Context(), r.ID)
			ok(t, err)
			if is.State != recordings.Deleted || !is.DueAt.IsZero() || heard(t, k.Vault, r) != "" || twilios.deleted.Load() != 1 {
				t.Errorf("it is %+v, heard %q, deleted %d at the provider", is, heard(t, k.Vault, r), twilios.deleted.Load())
			}
		}
	})
}

// erasing is a provider at which a fetch comes while the customer is erased.
type erasing struct {
	channels.Recorder
	erase func()
}

func (e erasing) Recording(ctx context.Context, name string) (io.ReadCloser, string, error) {
	e.erase()
	return e.Recorder.Recording(ctx, name)
}

// Recordings are deleted when they are old although no provider of calls is configured
// any more.
func TestWhatIsOldIsDeletedWithoutAProvider(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t))
	k, _, at := kept(t, s, "RE0123456789")
	ok(t, k.Tend(t.Context()))
	k.Recorder = nil
	*at = at.Add(91 * 24 * time.Hour)
	waits(t, s, "RE9876543210", "c-2")
	pending := func(want bool) {
		t.Helper()
		if pending, err := k.Ledger.Pending(t.Context(), *at, at.Add(-k.For), k.Recorder != nil); err != nil || pending != want {
			t.Errorf("something is to be done: %v, %v", pending, err)
		}
	}
	pending(true)
	ok(t, k.Tend(t.Context()))
	if r := only(t, s, "c-1"); r.State != recordings.Deleted || heard(t, k.Vault, r) != "" {
		t.Errorf("it is %+v", r)
	}
	pending(false) // nobody can fetch the other
}

// An erasure at the provider does not wait for a vault that is away.
func TestAVaultThatIsAwayDelaysNoDeletion(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		k, twilios, at := kept(t, s, "RE0123456789")
		ok(t, s.Recordings().Add(t.Context(), []recordings.Recording{{
			ProviderID: "RE9999999999", Customer: "c-3", Kind: recordings.Answer, At: *at, State: recordings.Kept, DueAt: at.Add(time.Second),
		}}))
		waits(t, s, "RE9876543210", "c-2")
		*at = at.Add(time.Minute)
		k.Vault = closed{k.Vault}
		if err := k.Tend(t.Context()); !errors.Is(err, errClosed) {
			t.Fatalf("nobody is told: %v", err)
		}
		if r := only(t, s, "c-3"); twilios.deleted.Load() != 1 || !r.DueAt.IsZero() {
			t.Errorf("deleted at the provider were %d: %+v", twilios.deleted.Load(), r)
		}
		if fetched := twilios.fetched.Load(); fetched != 1 {
			t.Errorf("%d recordings were fetched for a vault that takes none", fetched)
		}
	})
}
