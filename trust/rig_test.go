package trust_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"rapport/channels/webpush"
	"rapport/deliveries"
	"rapport/sandbox"
	"rapport/store"
)

// What the rig's processes and its sandbox share.
const (
	linkKey     = "0123456789abcdef0123456789abcdef"
	sendgridKey = "SG.of-the-rig"
	account     = "AC00000000000000000000000000000001"
	accountKey  = "of-the-rig"
	hookSecret  = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
)

// times are those of a worker. Leases are short, so that a row waits for few.
type times struct {
	lease, call, shutdown, doubt time.Duration
}

var hasty = times{lease: 6 * time.Second, call: 2 * time.Second, shutdown: 5 * time.Second, doubt: 5 * time.Second}

// ordinary leases are as long as those of an installation that says nothing of them.
var ordinary = times{lease: 90 * time.Second, call: 2 * time.Second, shutdown: 5 * time.Second, doubt: 5 * time.Second}

// What one worker has in flight at most.
const (
	concurrency = 4
	window      = 40
	inFlight    = concurrency * window
)

// rig is an installation of real processes around a sandbox that outlives them
// all and writes down what it accepted.
type rig struct {
	*trial
	dir       string
	dsn       string
	redis     *redisServer // nil where Redis runs inside the process
	address   string       // of the doors
	accepted  *acceptedList
	sandbox   *sandbox.Sandbox
	processes []*process    // all that ever ran
	held      int           // what stayed in doubt until the operator decided
	most      map[int64]int // how often what is mute may be accepted by his word
	// rewrite writes the configuration anew, for those that start from then on.
	rewrite func(setting)
	// silence keeps the sandbox from calling back by itself.
	silence func()
	// pause ends whatever keeps others from the store, and gives what starts it
	// again; nil where nothing does.
	pause func() (goOn func())
}

// setting is what a row wants of its rig.
type setting struct {
	dsn       string
	redis     *redisServer
	times     times
	behaviour sandbox.Behaviour
	faults    []sandbox.Fault
	extra     string // more lines of the configuration
	// window is how many messages of a task are in flight at most; 0 is the rig's
	// usual number.
	window int
	// batch is how many e-mails leave in a request; 0 is the usual number.
	batch int
	// reporter is one more public key that SendGrid's events may be signed by.
	reporter string
	// met is told of every request that providers get; nil is nobody.
	met func(*http.Request)
}

// slowly makes the sandbox take its time to answer, so that faults meet sends in
// flight.
func slowly(from, to time.Duration) []sandbox.Fault {
	return []sandbox.Fault{{Kind: sandbox.Slow, Rate: 1, Delay: sandbox.Between(from, to)}}
}

// quiet customers let everything arrive and do nothing, but browsers that show a
// notification say so.
func quiet() sandbox.Behaviour {
	return sandbox.Behaviour{Push: sandbox.PushBehaviour{Show: 1}}
}

// belated is how late word comes of late customers' messages.
const belated = 9 * time.Second

// late customers do the same, but word of it comes only after a lease: till then
// what a dead worker was sending is in doubt. Half of the browsers say nothing.
func late() sandbox.Behaviour {
	return sandbox.Behaviour{
		Email: sandbox.EmailBehaviour{Delivery: sandbox.Between(belated, belated)},
		SMS:   sandbox.SMSBehaviour{Delivery: sandbox.Between(4*belated, 4*belated)}, // after a quarter of which it is sent
		Push:  sandbox.PushBehaviour{Show: 0.5, Showing: sandbox.Between(belated, belated)},
	}
}

// newRig sets up the sandbox and the configuration. Nothing runs yet.
func (t *trial) newRig(s setting) *rig {
	t.Helper()
	r := &rig{trial: t, dir: t.TempDir(), dsn: s.dsn, redis: s.redis, address: "127.0.0.1:" + t.freePort(), accepted: &acceptedList{}, most: map[int64]int{}}
	t.rig = r
	server := httptest.NewUnstartedServer(nil)
	self := "http://" + server.Listener.Addr().String()
	doors := r.doors()
	r.sandbox = sandbox.New(sandbox.Options{
		PublicURL: doors.Base, SelfURL: self, Seed: t.seed, Behaviour: s.behaviour, Faults: s.faults, Now: time.Now, Log: r.accepted,
		SendGrid: sandbox.SendGrid{APIKey: sendgridKey, EventsURL: doors.Hook(deliveries.Outlet{Channel: "email", Provider: "sendgrid"})},
		Twilio:   sandbox.Twilio{AccountSID: account, AuthToken: accountKey, InboundURL: doors.Hook(deliveries.Outlet{Channel: "sms", Provider: "twilio"})},
	})
	if err := r.sandbox.Check(); err != nil {
		t.Fatal(err)
	}
	providers := r.sandbox.Handler()
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if s.met != nil {
			s.met(request)
		}
		providers.ServeHTTP(w, request)
	})
	server.Start()
	t.Cleanup(server.Close)
	ctx, stop := context.WithCancel(t.Context())
	var playing sync.WaitGroup
	playing.Go(func() { _ = r.sandbox.Run(ctx) }) // ends with ctx
	r.silence = func() { stop(); playing.Wait() }
	t.Cleanup(r.silence)
	r.rewrite = func(s setting) { r.configure(s, self) }
	r.rewrite(s)
	return r
}

// doors open the tokens of this rig.
func (r *rig) doors() deliveries.Addresses {
	return deliveries.Addresses{Base: "http://" + r.address, Signer: deliveries.NewSigner([]byte(linkKey))}
}

func (r *rig) configure(s setting, provider string) {
	r.Helper()
	public, private, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		r.Fatal(err)
	}
	redisURL := ""
	if r.redis != nil {
		redisURL = r.redis.url()
	}
	twilio := fmt.Sprintf("{account_sid: %s, auth_token: %q, base_url: %q}", account, accountKey, provider)
	keys := []string{strconv.Quote(r.sandbox.SendGridPublicKey())}
	if s.reporter != "" {
		keys = append(keys, strconv.Quote(s.reporter))
	}
	text := fmt.Sprintf(`store: %q
redis: %q
listen: %s
public_url: http://%s
link_keys: [%s]
write_keys: [of-the-rig]
providers:
  email: {sendgrid: {api_key: %q, base_url: %q, batch: %d, webhook_public_keys: [%s]}}
  sms: {twilio: %s}
  call: {twilio: %s}
  webhook: {standard: {secrets: [%s]}}
  push: {vapid: {public_key: %q, private_key: %q, subject: "mailto:rig@rig.example", base_url: %q}}
worker: {concurrency: %d, window: %d, lease: %s, call: %s, shutdown: %s, doubt: %s}
log: {level: warn, format: json}
%s
`, r.dsn, redisURL, r.address, r.address, linkKey,
		sendgridKey, provider, s.batch, strings.Join(keys, ", "), twilio, twilio, hookSecret, public, private, provider,
		concurrency, cmp.Or(s.window, window), s.times.lease, s.times.call, s.times.shutdown, s.times.doubt, s.extra)
	if err := os.WriteFile(r.configPath(), []byte(text), 0o600); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) configPath() string { return filepath.Join(r.dir, "config.yaml") }

// start runs the program with the rig's configuration.
func (r *rig) start(args ...string) *process {
	r.Helper()
	return r.startWith("", args...)
}

// startWith runs it with one more setting in its environment.
func (r *rig) startWith(setting string, args ...string) *process {
	r.Helper()
	cmd := exec.Command(r.program, append(args, "--config", r.configPath(), "--data", filepath.Join(r.dir, "data"))...)
	cmd.Env = append(os.Environ(), setting)
	p := r.launch(r.dir, cmd)
	r.processes = append(r.processes, p)
	return p
}

// fleet are the processes of an installation in roles.
type fleet struct {
	rig            *rig
	scheduler, web *process
	workers        []*process
}

// startFleet starts a scheduler, the doors and some workers.
func (r *rig) startFleet(workers int) *fleet {
	r.Helper()
	f := &fleet{rig: r, scheduler: r.start("scheduler"), web: r.start("web")}
	for range workers {
		f.workers = append(f.workers, r.start("worker"))
	}
	return f
}

// replace puts a new worker in the place of one that is gone.
func (f *fleet) replace(n int) { f.workers[n] = f.rig.start("worker") }

// stopAll kills whatever still runs.
func (r *rig) stopAll() {
	for _, p := range r.processes {
		p.kill()
	}
}

// left reports whether one of them ended by itself.
func (r *rig) left() bool {
	return slices.ContainsFunc(r.processes, (*process).left)
}

// peek opens the store for reading only, until it is closed.
func (r *rig) peek() (s *store.Store, closed func()) {
	r.Helper()
	s, err := store.OpenReading(r.Context(), r.dsn)
	if err != nil {
		r.Fatal(err)
	}
	return s, func() { _ = s.Close() } // nothing was written
}

// said adds up a number that the processes' warnings of one message carry.
func (r *rig) said(message, number string) (sum int) {
	for _, line := range r.words() {
		var said map[string]any
		if json.Unmarshal(line, &said) != nil || said["msg"] != message {
			continue
		}
		if n, is := said[number].(float64); is {
			sum += int(n)
		}
	}
	return sum
}

func (r *rig) words() (lines [][]byte) {
	for _, p := range r.processes {
		raw, err := os.ReadFile(p.words)
		if err != nil {
			continue // it said nothing
		}
		lines = append(lines, bytes.Split(raw, []byte("\n"))...)
	}
	return lines
}

// lastWords are what the processes said, each message once and how often.
func (r *rig) lastWords() string {
	count, example := map[string]int{}, map[string]string{}
	var order []string
	for _, line := range r.words() {
		var said struct{ Msg string }
		if len(line) == 0 {
			continue
		}
		message := string(line)
		if json.Unmarshal(line, &said) == nil {
			message = said.Msg
		}
		if count[message] == 0 {
			order = append(order, message)
		}
		count[message]++
		example[message] = string(line)
	}
	var b strings.Builder
	for _, message := range order {
		fmt.Fprintf(&b, "%4d × %.600s\n", count[message], example[message])
	}
	return b.String()
}
