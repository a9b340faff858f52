package expression

import (
	"regexp"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "15m": 15 * time.Minute, "24h": day, "3d": 3 * day, "2w": 14 * day, "1d12h": 36 * time.Hour, "1w2d3h4m5s": 9*day + 3*time.Hour + 4*time.Minute + 5*time.Second,
		"": 0, "d": 0, "0d": 0, "-1d": 0, "+1d": 0, "1.5d": 0, "12h1d": 0, "1d1d": 0, "3": 0, "3 d": 0, "1mo": 0, "99999w": 0, "99999999999999999999s": 0, "101d5000w": 0,
	} {
		got, ok := parseDuration(text)
		if ok != (want > 0) || ok && got != want {
			t.Errorf("%q is %v, %v", text, got, ok)
		}
	}
}

func TestInstants(t *testing.T) {
	for text, want := range map[string]string{
		"2026-12-01":                "2026-12-01T00:00:00Z",
		"2026-12-01 10:00":          "2026-12-01T10:00:00Z",
		"2026-12-01 10:00:30":       "2026-12-01T10:00:30Z",
		"2026-12-01T10:00:00+02:00": "2026-12-01T08:00:00Z",
		"2026-12-01T10:00:00.1239Z": "2026-12-01T10:00:00.123Z",
		"2026-02-29":                "", "2026-1-1": "", "01.12.2026": "", "": "", "0001-01-01": "",
	} {
		got, ok := parseInstant(text)
		if ok != (want != "") || ok && got.Format(time.RFC3339Nano) != want {
			t.Errorf("%q is %v, %v", text, got, ok)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"orders.count", "orders.total", "email", "sms", "top"}
	for name, want := range map[string]string{
		"orders.cuont": "orders.count", "order.count": "orders.count", "emial": "email", "mail": "email", "smss": "sms", "msm": "",
		"orders.average": "", "x": "", "": "", "tpo": "top",
	} {
		if got := nearest(name, known); got != want {
			t.Errorf("%q is near %q, want %q", name, got, want)
		}
	}
}

// distance is a metric on what people mistype: symmetric, 0 only for equals, and
// one slip is 1.
func TestDistance(t *testing.T) {
	word := rapid.SliceOfN(rapid.SampledFrom([]rune("abcé")), 2, 8)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		if d := distance(a, b); d != distance(b, a) || (d == 0) != (string(a) == string(b)) || d > max(len(a), len(b)) {
			t.Fatalf("%d from %s to %s", d, string(a), string(b))
		}
		i := rapid.IntRange(0, len(a)-2).Draw(t, "i")
		swapped := append([]rune{}, a...)
		swapped[i], swapped[i+1] = a[i+1], a[i]
		if distance(a, swapped) > 1 || distance(a, append(append([]rune{}, a[:i]...), a[i+1:]...)) != 1 {
			t.Fatalf("a slip in %s is more than one", string(a))
		}
	})
}

func TestPatternsInPostgreSQLsWords(t *testing.T) {
	for source, want := range map[string]string{
		`^ab$`:       `(?:\A)(?:\u0061\u0062)(?:\Z)`,
		`a.b`:        `(?:\u0061)(?:.)(?:\u0062)`,
		`\d+`:        `(?:[\u0030-\u0039])+`,
		`(?i)k`:      `[\u004B\u006B\u212A]`,
		`(x|yz){2,}`: `(?:(?:(?:\u0078)|(?:\u0079\u007A))){2,}`,
		`🙂?`:         `(?:\U0001F642)?`,
		`[^a]`:       `[\u0001-\u0060\u0062-\U0010FFFF]`,
		`(?-s).`:     `[^\n]`,
	} {
		pattern, got, why := translate(source)
		if why != "" || got != want {
			t.Errorf("%s becomes %s (%s), want %s", source, got, why, want)
			continue
		}
		if _, err := regexp.Compile(pattern.String()); err != nil {
			t.Errorf("%s cannot be compiled again: %v", source, err)
		}
	}
	for _, source := range []string{`\bgold\b`, `(?m)^a`, `(?m)a$`, `a\B`, `(`, `a**`, `[^\x00-\x{10FFFF}]`, `a{1001}`, `(a{50}){6}`, `\p{Nope}`, `(?<!a)b`, `(a)\1`} {
		if _, _, why := translate(source); why == "" {
			t.Errorf("%s is taken", source)
		}
	}
}
