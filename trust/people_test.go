package trust_test

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/store"
)

// workspace is what every trial's workspace has in common.
var workspace = map[string]string{
	"rapport.yaml": `
workspace: rig
brand: {name: Rig, url: "https://rig.example", address: "1 Rig Street"}
locale: en
zone: Europe/Berlin
currency: EUR
topics: [{id: service, title: Service, default: in}, {id: news, title: News, default: in}]
senders:
  email: {from: "Rig <rig@rig.example>"}
  sms: {from: "+493012345678"}
  call: {from: "+493012345678"}
contact:
  countries: {sms: [DE], call: [DE]}
  caps: [{at_most: 1, per: 7d, topics: [news]}]
`,
	"templates/email/note.liquid": "---\nsubject: A note\nlayout: base\nformat: mjml\n---\n<mj-text>A note from {{ brand.name }}. <a href=\"https://rig.example/more\">More</a></mj-text>\n",
	"templates/sms/note.liquid":   "A note from {{ brand.name }}\n",
	"templates/sms/rate.liquid":   "From 1 to 5?\n",
	"templates/push/note.yaml":    "title: A note\nbody: Read it\nurl: https://rig.example/more\n",
	"templates/call/note.yaml":    "say: A note from {{ brand.name }}.\nbye: Goodbye.\n",
}

// mixed is a campaign of one message on each channel. None is ever sent twice
// but a notification, of which nobody can say whether it came: that is the
// policy's default.
func mixed(by ...channels.Channel) string { return campaign("mixed", by...) }

// apart is a campaign for each channel, so that the messages of all leave at once.
func apart(by ...channels.Channel) (texts []string) {
	for _, ch := range by {
		texts = append(texts, campaign("by-"+string(ch), ch))
	}
	return texts
}

func campaign(id string, by ...channels.Channel) string {
	var b strings.Builder
	fmt.Fprintf(&b, "campaign: %s\ntitle: Notes\nowner: operators\ntopic: service\nstate: live\ntrigger: {event: Go}\nsteps:\n", id)
	for _, ch := range by {
		policy := "hold"
		if ch == channels.Push {
			policy = "resend"
		}
		fmt.Fprintf(&b, "  - {%s: note, ambiguous: %s}\n", ch, policy)
	}
	return b.String()
}

// everyChannel is what "mixed" means where nothing else is said.
var everyChannel = []channels.Channel{channels.Email, channels.SMS, channels.Push, channels.Call}

// apply puts a workspace with these campaigns in force, in a schema that is up
// to date.
func (r *rig) apply(texts ...string) {
	r.Helper()
	if migrate := r.start("migrate"); !migrate.succeeds() {
		r.Fatalf("rapport migrate: %s", r.lastWords())
	}
	s := r.openStore()
	defer s.Close()
	files := map[string][]byte{}
	for name, text := range workspace {
		files[name] = []byte(text)
	}
	for n, text := range texts {
		files[fmt.Sprintf("campaigns/c%04d.yaml", n)] = []byte(text)
	}
	catalog := &campaigns.Catalog{Archive: s.Archive()}
	if _, problems, err := catalog.Apply(r.Context(), files, time.Now()); err != nil || len(problems) > 0 {
		r.Fatalf("apply the rig's workspace: %v %v", err, problems)
	}
}

// settle puts people into the store, each with a number, a mailbox and a browser.
func (r *rig) settle(people int) {
	r.Helper()
	s := r.openStore()
	defer s.Close()
	now := time.Now()
	var list []customers.Customer
	for n := range people {
		id := person(n)
		list = append(list, customers.Customer{
			ID: id, Email: id + "@rig.example", Phone: fmt.Sprintf("+4915112%06d", n), Country: "DE", Zone: "Europe/Berlin",
		})
		if len(list) == 2000 || n == people-1 {
			if _, err := s.PutCustomers(r.Context(), now, list); err != nil {
				r.Fatal(err)
			}
			list = nil
		}
	}
	r.subscribe(s, people, now)
}

func person(n int) string { return fmt.Sprintf("p%06d", n) }

// subscribe gives everybody a browser, several at once.
func (r *rig) subscribe(s *store.Store, people int, now time.Time) {
	r.Helper()
	const hands = 8
	var work sync.WaitGroup
	failed := make(chan error, hands)
	for hand := range hands {
		work.Go(func() {
			for n := hand; n < people; n += hands {
				if err := s.Subscribe(r.Context(), person(n), r.sandbox.NewSubscription(person(n)), now); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	work.Wait()
	select {
	case err := <-failed:
		r.Fatal(err)
	default:
	}
}

// begin lets the event happen that begins everybody's journey.
func (r *rig) begin(people int) {
	r.Helper()
	s := r.openStore()
	defer s.Close()
	at := time.Now()
	var events []customers.Event
	for n := range people {
		events = append(events, customers.Event{Customer: person(n), Name: "Go", At: at, ReceivedAt: at, Key: "rig:" + person(n), Live: true})
		if len(events) == 2000 || n == people-1 {
			if _, err := s.Append(r.Context(), events); err != nil {
				r.Fatal(err)
			}
			events = nil
		}
	}
}

func (r *rig) openStore() *store.Store {
	r.Helper()
	s, err := store.Open(r.Context(), r.dsn)
	if err != nil {
		r.Fatal(err)
	}
	return s
}
