package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

func TestNothingHappensBeforeItsTime(t *testing.T) {
	h := build(t, func(o *Options) {
		o.Behaviour.Email = EmailBehaviour{Open: 1, Delivery: exactly(10 * time.Second), Reading: exactly(time.Hour)}
	})
	h.mustMail(letterTo("ada@customer.example", h.page(), 1))
	cases := []struct {
		at   time.Duration
		acts int
		next time.Duration
	}{
		{0, 1, 10 * time.Second}, // processed
		{9 * time.Second, 0, 10 * time.Second},
		{10 * time.Second, 1, time.Hour + 10*time.Second}, // delivered
		{time.Hour, 0, time.Hour + 10*time.Second},
		{2 * time.Hour, 1, -1}, // the pixel
	}
	for _, c := range cases {
		n, err := h.sandbox.Play(t.Context(), start.Add(c.at))
		if err != nil {
			t.Fatal(err)
		}
		next, any := h.sandbox.Next()
		if n != c.acts || any != (c.next >= 0) || any && !next.Equal(start.Add(c.next)) {
			t.Errorf("at %s: %d acts, then %s (%v)", c.at, n, next, any)
		}
	}
}

func TestWhatLiesFarApartHappensInOrder(t *testing.T) {
	h := build(t, nil)
	for i := range 20 {
		address := fmt.Sprintf("c%d@customer.example", i)
		b := Behaviour{Email: EmailBehaviour{Open: 1, Delivery: exactly(time.Duration(20-i) * time.Hour)}}
		h.sandbox.Behave(address, b)
		h.mustMail(letterTo(address, fmt.Sprintf(`<img src="%s/o/p%d">`, h.public.URL, i), i))
	}
	if _, err := h.sandbox.Play(t.Context(), start.Add(48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	visits := h.visits("/o/")
	for i, v := range visits {
		if want := fmt.Sprintf("/o/p%d", 19-i); v.path != want {
			t.Errorf("visit %d: got %s, want %s", i, v.path, want)
		}
	}
	if len(visits) != 20 {
		t.Errorf("%d visits, want 20", len(visits))
	}
}

func TestRunPlaysInRealTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		age := func() time.Time { return start.Add(time.Since(bubble)) }
		s := New(Options{Now: age})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		synctest.Wait()
		var at []time.Duration
		note := func(context.Context) []act {
			at = append(at, age().Sub(start))
			return nil
		}
		s.plan.add(&story{key: 1, acts: []act{{at: start.Add(time.Hour), do: note}, {at: start.Add(3 * time.Hour), do: note}}})
		synctest.Wait()
		s.plan.add(&story{key: 2, acts: []act{{at: start.Add(time.Minute), do: note}}}) // earlier than what is waited for
		time.Sleep(4 * time.Hour)
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
		wantList(t, "acts", at, time.Minute, time.Hour, 3*time.Hour)
	})
}

func TestTheSandboxContactsNothingElse(t *testing.T) {
	foreign := 0
	other := build(t, nil) // another server on this machine, not the configured one
	other.answer = func(http.ResponseWriter, *http.Request, visitor) bool { foreign++; return false }
	h := build(t, func(o *Options) { o.Behaviour.Email = EmailBehaviour{Open: 1, Click: 1, Scan: 1} })
	h.mustMail(letterTo("ada@customer.example", strings.ReplaceAll(h.page(), h.public.URL, other.public.URL), 1))
	h.playAll()

	params := &api.CreateMessageParams{}
	params.SetTo("+491511234567").SetFrom("Shop").SetBody("x").SetStatusCallback(other.public.URL + "/callback")
	if _, err := h.twilio(testToken).CreateMessage(params); err != nil {
		t.Fatal(err)
	}
	if _, err := h.sandbox.Play(t.Context(), start.Add(time.Hour)); !errors.Is(err, ErrForeign) {
		t.Errorf("a callback elsewhere: got %v, want ErrForeign", err)
	}
	if foreign != 0 {
		t.Errorf("the other server was contacted %d times", foreign)
	}
}

func TestAPublicURLMustBeOnThisMachine(t *testing.T) {
	cases := []struct {
		url  string
		good bool
	}{
		{"http://127.0.0.1:8080", true},
		{"http://localhost:8080/base", true},
		{"http://[::1]:8080", true},
		{"", true},
		{"https://shop.example", false},
		{"http://192.168.1.4:8080", false},
		{"http://localhost.shop.example", false},
		{"127.0.0.1:8080", false},
		{"ftp://127.0.0.1", false},
	}
	for _, c := range cases {
		err := New(Options{PublicURL: c.url, Now: func() time.Time { return start }}).Check()
		if (err == nil) != c.good {
			t.Errorf("%q: %v", c.url, err)
		}
	}
	if err := loopbackOnly("tcp", "192.0.2.1:80", nil); !errors.Is(err, ErrForeign) {
		t.Errorf("an address of another machine is dialled: %v", err)
	}
}
