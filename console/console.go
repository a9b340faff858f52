package console

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rapport/accounts"
	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/recordings"
)

// Console is the pages and what they lean on.
type Console struct {
	// Entrance lets people with an account in, from anywhere; nil serves this machine
	// alone, and whoever works on it.
	Entrance *Entrance

	Catalog   *campaigns.Catalog
	Directory customers.Directory
	Timeline  customers.Timeline
	Summary   deliveries.Summary
	Ledger    deliveries.Finder
	Casebook  customers.Casebook
	Outlets   deliveries.Outlets
	// Shelf finds recordings and Vault holds their sound; nil shows none.
	Shelf   recordings.Shelf
	Vault   recordings.Vault
	Starter campaigns.Starter
	Applier campaigns.Applier
	Replier campaigns.Replier
	Pauser  campaigns.Pauser
	Access  customers.Access
	Eraser  customers.Eraser
	// Audit has what is noted whoever comes in, see export.
	Audit accounts.Audit
	// TestMode says that messages leave to nobody but test addresses.
	TestMode bool
	Ring     func(context.Context)
	// NewKey names a form, so that one that is sent twice counts once.
	NewKey func() string
	Now    func() time.Time
	Log    *slog.Logger

	sums sums
}

// Mount adds the pages to a mux.
func (c *Console) Mount(mux *http.ServeMux) {
	foreign := http.NewCrossOriginProtection()
	form := func(pattern string, d door, serve page) {
		mux.Handle(pattern, foreign.Handler(c.behind(d, limited(formLimit, filled(serve)))))
	}
	page := func(pattern string, d door, serve page) { mux.Handle(pattern, foreign.Handler(c.behind(d, serve))) }
	page("GET /{$}", door{role: accounts.Viewer}, c.overview)
	page("GET /customers", door{role: accounts.Viewer}, c.search)
	page("GET /customers/{id}", door{accounts.Viewer, "opened", "customer"}, c.customer)
	page("GET /recordings/{id}", door{accounts.Agent, "listened to", "recording"}, c.recording)
	form("POST /customers/{id}/follow-ups", door{accounts.Agent, "started a follow-up for", "customer"}, c.followUp)
	form("POST /customers/{id}/export", door{accounts.Operator, "exported", "customer"}, c.export)
	form("POST /customers/{id}/erasure", door{accounts.Operator, "erased", "customer"}, c.erase)
	page("GET /cases/{id}", door{accounts.Viewer, "opened", "case"}, c.caseOf)
	form("POST /cases/{id}/replies", door{accounts.Agent, "replied in", "case"}, c.reply)
	form("POST /cases/{id}/take", door{accounts.Agent, "took", "case"}, c.takeCase)
	form("POST /cases/{id}/reopen", door{accounts.Agent, "opened again", "case"}, c.reopenCase)
	form("POST /cases/{id}/close", door{accounts.Agent, "closed", "case"}, c.closeCase)
	page("POST /v1/workspace", door{accounts.Operator, "applied", "workspace"}, c.applyWorkspace)
	form("POST /campaigns/{id}/paused", door{accounts.Operator, "paused", "campaign"}, c.pause)
	form("POST /campaigns/{id}/resumed", door{accounts.Operator, "resumed", "campaign"}, c.resume)
	mux.Handle("GET /console.css", foreign.Handler(c.open(stylesheet)))
	if c.Entrance != nil {
		mux.Handle("GET /sign-in", foreign.Handler(c.open(c.askName)))
		mux.Handle("POST /sign-in", foreign.Handler(c.open(limited(signInLimit, c.signIn))))
		mux.Handle("POST /sign-out", foreign.Handler(c.open(limited(formLimit, c.signOut))))
	}
}

// page answers somebody who may see it.
type page func(http.ResponseWriter, *visit) error

// How long a form may be, in bytes. Of a longer one nothing is read.
const (
	formLimit   = 64 << 10
	signInLimit = 16 << 10 // anybody may send it
)

// limited lets a page read a form of no more than limit bytes.
func limited(limit int64, serve page) page {
	return func(w http.ResponseWriter, r *visit) error {
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		return serve(w, r)
	}
}

// filled serves a form that could be read, and says why another could not.
func filled(serve page) page {
	return func(w http.ResponseWriter, r *visit) error {
		var long *http.MaxBytesError
		switch err := r.ParseForm(); {
		case errors.As(err, &long):
			return &complaint{status: http.StatusRequestEntityTooLarge, why: "Nothing was done: this is too long, a form holds 64 KB. Your browser's way back leads to what you typed."}
		case err != nil:
			return &complaint{status: http.StatusBadRequest, why: "The form could not be read."}
		}
		return serve(w, r)
	}
}

// open serves whoever reaches the console, signed in or not.
func (c *Console) open(serve page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !c.reachable(r) {
			http.NotFound(w, r)
			return
		}
		c.answer(w, &visit{Request: r}, serve)
	})
}

// answer serves a page, or what went wrong with it.
func (c *Console) answer(w http.ResponseWriter, r *visit, serve page) {
	header := w.Header()
	header.Set("Content-Security-Policy", "default-src 'none'; media-src 'self'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	if c.Entrance != nil {
		header.Set("Strict-Transport-Security", "max-age=31536000")
	}
	var say *complaint
	switch err := serve(w, r); {
	case err == nil:
	case errors.As(err, &say) && r.Header.Get("Accept") == "text/plain":
		http.Error(w, say.why, say.status)
	case errors.As(err, &say):
		c.show(w, r, say.status, "complaint", view{"Title": "That did not work", "Why": say.why, "Typed": say.typed, "Next": say.next})
	default:
		c.Log.Error("a console page could not be made", "page", r.Pattern, "error", err)
		c.show(w, r, http.StatusInternalServerError, "complaint", view{"Title": "Something is broken", "Why": "The log says more."})
	}
}

// complaint is an answer for the person rather than the log.
type complaint struct {
	status int
	why    string
	// typed is what they typed and would lose; next is where they go on after they have
	// signed in. Both may be "".
	typed, next string
}

func (c *complaint) Error() string { return c.why }

const (
	// shownFrom is how old sums are that are shown with their time.
	shownFrom = 10 * time.Second
	// shownWithin is how long the rest of the front page may take.
	shownWithin = time.Minute
)

// mayTake lets an answer be written for longer than a page may. A connection's deadline
// is of the machine's clock, whatever the console's says; a writer without deadlines
// waits as long.
func mayTake(w http.ResponseWriter, long time.Duration) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(long))
}

func (c *Console) overview(w http.ResponseWriter, r *visit) error {
	mayTake(w, longestSums+shownWithin)
	funnels, summed, err := c.sums.funnels(r.Context(), c.Summary, c.Now)
	if err != nil {
		return err
	}
	if c.Now().Sub(summed) < shownFrom {
		summed = time.Time{}
	}
	open, more, err := c.openCases(r)
	if err != nil {
		return err
	}
	edition, err := c.Catalog.Current(r.Context())
	if err != nil && !errors.Is(err, campaigns.ErrNoWorkspace) {
		return err
	}
	outlets, err := c.outlets(r.Context())
	if err != nil {
		return err
	}
	pauses, err := c.Pauser.Brake.Pauses(r.Context())
	if err != nil {
		return err
	}
	names, err := c.names(r.Context(), open)
	if err != nil {
		return err
	}
	c.show(w, r, http.StatusOK, "overview", view{
		"Title": "Overview", "Campaigns": campaignRows(funnels, edition, pauses), "Cases": open, "Queue": r.URL.Query().Get("queue"), "Names": names, "More": more, "Now": c.Now(), "Zone": zoneOf(edition), "Summed": summed,
		"Outlets": outlets, "TestMode": c.TestMode, "NoWorkspace": edition == nil,
	})
	return nil
}

// names are those of the customers whom cases are about, by id; who gave none is left
// out.
func (c *Console) names(ctx context.Context, of []customers.Case) (map[string]string, error) {
	var ids []string
	for _, found := range of {
		if found.Customer != "" {
			ids = append(ids, found.Customer)
		}
	}
	people, err := c.Directory.Load(ctx, ids, time.Time{}) // nothing is counted
	names := map[string]string{}
	for id, customer := range people {
		if name := nameOf(customer); name != "" {
			names[id] = name
		}
	}
	return names, err
}

const (
	// shownCases is how many open cases the front page shows, and how many more at
	// the press of a link; and how many of theirs a customer's page shows.
	shownCases = 100
	// mostCases is how many it shows at most.
	mostCases = 10_000
	// shownEvents is how many events of a customer are shown, and how many more at the
	// press of a link; mostEvents how many at most.
	shownEvents = 300
	mostEvents  = 10_000
)

// asked is how many rows a page is asked for in its query, between few and most; few
// where nothing can be read.
func asked(r *visit, name string, few, most int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil {
		return few
	}
	return min(max(n, few), most)
}

// openCases are the most pressing open cases, of the queue that is asked for, as many as are asked for, and how many
// to ask for where there are more; 0 where these are all.
func (c *Console) openCases(r *visit) (open []customers.Case, more int, err error) {
	shown := asked(r, "cases", shownCases, mostCases)
	open, err = c.Casebook.Cases(r.Context(), r.URL.Query().Get("queue"), shown+1)
	if err != nil || len(open) <= shown {
		return open, 0, err
	}
	return open[:shown], shown + shownCases, nil
}

// search leads from an id, address, number or order to its customer, and from what is
// none of these to the case of that number, or to those who are named so.
func (c *Console) search(w http.ResponseWriter, r *visit) error {
	who := strings.TrimSpace(r.URL.Query().Get("who"))
	customer, err := c.Directory.Find(r.Context(), who)
	if err == nil {
		http.Redirect(w, r.Request, "/customers/"+url.PathEscape(customer.ID), http.StatusSeeOther)
		return nil
	}
	if !errors.Is(err, customers.ErrUnknown) {
		return err
	}
	if id, err := strconv.ParseInt(strings.TrimPrefix(who, "case "), 10, 64); err == nil {
		switch _, err := c.Casebook.Case(r.Context(), id); {
		case err == nil:
			http.Redirect(w, r.Request, caseURL(id), http.StatusSeeOther)
			return nil
		case !errors.Is(err, customers.ErrUnknownCase):
			return err
		}
	}
	return c.named(w, r, who)
}

// shownNamesakes is how many of those who are named so are shown; the audit does not say
// whom, so that no more is shown of each than tells them apart.
const shownNamesakes = 50

// named shows who has a name, or how to search where nobody does. That names are searched
// is noted, and not which: an erasure would leave them there.
func (c *Console) named(w http.ResponseWriter, r *visit, who string) error {
	v := view{"Title": "Nobody found", "Who": who}
	status := http.StatusNotFound
	if customers.MayBeName(who) {
		if c.Entrance != nil {
			if err := c.note(r, door{deed: "searched", thing: "names"}); err != nil {
				return err
			}
		}
		found, err := c.Directory.Named(r.Context(), who, shownNamesakes)
		switch {
		case errors.Is(err, customers.ErrNoWord):
			v["Short"] = true
		case errors.Is(err, customers.ErrTooMany):
			v["Title"], v["TooMany"], status = "Too many are named so", true, http.StatusOK
		case err != nil:
			return err
		case len(found.People) > 0:
			v["Title"], status = "Customers named so", http.StatusOK
		}
		v["Found"] = found
	}
	edition, err := c.Catalog.Current(r.Context())
	if err != nil && !errors.Is(err, campaigns.ErrNoWorkspace) {
		return err
	}
	v["Zone"] = zoneOf(edition)
	c.show(w, r, status, "named", v)
	return nil
}

func (c *Console) customer(w http.ResponseWriter, r *visit) error {
	customer, edition, err := c.load(r)
	if err != nil {
		return err
	}
	events, more, err := c.happened(r, customer.ID)
	if err != nil {
		return err
	}
	taped, err := c.recordingsBy(r.Context(), customer.ID)
	if err != nil {
		return err
	}
	about, err := c.Casebook.Of(r.Context(), customer.ID, shownCases)
	if err != nil {
		return err
	}
	zone, from := edition.ZoneOf(customer)
	c.show(w, r, http.StatusOK, "customer", view{
		"Title": nameOf(customer), "Customer": customer, "Events": events, "More": more, "Recordings": taped, "Cases": about, "Now": c.Now(),
		"Zone": zoneOf(edition), "Clock": zone, "ZoneFrom": from, "Theirs": theirClock(edition, customer, c.Now()), "Manual": manual(edition), "Total": edition.Money(float64(customer.Orders.Total)),
	})
	return nil
}

// happened is what happened to a customer, the newest first, as much as is asked for,
// and how many events to ask for where there are more; 0 where these are all.
func (c *Console) happened(r *visit, customer string) (events []customers.Event, more int, err error) {
	shown := asked(r, "events", shownEvents, mostEvents)
	events, err = c.Timeline.Of(r.Context(), customer, shown+1)
	events = newestFirst(events)
	if len(events) <= shown {
		return events, 0, err
	}
	return events[:shown], shown + shownEvents, err
}

func (c *Console) followUp(w http.ResponseWriter, r *visit) error {
	customer, _, err := c.load(r)
	if err != nil {
		return err
	}
	properties := map[string]string{}
	for name, values := range r.PostForm {
		if value := strings.TrimSpace(values[0]); name != "campaign" && value != "" {
			properties[name] = value
		}
	}
	if _, err := c.Starter.StartWritten(r.Context(), r.FormValue("campaign"), customer, properties); err != nil {
		return &complaint{status: http.StatusConflict, why: err.Error()}
	}
	c.Ring(r.Context())
	http.Redirect(w, r.Request, "/customers/"+url.PathEscape(customer.ID)+"?done=started", http.StatusSeeOther)
	return nil
}

func (c *Console) load(r *visit) (*customers.Customer, *campaigns.Edition, error) {
	id := r.PathValue("id")
	people, err := c.Directory.Load(r.Context(), []string{id}, c.Now())
	if err != nil {
		return nil, nil, err
	}
	if people[id] == nil {
		return nil, nil, &complaint{status: http.StatusNotFound, why: "Nobody has the id " + id + "."}
	}
	edition, err := c.Catalog.Current(r.Context())
	if errors.Is(err, campaigns.ErrNoWorkspace) {
		return nil, nil, &complaint{status: http.StatusConflict, why: err.Error()}
	}
	return people[id], edition, err
}

// manual lists the live campaigns that are started by hand, by title.
func manual(edition *campaigns.Edition) []*campaigns.Campaign {
	var list []*campaigns.Campaign
	for _, campaign := range edition.Campaigns {
		if campaign.Trigger.Kind == campaigns.Manual && campaign.State == campaigns.Live {
			list = append(list, campaign)
		}
	}
	slices.SortFunc(list, func(a, b *campaigns.Campaign) int {
		return cmp.Or(strings.Compare(a.Title, b.Title), strings.Compare(a.ID, b.ID))
	})
	return list
}

//go:embed pages/*.html pages/console.css
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"at":         stamp,
	"standing":   standing,
	"share":      share,
	"hint":       addressHint,
	"channel":    channelWords,
	"suppressed": func(c *customers.Customer, ch string) string { return c.Suppressed[channels.Channel(ch)] },
	"say":        details,
	"path":       url.PathEscape,
	"meaning":    campaigns.ReasonMeaning,
	"reason":     campaigns.ReasonWords,
	"caseOf":     caseOf,
	"may":        func(a accounts.Account, role accounts.Role) bool { return a.Role.May(role) },

	"skipped": reasons[deliveries.SkipReason],
	"failed":  reasons[string],
}).ParseFS(files, "pages/*.html"))

// done are the words by which a page confirms what was just done, by what the address
// it leads to calls that.
var done = map[string]string{
	"closed":   "The case is closed.",
	"taken":    "The case is yours.",
	"reopened": "The case is open.",
	"goes_on":  "Its journey has this open case, in which the one you opened again goes on.",
	"erased":   "The customer is erased: profile, timeline, orders, answers and recordings are gone, the addresses stay suppressed.",
	"replied":  "The answer is taken down. What becomes of it shows below.",
	"started":  "The follow-up has begun.",
	"paused":   "The campaign is paused: nobody enters and nothing is sent until it is resumed.",
	"resumed":  "The campaign goes on where it stood.",
}

// view is what a page shows.
type view map[string]any

func (c *Console) show(w http.ResponseWriter, r *visit, status int, name string, v view) {
	v["Account"], v["Done"] = r.account, done[r.URL.Query().Get("done")]
	if id, err := strconv.ParseInt(r.URL.Query().Get("case"), 10, 64); err == nil && v["Done"] != "" {
		v["DoneCase"] = id
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := pages.ExecuteTemplate(w, name+".html", v); err != nil {
		c.Log.Error("a console page broke off", "page", name, "error", err)
	}
}
