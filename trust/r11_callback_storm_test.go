package trust_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

// storm is how reports come in: how often each, in which order, and for how long
// the database is away meanwhile.
type storm struct {
	times int
	luck  *rand.Rand // nil leaves them in order
	away  time.Duration
}

// reportsEach is about how many things happen to one person's messages.
const reportsEach = 20

// callbackStorm: reports that come ten times, in any order and some under other
// ids, and what got no answer again, leave what one clean pass leaves. Both begin
// with the same database: one is a copy of the other.
var callbackStorm = row{
	id: "R11", fault: "every report ten times and shuffled, the database away meanwhile", quick: 4_000, full: 200_000, of: "reports",
	play: func(t *trial) {
		people, away := t.size/reportsEach, 12*time.Second
		if t.full {
			away = time.Minute
		}
		postgres, provider := t.startPostgres(), t.newReporter()
		wants := setting{dsn: postgres.dsn(), redis: t.startRedis(false), times: hasty, behaviour: quiet(), reporter: provider.public()}
		r := t.newRig(wants)
		r.silence()
		r.apply(mixed(channels.Email, channels.SMS), asking)
		r.settle(people)
		sending := []*process{r.start("scheduler"), r.start("worker")} // no doors: nothing is heard yet
		r.begin(people)
		r.wait(30*time.Minute, "everything is sent", func() bool {
			return r.accepted.len() >= 3*people && r.number(`SELECT COUNT(*) FROM deliveries WHERE status = 'sent'`) == 3*people
		})
		for _, p := range sending {
			p.terminate()
		}
		happened := r.happened()
		calm := postgres.copyAs("calm")

		clean := r.pass(wants, calm, happened, provider, nil, storm{times: 1})
		stormy := r.pass(wants, postgres.dsn(), happened, provider, postgres, storm{times: 10, luck: rand.New(rand.NewPCG(t.seed, 11)), away: away})
		differences := 0
		for line, n := range clean {
			if stormy[line] != n {
				differences++
				t.Logf("%d times after the clean pass, %d after the storm: %s", n, stormy[line], line)
			}
		}
		for line, n := range stormy {
			if clean[line] == 0 {
				differences++
				t.Logf("%d times after the storm only: %s", n, line)
			}
		}
		t.show("%d lines of state compared, %d differences", len(clean), differences)
		t.promise(differences == 0, "%d lines of the state are not those of a clean pass", differences)
		t.promise(len(clean) > 5*people, "the clean pass left %d lines only", len(clean))
	},
}

// asking is a campaign whose texts are answered.
const asking = "campaign: asking\ntitle: A question\nowner: operators\ntopic: service\nstate: live\ntrigger: {event: Go}\nsteps:\n" +
	"  - {ask: csat, by: sms, template: rate, answer_within: 2d}\n"

// happening is one thing that a provider tells, in the order it happened.
type happening struct {
	mail   string // an event of SendGrid's, without its id and its end
	url    string // or where Twilio posts what it tells
	fields []any
}

// happened is what becomes of everything that was sent: read, clicked, stopped,
// bounced, answered.
func (r *rig) happened() (all []happening) {
	r.Helper()
	doors := r.doors()
	text := deliveries.Outlet{Channel: channels.SMS, Provider: "twilio"}
	noon := time.Now().Unix()
	r.query(`SELECT id, campaign, customer, channel, provider_id FROM deliveries ORDER BY id`, func(scan func(...any) error) error {
		var id int64
		var campaign, customer, channel, providerID string
		if err := scan(&id, &campaign, &customer, &channel, &providerID); err != nil {
			return err
		}
		n, err := strconv.Atoi(customer[1:])
		if err != nil {
			return err
		}
		if channel == string(channels.Email) {
			all = append(all, mailed(id, n, customer, providerID, noon)...)
			return nil
		}
		last := "delivered"
		if campaign == "asking" && n%13 == 0 { // who did not get it cannot answer
			last = "undelivered"
		}
		for _, word := range []string{"queued", "sent", last} {
			all = append(all, happening{url: doors.Status(text, id, 1), fields: []any{"MessageSid", providerID, "MessageStatus", word, "To", phone(n)}})
		}
		if campaign != "asking" || last != "delivered" {
			return nil
		}
		said := func(words string) {
			all = append(all, happening{url: doors.Hook(text), fields: []any{"MessageSid", fmt.Sprintf("SM%032d", id), "From", phone(n), "To", "+493012345678", "Body", words}})
		}
		switch {
		case n%3 == 0:
			said(strconv.Itoa(1 + n%5))
		case n%17 == 1:
			said("STOP")
		}
		return nil
	})
	return all
}

// mailed is what becomes of an e-mail.
func mailed(id int64, n int, customer, providerID string, at int64) (all []happening) {
	tell := func(event string, after int, more string) {
		all = append(all, happening{mail: fmt.Sprintf(`{"event": %q, "email": "%s@rig.example", "timestamp": %d, "delivery": "%d", "sg_message_id": "%s.f"%s`,
			event, customer, at+int64(after), id, providerID, more)})
	}
	if n%29 == 0 {
		tell("bounce", 5, `, "type": "bounce", "status": "5.1.1"`)
		return all
	}
	tell("delivered", 5, "")
	for i := range 10 { // links of other houses, which only SendGrid knows of
		tell("click", 601+20*i, fmt.Sprintf(`, "url": "https://shop.example/%d"`, i))
		if i%4 == 0 {
			tell("open", 600+20*i, "")
		}
	}
	if n%7 == 1 {
		tell("unsubscribe", 900, "")
	}
	if n%11 == 1 {
		tell("spamreport", 901, "")
	}
	return all
}

func phone(n int) string { return fmt.Sprintf("+4915112%06d", n) }

// pass starts the program on a database, lets everything be told, and returns the
// state that leaves, line by line.
func (r *rig) pass(wants setting, dsn string, happened []happening, provider *reporter, database *postgresServer, s storm) map[string]int {
	r.Helper()
	r.dsn, wants.dsn = dsn, dsn
	r.redis.restart() // empty: the queue of the other pass is not this one's
	r.rewrite(wants)
	running := []*process{r.start("web"), r.start("scheduler"), r.start("worker")}
	posts := r.posts(happened, provider, s)
	r.wait(time.Minute, "the doors are open", func() bool { return provider.post(report{url: r.doors().Base + "/healthz"}) != 0 })

	var again, done atomic.Int64
	queue := make(chan func() bool)
	var work sync.WaitGroup
	for range 16 {
		work.Go(func() {
			for comes := range queue {
				for !comes() && r.Context().Err() == nil {
					again.Add(1)
					time.Sleep(200 * time.Millisecond) // before it is tried again, as providers do
				}
				done.Add(1)
			}
		})
	}
	go func() {
		defer close(queue)
		for _, comes := range posts {
			select {
			case queue <- comes:
			case <-r.Context().Done():
				return
			}
		}
	}()
	if s.away > 0 {
		r.wait(30*time.Minute, "half of it is told", func() bool { return done.Load() >= int64(len(posts)/2) })
		database.stop()
		time.Sleep(s.away) // that is the fault
		database.start()
	}
	r.wait(2*time.Hour, "everything is told", func() bool { return done.Load() == int64(len(posts)) })
	work.Wait()
	if s.away > 0 {
		r.show("%d requests, the database away for %s, %d times no 2xx", len(posts), s.away, again.Load())
		r.promise(again.Load() > 0, "nobody noticed that the database was away")
	}
	store, closed := r.peek()
	defer closed()
	r.wait(time.Hour, "everything is read", func() bool {
		return r.number(`SELECT COUNT(*) FROM inbox WHERE state = 'waiting'`) == 0 && idle(store)
	})
	for _, p := range running {
		p.terminate()
	}
	return r.state()
}

// posts are the requests that tell everything, as often as it is told.
func (r *rig) posts(happened []happening, provider *reporter, s storm) (posts []func() bool) {
	var mails []string
	for n, h := range happened {
		for again := range s.times {
			if h.mail != "" { // a repeat may come under another id
				mails = append(mails, h.mail+fmt.Sprintf(`, "sg_event_id": "e%d-%d"}`, n, again%3))
				continue
			}
			told := twilioReport(h.url, sparing(fields(h.fields...), again))
			posts = append(posts, func() bool { return provider.post(told)/100 == 2 })
		}
	}
	if s.luck != nil {
		s.luck.Shuffle(len(mails), func(i, j int) { mails[i], mails[j] = mails[j], mails[i] })
	}
	hook := r.doors().Hook(deliveries.Outlet{Channel: channels.Email, Provider: "sendgrid"})
	for some := range slices.Chunk(mails, 200) {
		posts = append(posts, func() bool {
			told, err := provider.events(hook, some)
			return err == nil && provider.post(told)/100 == 2
		})
	}
	if s.luck != nil {
		s.luck.Shuffle(len(posts), func(i, j int) { posts[i], posts[j] = posts[j], posts[i] })
	}
	return posts
}

// sparing makes some repeats of a callback differ in what nobody reads.
func sparing(of url.Values, again int) url.Values {
	if again%3 > 0 {
		of.Set("ApiVersion", fmt.Sprint("v", again%3))
	}
	return of
}

// state is what stands in the database, without what tells when it came there.
func (r *rig) state() map[string]int {
	r.Helper()
	lines := map[string]int{}
	for _, query := range []string{
		`SELECT concat_ws(' ', 'delivery', id, customer, channel, status, reason) FROM deliveries`,
		`SELECT concat_ws(' ', 'line', customer, name, delivery, properties->>'link', properties->>'score') FROM events`,
		`SELECT concat_ws(' ', 'suppressed', channel, address, reason) FROM suppressions`,
		`SELECT concat_ws(' ', 'consent', customer, topic, channel, granted) FROM consents`,
		`SELECT concat_ws(' ', 'answer', entry, ask, customer, delivery, score, choice, text, channel) FROM answers`,
		`SELECT concat_ws(' ', 'score', id, csat_last, csat_sum, csat_count) FROM customers`,
		`SELECT concat_ws(' ', 'entry', id, campaign, customer, state) FROM entries`,
		`SELECT concat_ws(' ', 'case', customer, campaign, why, closed_at IS NULL) FROM cases`,
	} {
		r.query(query, func(scan func(...any) error) error {
			var line string
			err := scan(&line)
			lines[line]++
			return err
		})
	}
	return lines
}
