package storetest

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/store"
)

func callback(body string) channels.Callback {
	return channels.Callback{
		Method: http.MethodPost, URL: "https://shop.example/hooks/sms/twilio/status/abc?x=1",
		Header: http.Header{"X-Twilio-Signature": {"sig"}, "Accept": {"a", "b"}},
		Body:   []byte(body), ReceivedAt: noon,
	}
}

func receive(t *testing.T, s *store.Store, provider string, c channels.Callback) bool {
	t.Helper()
	fresh, err := s.Receive(t.Context(), provider, c)
	if err != nil {
		t.Fatal(err)
	}
	return fresh
}

func waiting(t *testing.T, s *store.Store, now time.Time, limit int) []deliveries.Received {
	t.Helper()
	all, err := s.Waiting(t.Context(), now, lease, limit)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestACallbackIsKeptByteForByte(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		c := callback("[{\"event\":\"open\"}]\r\n\x00\xff")
		if !receive(t, s, "sendgrid", c) {
			t.Error("a new callback is not fresh")
		}
		got := waiting(t, s, noon, 10)
		if len(got) != 1 || got[0].Provider != "sendgrid" || got[0].Attempts != 1 {
			t.Fatalf("waiting are %+v", got)
		}
		same(t, "callback", got[0].Callback, c)
	})
}

func TestACallbackIsStoredOnce(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		c := callback("a=1")
		otherURL := c
		otherURL.URL += "2"
		retried := c
		retried.Header, retried.ReceivedAt = http.Header{"Retry": {"1"}}, noon.Add(time.Minute)
		for _, step := range []struct {
			what     string
			provider string
			callback channels.Callback
			fresh    bool
		}{
			{"new", "twilio-sms", c, true},
			{"repeated", "twilio-sms", retried, false},
			{"another provider", "twilio-call", c, true},
			{"another URL", "twilio-sms", otherURL, true},
			{"another body", "twilio-sms", callback("a=2"), true},
			{"without a body", "twilio-sms", callback(""), true},
		} {
			if fresh := receive(t, s, step.provider, step.callback); fresh != step.fresh {
				t.Errorf("%s: fresh %v", step.what, fresh)
			}
		}
		if n := len(waiting(t, s, noon, 10)); n != 5 {
			t.Errorf("%d callbacks wait", n)
		}
	})
}

func TestCallbacksAreLeasedOldestFirst(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		for i := range 5 {
			receive(t, s, "sendgrid", callback(fmt.Sprint(i)))
		}
		first := waiting(t, s, noon, 2)
		rest := waiting(t, s, noon, 10)
		if len(first) != 2 || string(first[0].Callback.Body) != "0" || len(rest) != 3 || string(rest[0].Callback.Body) != "2" {
			t.Fatalf("leased %d, then %d", len(first), len(rest))
		}
		if err := s.Done(t.Context(), []int64{first[0].ID, rest[0].ID}); err != nil {
			t.Fatal(err)
		}
		if err := s.Reject(t.Context(), rest[1].ID, "not JSON"); err != nil {
			t.Fatal(err)
		}
		again := waiting(t, s, noon.Add(lease), 10)
		if len(again) != 2 || again[0].ID != first[1].ID || again[0].Attempts != 2 {
			t.Errorf("after the lease: %+v", again)
		}
		if receive(t, s, "sendgrid", callback("0")) {
			t.Error("a callback that was read is taken again")
		}
	})
}

func TestReadersNeverShareACallback(t *testing.T) {
	const callbacks = 60
	Each(t, func(t *testing.T, s *store.Store) {
		for i := range callbacks {
			receive(t, s, "sendgrid", callback(fmt.Sprint(i)))
		}
		var read [callbacks + 1]atomic.Int64
		together(t, 6, func(int) error {
			for {
				got, err := s.Waiting(t.Context(), noon, lease, 7)
				if err != nil || len(got) == 0 {
					return err
				}
				for _, r := range got {
					read[r.ID].Add(1)
				}
			}
		})
		for id := range read {
			if n := read[id].Load(); n > 1 {
				t.Errorf("callback %d was read %d times", id, n)
			}
		}
	})
}

func TestALinkKeepsItsNumber(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		const a, b, c = "https://shop.example/a", "https://shop.example/b?x=1&y=ü", "https://shop.example/c"
		first, err := s.Intern(t.Context(), []string{a, b, a})
		if err != nil || len(first) != 2 || first[a] == first[b] {
			t.Fatalf("numbered %v, %v", first, err)
		}
		second, err := s.Intern(t.Context(), []string{c, b})
		if err != nil || second[b] != first[b] || second[c] == 0 {
			t.Errorf("numbered %v, %v", second, err)
		}
		for url, number := range map[string]int64{a: first[a], b: first[b], "": 4711} {
			if got, err := s.URL(t.Context(), number); err != nil || got != url {
				t.Errorf("link %d is %q, %v", number, got, err)
			}
		}
	})
}

func TestReadCallbacksAreForgottenAndStillKnown(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		for i, body := range []string{"read long ago", "read and new", "set aside", "waiting"} {
			c := callback(body)
			if i == 1 {
				c.ReceivedAt = noon.Add(time.Hour)
			}
			receive(t, s, "sms/twilio", c)
		}
		all := waiting(t, s, noon.Add(time.Hour), 10)
		if err := s.Done(t.Context(), []int64{all[0].ID, all[1].ID}); err != nil {
			t.Fatal(err)
		}
		if err := s.Reject(t.Context(), all[2].ID, "not in its form"); err != nil {
			t.Fatal(err)
		}
		aside, err := s.SetAside(t.Context())
		if want := (deliveries.Aside{Provider: "sms/twilio", Why: "not in its form", Callbacks: 1, Latest: all[2].Callback.ReceivedAt}); err != nil || len(aside) != 1 || aside[0] != want {
			t.Errorf("%+v were set aside (%v), want %+v", aside, err, want)
		}
		defer func() {
			if aside, err := s.SetAside(t.Context()); err != nil || len(aside) != 0 {
				t.Errorf("%+v are forgotten and still told of (%v)", aside, err)
			}
		}()
		for _, want := range []int{2, 0} {
			if n, err := s.Forget(t.Context(), noon.Add(time.Minute), 10); err != nil || n != want {
				t.Errorf("%d were forgotten (%v), want %d", n, err, want)
			}
		}
		if receive(t, s, "sms/twilio", callback("read long ago")) {
			t.Error("a callback that was read and forgotten counts as new")
		}
		if left := waiting(t, s, noon.Add(24*time.Hour), 10); len(left) != 1 || string(left[0].Callback.Body) != "waiting" {
			t.Errorf("what waits is %+v", left)
		}
	})
}

// What visits our links lies a while, so that all visits of a message can be
// judged together.
func TestVisitsOfOneMessageAreReadTogether(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		visit := func(body string, about int64, at time.Time) {
			c := callback(body)
			c.ReceivedAt, c.ReadAt, c.About = at, at.Add(15*time.Second), about
			receive(t, s, "link", c)
		}
		visit("first of 7", 7, noon)
		visit("second of 7", 7, noon.Add(time.Second))
		visit("of 8", 8, noon.Add(2*time.Second))
		if got := waiting(t, s, noon.Add(14*time.Second), 10); len(got) != 0 {
			t.Fatalf("%d visits are read too early", len(got))
		}
		if b := backlog(t, s, noon.Add(5*time.Second)); !b.Idle() || !b.Next.Equal(noon.Add(15*time.Second)) {
			t.Errorf("while visits lie still: %+v", b)
		}
		if b := backlog(t, s, noon.Add(15*time.Second)); b.Inbox != 1 {
			t.Errorf("when one can be read: %+v", b)
		}
		got := waiting(t, s, noon.Add(15*time.Second), 10)
		if len(got) != 2 || string(got[0].Callback.Body) != "first of 7" || string(got[1].Callback.Body) != "second of 7" || got[0].Callback.About != 7 {
			t.Fatalf("read are %+v", got)
		}
		if b := backlog(t, s, noon.Add(16*time.Second)); b.Inbox != 2 {
			t.Errorf("while two are read: %+v", b)
		}
		if got := waiting(t, s, noon.Add(17*time.Second), 10); len(got) != 1 || got[0].Callback.About != 8 {
			t.Errorf("then are read %+v", got)
		}
	})
}

// Letters may be large: no more are read together than fit into memory.
func TestLargeCallbacksAreReadAFewAtATime(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		for _, body := range []string{"small", strings.Repeat("x", 4<<20), "small, too"} {
			receive(t, s, "mail/raw", callback(body))
		}
		var read []int
		for range 2 {
			read = append(read, len(waiting(t, s, noon, 100)))
		}
		same(t, "read together", read, []int{2, 1})
	})
}
