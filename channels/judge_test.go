package channels_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"rapport/channels"
)

func TestEveryStatusHasItsEvidence(t *testing.T) {
	for status := 200; status < 600; status++ {
		want := channels.Ambiguous
		switch {
		case status < 300:
			want = channels.Accepted
		case status == 429:
			want = channels.KnownNotSent
		case status == 408, status == 425:
		case status >= 400 && status < 500:
			want = channels.KnownRefused
		}
		err := channels.Judge("the provider", status, nil, "")
		if got := channels.Classify(err); got != want {
			t.Errorf("%d: got %d, want %d", status, got, want)
		}
		var refused *channels.Refused
		if errors.As(err, &refused) && refused.Broken != (status == 401 || status == 403) {
			t.Errorf("%d: broken %v", status, refused.Broken)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	const date = "Tue, 01 Dec 2026 10:00:00 GMT"
	answered := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		header map[string]string
		want   time.Duration
	}{
		{nil, 0},
		{map[string]string{"Retry-After": "30"}, 30 * time.Second},
		{map[string]string{"Retry-After": " 30 "}, 30 * time.Second},
		{map[string]string{"Retry-After": "-30"}, 0},
		{map[string]string{"Retry-After": "99999999999999999999"}, 0},
		{map[string]string{"Retry-After": "2000000000"}, 24 * time.Hour},
		{map[string]string{"Retry-After": "Tue, 01 Dec 2026 10:01:00 GMT", "Date": date}, time.Minute},
		{map[string]string{"Retry-After": "Tue, 01 Dec 2026 09:00:00 GMT", "Date": date}, 0},
		{map[string]string{"Retry-After": "Tue, 01 Dec 2026 10:01:00 GMT"}, 0},
		{map[string]string{"Retry-After": "soon", "Date": date}, 0},
		{map[string]string{"X-RateLimit-Reset": fmt.Sprint(answered.Unix() + 5), "Date": date}, 5 * time.Second},
		{map[string]string{"X-RateLimit-Reset": "9999999999999", "Date": date}, 24 * time.Hour},
	} {
		header := http.Header{}
		for name, value := range c.header {
			header.Set(name, value)
		}
		if got := channels.RetryAfter(header); got != c.want {
			t.Errorf("%v: got %s, want %s", c.header, got, c.want)
		}
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	settings := struct{ Key channels.Secret }{"hunter2"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(format, settings); text == "" || strings.Contains(text, "hunter2") {
			t.Errorf("%s prints %s", format, text)
		}
	}
	if text := fmt.Sprint(channels.Secret("")); text != "" {
		t.Errorf("an empty secret prints %q", text)
	}
}

func TestKeysThatAreAnswers(t *testing.T) {
	digits := channels.CallQuestion{Expect: channels.ExpectDigits, Low: 1, High: 5}
	for pressed, want := range map[string]bool{"1": true, "5": true, "0": false, "6": false, "": false, "#": false, "01": false, "+1": false, "-1": false, "11": false, "1 ": false} {
		if digits.Accepts(pressed) != want {
			t.Errorf("digits 1-5: %q", pressed)
		}
	}
	for pressed, want := range map[string]bool{"1": true, "2": true, "0": false, "3": false, "": false} {
		if (channels.CallQuestion{Expect: channels.ExpectYesNo}).Accepts(pressed) != want {
			t.Errorf("yes or no: %q", pressed)
		}
	}
	if (channels.CallQuestion{Expect: channels.ExpectRecord, High: 9}).Accepts("1") {
		t.Error("a recording is answered with a key")
	}
}
