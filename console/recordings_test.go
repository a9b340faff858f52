package console_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"rapport/recordings"
)

// tape keeps a recording of c-1, and its sound where it is kept.
func (s *shop) tape(of recordings.Recording, sound string) string {
	s.t.Helper()
	of.ProviderID, of.Customer, of.Kind, of.At = "RE"+strconv.Itoa(int(of.Entry+of.Case)), "c-1", recordings.Answer, s.now.Add(-time.Hour)
	book := s.store.Recordings()
	if err := book.Add(s.t.Context(), []recordings.Recording{of}); err != nil {
		s.t.Fatal(err)
	}
	all, err := book.OfCustomer(s.t.Context(), "c-1")
	if err != nil {
		s.t.Fatal(err)
	}
	kept := all[0]
	kept.Media = of.Media
	if of.State == recordings.Kept {
		if _, err := s.vault.Put(s.t.Context(), kept.Key(), "", strings.NewReader(sound)); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := book.Settle(s.t.Context(), kept); err != nil {
		s.t.Fatal(err)
	}
	return "/recordings/" + strconv.FormatInt(kept.ID, 10)
}

func TestARecordingIsListenedToFromCaseAndCustomer(t *testing.T) {
	s := open(t)
	id := s.openCase("Unhappy")
	path := s.tape(recordings.Recording{Case: id, Question: "comment", State: recordings.Kept, Media: "audio/x-wav"}, "0123456789")
	player := `<audio controls preload="none" src="` + path + `"`
	s.ask(get("/customers/c-1")).says(t, http.StatusOK, player, "answer to comment")
	s.ask(get("/cases/"+strconv.FormatInt(id, 10))).says(t, http.StatusOK, player)

	whole := s.ask(get(path))
	if whole.status != http.StatusOK || whole.body != "0123456789" || whole.header.Get("Content-Type") != "audio/x-wav" ||
		whole.header.Get("Cache-Control") != "no-store" || whole.header.Get("Accept-Ranges") != "bytes" {
		t.Errorf("got %d, %q, %v", whole.status, whole.body, whole.header)
	}
	part := get(path)
	part.Header.Set("Range", "bytes=3-5")
	if got := s.ask(part); got.status != http.StatusPartialContent || got.body != "345" {
		t.Errorf("a part: %d, %q", got.status, got.body)
	}
	stranger := get(path)
	stranger.RemoteAddr = "203.0.113.7:50000"
	s.ask(stranger).says(t, http.StatusNotFound)
}

// timed is a writer that knows until when it may be written to.
type timed struct {
	*httptest.ResponseRecorder
	until time.Time
}

func (w *timed) SetWriteDeadline(until time.Time) error {
	w.until = until
	return nil
}

// mayTake wants the answer to be given so long from now, by the clock of connections and
// not by the console's.
func (w *timed) mayTake(t *testing.T, least, most time.Duration) {
	t.Helper()
	if left := time.Until(w.until); w.Code != http.StatusOK || left < least-time.Minute || left > most {
		t.Errorf("answered %d, with %s left", w.Code, left)
	}
}

// A recording is fetched as it is played, and that takes longer than a page may.
func TestARecordingMayBeListenedToAtItsLength(t *testing.T) {
	s := open(t)
	w := &timed{ResponseRecorder: httptest.NewRecorder()}
	s.pages.ServeHTTP(w, get(s.tape(recordings.Recording{Case: s.openCase("Unhappy"), State: recordings.Kept, Media: "audio/x-wav"}, "0123456789")))
	w.mayTake(t, time.Hour, 24*time.Hour)
}

// The front page waits for its sums, and those take longer than a page may.
func TestTheFrontPageMayTakeAsLongAsItsSums(t *testing.T) {
	s := open(t)
	w := &timed{ResponseRecorder: httptest.NewRecorder()}
	s.pages.ServeHTTP(w, get("/"))
	w.mayTake(t, 30*time.Minute, 24*time.Hour)
}

func TestWhatCannotBeListenedToSaysWhy(t *testing.T) {
	s := open(t)
	for state, says := range map[recordings.State]string{
		recordings.Waiting: "is being fetched", recordings.Deleted: "deleted, as it was old", recordings.Lost: "could not be fetched",
	} {
		path := s.tape(recordings.Recording{Entry: int64(len(says)), State: state}, "")
		s.ask(get("/customers/c-1")).says(t, http.StatusOK, says)
		s.ask(get(path)).says(t, http.StatusNotFound, "There is no such recording")
	}
	s.ask(get("/recordings/99")).says(t, http.StatusNotFound)
	s.ask(get("/recordings/x")).says(t, http.StatusNotFound)
}

// What a provider calls the sound cannot make a page of it.
func TestASoundIsNoPage(t *testing.T) {
	s := open(t)
	path := s.tape(recordings.Recording{Entry: 1, State: recordings.Kept, Media: "text/html"}, "<script>alert(1)</script>")
	if got := s.ask(get(path)).header.Get("Content-Type"); got != "application/octet-stream" {
		t.Errorf("it is served as %s", got)
	}
}
