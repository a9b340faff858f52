package console_test

import (
	"net/http"
	"strconv"
	"testing"
)

func TestStrangersAreRefused(t *testing.T) {
	s := open(t)
	closing := "/cases/" + strconv.FormatInt(s.openCase("A broken cup"), 10) + "/close"
	for _, test := range []struct {
		name   string
		change func(*http.Request)
	}{
		{"a stranger's name for this machine", func(r *http.Request) { r.Host = "evil.example:8080" }},
		{"a name that only begins like ours", func(r *http.Request) { r.Host = "localhost.evil.example" }},
		{"an address that is not ours", func(r *http.Request) { r.Host = "192.0.2.1:8080" }},
		{"no name", func(r *http.Request) { r.Host = "" }},
		{"another machine", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:50000" }},
		{"another machine, in IPv6 clothes", func(r *http.Request) { r.RemoteAddr = "[::ffff:192.0.2.1]:50000" }},
		{"somebody for whom a proxy asks", func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.1") }},
		{"somebody for whom nginx asks", func(r *http.Request) { r.Header.Set("X-Real-IP", "192.0.2.1") }},
		{"somebody for whom a plain nginx asks", func(r *http.Request) { r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.0", 1, 0 }},
		{"somebody for whom two proxies ask", func(r *http.Request) { r.Header.Set("Forwarded", "for=192.0.2.1") }},
		{"nobody knows where from", func(r *http.Request) { r.RemoteAddr = "" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, r := range []*http.Request{
				get("/"), get("/customers/c-1?done=started"), get("/customers?who=c-1"), post("/customers/c-1/follow-ups", followUp), post(closing, nil),
			} {
				test.change(r)
				s.ask(r).says(t, http.StatusNotFound, "404 page not found")
			}
		})
	}
	for name, header := range map[string][2]string{
		"another site's form":         {"Sec-Fetch-Site", "cross-site"},
		"a sibling's form":            {"Sec-Fetch-Site", "same-site"},
		"an old browser's other site": {"Origin", "https://evil.example"},
		"a page from a file":          {"Origin", "null"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/customers/c-1/follow-ups", closing} {
				r := post(path, followUp)
				r.Header.Set(header[0], header[1])
				s.ask(r).says(t, http.StatusForbidden)
			}
		})
	}
	if s.journeys("c-1") != 0 || len(s.cases()) != 1 || s.rings != 0 {
		t.Errorf("a stranger changed something: %d journeys, %d cases, %d rings", s.journeys("c-1"), len(s.cases()), s.rings)
	}
}

func TestThisMachineIsServedByItsNames(t *testing.T) {
	s := open(t)
	for _, host := range []string{"localhost", "localhost:8080", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:8080"} {
		r := get("/")
		r.Host, r.RemoteAddr = host, "[::1]:50000"
		s.ask(r).says(t, http.StatusOK)
	}
	own := post("/customers/c-1/follow-ups", followUp)
	own.Header.Set("Origin", "http://127.0.0.1:8080")
	own.Header.Set("Sec-Fetch-Site", "same-origin")
	s.ask(own).leads(t, "/customers/c-1?done=started")
}

func TestEveryPageIsGuarded(t *testing.T) {
	s := open(t)
	for _, path := range []string{"/", "/customers/c-1", "/customers/c-404", "/customers?who=c-1"} {
		header := s.ask(get(path)).header
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; media-src 'self'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
			"Referrer-Policy":         "no-referrer",
			"X-Content-Type-Options":  "nosniff",
			"Cache-Control":           "no-store",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
}
