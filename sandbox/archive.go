package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"rapport/channels"
)

// record is a text or a call as the account's lists show it.
type record struct {
	sid     string
	from    string
	to      string
	created time.Time
	shown   func(*record) any // the provider's JSON of it

	body     string // texts
	service  string
	segments int

	mu        sync.Mutex
	status    string
	updated   time.Time
	sent      time.Time // handed to the carrier, or begun
	ended     time.Time
	errorCode int
	answerer  string
	instead   string // a call's document that takes the place of what it performs
}

// serviceNumber is the number a messaging service sends from (one of Twilio's
// numbers for tests).
const serviceNumber = "+15005550006"

// senderOf is the number, or the name, a customer sees and answers.
func senderOf(from string) string {
	if from == "" {
		return serviceNumber
	}
	return from
}

// move changes the record's status.
func (r *record) move(status string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status, r.updated = status, at
	switch status {
	case "sent", "in-progress":
		r.sent = at
	case "completed", "busy", "no-answer", "failed":
		r.ended = at
	}
}

// fail notes an error code.
func (r *record) fail(code int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errorCode = code
}

// archive keeps what the account sent, newest last. It is split to keep
// requests apart.
type archive struct {
	bySID sync.Map
	parts [32]struct {
		mu   sync.Mutex
		byTo map[string][]*record
	}
}

func (a *archive) part(to string) int {
	h := uint32(2166136261)
	for i := range len(to) {
		h = (h ^ uint32(to[i])) * 16777619
	}
	return int(h % uint32(len(a.parts)))
}

func (a *archive) add(r *record) {
	a.bySID.Store(r.sid, r)
	part := &a.parts[a.part(r.to)]
	part.mu.Lock()
	defer part.mu.Unlock()
	if part.byTo == nil {
		part.byTo = make(map[string][]*record)
	}
	part.byTo[r.to] = append(part.byTo[r.to], r)
}

// to lists what went to one number, newest first.
func (a *archive) to(number string) []*record {
	part := &a.parts[a.part(number)]
	part.mu.Lock()
	defer part.mu.Unlock()
	return reversed(part.byTo[number])
}

// every lists all there is; within one number the newest come first.
func (a *archive) every() []*record {
	var all []*record
	for i := range a.parts {
		part := &a.parts[i]
		part.mu.Lock()
		for _, records := range part.byTo {
			all = append(all, reversed(records)...)
		}
		part.mu.Unlock()
	}
	return all
}

// find is the record of a path's last segment, "SM….json".
func (a *archive) find(file string) (*record, bool) {
	found, ok := a.bySID.Load(strings.TrimSuffix(file, ".json"))
	if !ok {
		return nil, false
	}
	return found.(*record), true
}

// one answers GET …/{sid}.json.
func (a *archive) one(w http.ResponseWriter, file string) {
	r, found := a.find(file)
	if !found {
		twilioRefusal(http.StatusNotFound, 20404, "The requested resource was not found").write(w)
		return
	}
	saying(http.StatusOK, r.shown(r)).write(w)
}

// list answers GET of a list: filtered by To, From and the given date
// parameter, newest first, in pages.
func (a *archive) list(w http.ResponseWriter, r *http.Request, name, dateParameter string) {
	query := r.URL.Query()
	span, valid := readSpan(query, dateParameter)
	if !valid {
		twilioRefusal(http.StatusBadRequest, 20001, "Invalid date in "+dateParameter).write(w)
		return
	}
	var candidates []*record
	if to := query.Get("To"); to != "" {
		candidates = a.to(to)
	} else {
		candidates = a.every()
	}
	var kept []*record
	for _, c := range candidates {
		if from := query.Get("From"); (from == "" || from == c.from) && span.holds(c.created) {
			kept = append(kept, c)
		}
	}
	sortNewest(kept)
	saying(http.StatusOK, pageOf(kept, r.URL.Path, query, name)).write(w)
}

// span is a range of instants; zero ends are open.
type span struct{ from, until time.Time }

// readSpan reads Twilio's date filters: "DateSent" is a day of GMT, "DateSent>"
// and "DateSent<" are inclusive bounds, each a date or an instant.
func readSpan(query url.Values, name string) (span, bool) {
	const day = 24*time.Hour - time.Nanosecond
	var s span
	read := func(suffix string) (at time.Time, isDay, valid bool) {
		text := query.Get(name + suffix)
		if at, err := time.Parse(time.DateOnly, text); err == nil {
			return at, true, true
		}
		at, err := time.Parse(time.RFC3339, text)
		return at.UTC(), false, err == nil || text == ""
	}
	on, _, onValid := read("")
	from, _, fromValid := read(">")
	until, untilDay, untilValid := read("<")
	if !onValid || !fromValid || !untilValid {
		return s, false
	}
	s.from, s.until = from, until
	if untilDay {
		s.until = until.Add(day)
	}
	if query.Get(name) != "" {
		s.from = on.Truncate(24 * time.Hour)
		s.until = s.from.Add(day)
	}
	return s, true
}

func (s span) holds(at time.Time) bool {
	at = at.Truncate(time.Second) // as precise as Twilio writes it
	return !at.Before(s.from.Truncate(time.Second)) && (s.until.IsZero() || !at.After(s.until))
}

// pageOf cuts one page out of a list and wraps it as Twilio does.
func pageOf(records []*record, path string, query url.Values, name string) map[string]any {
	size, err := strconv.Atoi(query.Get("PageSize"))
	if err != nil || size < 1 || size > 1000 {
		size = 50
	}
	page, err := strconv.Atoi(query.Get("Page"))
	if err != nil || page < 0 {
		page = 0
	}
	start := min(page*size, len(records))
	end := min(start+size, len(records))
	shown := make([]any, 0, end-start)
	for _, r := range records[start:end] {
		shown = append(shown, r.shown(r))
	}
	link := func(n int) any {
		if n < 0 || n > 0 && n*size >= len(records) {
			return nil
		}
		query.Set("PageSize", strconv.Itoa(size))
		query.Set("Page", strconv.Itoa(n))
		return path + "?" + query.Encode()
	}
	return map[string]any{
		name: shown, "page": page, "page_size": size, "start": start, "end": max(end-1, 0), "uri": link(page),
		"first_page_uri": link(0), "next_page_uri": link(page + 1), "previous_page_uri": link(page - 1),
	}
}

func reversed(records []*record) []*record {
	newest := slices.Clone(records)
	slices.Reverse(newest)
	return newest
}

// sortNewest orders records of several numbers; those of one keep their order.
func sortNewest(records []*record) {
	slices.SortStableFunc(records, func(a, b *record) int { return b.created.Compare(a.created) })
}

// list and one answer Twilio's questions about what a channel sent.
func (s *Sandbox) list(ch channels.Channel, a *archive, name, dateParameter string) func(http.ResponseWriter, *http.Request, url.Values) {
	return func(w http.ResponseWriter, r *http.Request, _ url.Values) {
		if !s.troubled(w, r, ch, twilioVoice) {
			a.list(w, r, name, dateParameter)
		}
	}
}

func (s *Sandbox) one(ch channels.Channel, a *archive) func(http.ResponseWriter, *http.Request, url.Values) {
	return func(w http.ResponseWriter, r *http.Request, _ url.Values) {
		if !s.troubled(w, r, ch, twilioVoice) {
			a.one(w, r.PathValue("sid"))
		}
	}
}
