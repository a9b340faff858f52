package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/sandbox"
	"rapport/store"
	"rapport/workers"
)

const rigLinkKey = "0123456789abcdef0123456789abcdef"

// rig is an installation of real processes around a sandbox that outlives them
// all. The suite that breaks such installations is in trust/.
type rig struct {
	t       *testing.T
	dir     string
	dsn     string
	redis   *redisProcess // nil where Redis runs inside the process
	keys    keys
	address string // of the doors
	sandbox *sandbox.Sandbox
	log     string // what the sandbox accepted
}

// mixed is a campaign of one message on each channel, none of them ever sent
// twice.
var mixed = map[string][]byte{
	"rapport.yaml": []byte(`
workspace: rig
brand: {name: Rig, url: "https://rig.example", address: "1 Rig Street"}
locale: en
zone: Europe/Berlin
currency: EUR
topics: [{id: service, title: Service, default: in}]
senders:
  email: {from: "Rig <rig@rig.example>"}
  sms: {from: "+493012345678"}
  call: {from: "+493012345678"}
contact: {countries: {sms: [DE], call: [DE]}}
`),
	"campaigns/mixed.yaml": []byte(`
campaign: mixed
title: One of each
owner: operators
topic: service
state: live
trigger: {event: Go}
steps:
  - {email: note, ambiguous: hold}
  - {sms: note, ambiguous: hold}
  - {push: note, ambiguous: hold}
  - {call: note, ambiguous: hold}
`),
	"templates/email/note.liquid": []byte("---\nsubject: A note\nlayout: base\nformat: mjml\n---\n<mj-text>A note from {{ brand.name }}. <a href=\"https://rig.example/more\">More</a></mj-text>\n"),
	"templates/sms/note.liquid":   []byte("A note from {{ brand.name }}\n"),
	"templates/push/note.yaml":    []byte("title: A note\nbody: Read it\nurl: https://rig.example/more\n"),
	"templates/call/note.yaml":    []byte("say: A note from {{ brand.name }}.\nbye: Goodbye.\n"),
}

func newRig(t *testing.T, dsn string, behaviour sandbox.Behaviour, faults ...sandbox.Fault) *rig {
	t.Helper()
	k, err := makeKeys()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, dir: t.TempDir(), dsn: dsn, keys: k, address: "127.0.0.1:" + freePort(t)}
	server := httptest.NewUnstartedServer(nil)
	self := "http://" + server.Listener.Addr().String()
	r.log = filepath.Join(r.dir, "accepted.ndjson")
	accepted, err := os.Create(r.log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = accepted.Close() })
	o := sandboxOptions(k, self, "http://"+r.address, 1, accepted)
	o.Behaviour, o.Faults = behaviour, faults
	r.sandbox = sandbox.New(o)
	if err := r.sandbox.Check(); err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = r.sandbox.Handler()
	server.Start()
	t.Cleanup(server.Close)
	ctx, stop := context.WithCancel(t.Context())
	var playing sync.WaitGroup
	playing.Go(func() { _ = r.sandbox.Run(ctx) })
	t.Cleanup(func() { stop(); playing.Wait() })
	r.writeConfig(self)
	return r
}

func (r *rig) writeConfig(sandboxURL string) {
	r.t.Helper()
	redisURL := ""
	if r.redis != nil {
		redisURL = r.redis.url()
	}
	text := fmt.Sprintf(`store: %q
redis: %q
listen: %s
public_url: http://%s
link_keys: [%s]
write_keys: [rig-write-key]
providers:
  email: {sendgrid: {api_key: %q, base_url: %q, webhook_public_keys: [%q]}}
  sms: {twilio: {account_sid: %s, auth_token: %q, base_url: %q}}
  call: {twilio: {account_sid: %s, auth_token: %q, base_url: %q}}
  push: {vapid: {public_key: %q, private_key: %q, subject: "mailto:rig@rig.example", base_url: %q}}
worker: {concurrency: 4, window: 40, lease: 6s, call: 2s, shutdown: 5s}
log: {level: error}
`, r.dsn, redisURL, r.address, r.address, rigLinkKey,
		r.keys.SendGrid, sandboxURL, r.sandbox.SendGridPublicKey(),
		twilioAccount, r.keys.Twilio, sandboxURL, twilioAccount, r.keys.Twilio, sandboxURL,
		r.keys.PushPublic, r.keys.PushPrivate, sandboxURL)
	if err := os.WriteFile(r.configPath(), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) configPath() string { return filepath.Join(r.dir, "config.yaml") }

// useRedis starts a real Redis for the rig's processes.
func (r *rig) useRedis() {
	r.t.Helper()
	r.redis = startRedis(r.t)
	raw, err := os.ReadFile(r.configPath())
	if err != nil {
		r.t.Fatal(err)
	}
	raw = bytes.Replace(raw, []byte(`redis: ""`), []byte(`redis: "`+r.redis.url()+`"`), 1)
	if err := os.WriteFile(r.configPath(), raw, 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// fill puts a workspace in force and people into the store, and lets the event
// happen that begins everybody's journey.
func (r *rig) fill(files map[string][]byte, people int, event string) {
	r.t.Helper()
	ctx := r.t.Context()
	s, err := store.Open(ctx, r.dsn)
	if err != nil {
		r.t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(ctx); err != nil {
		r.t.Fatal(err)
	}
	catalog := &campaigns.Catalog{Archive: s.Archive()}
	if _, problems, err := catalog.Apply(ctx, files, now()); err != nil || len(problems) > 0 {
		r.t.Fatalf("apply the rig's workspace: %v %v", err, problems)
	}
	at := now()
	var list []customers.Customer
	var events []customers.Event
	for n := range people {
		id := fmt.Sprintf("p%05d", n)
		list = append(list, customers.Customer{
			ID: id, Email: id + "@rig.example", Phone: fmt.Sprintf("+4915112%06d", n), Country: "DE", Zone: "Europe/Berlin",
		})
		events = append(events, customers.Event{Customer: id, Name: event, At: at, ReceivedAt: at, Key: "rig:" + id, Live: true})
	}
	if _, err := s.PutCustomers(ctx, at, list); err != nil {
		r.t.Fatal(err)
	}
	for _, c := range list {
		if err := s.Subscribe(ctx, c.ID, r.sandbox.NewSubscription(c.ID), at); err != nil {
			r.t.Fatal(err)
		}
	}
	if _, err := s.Append(ctx, events); err != nil {
		r.t.Fatal(err)
	}
}

// process is one running rapport.
type process struct {
	cmd    *exec.Cmd
	stderr *bytes.Buffer
}

// start runs the program with the rig's configuration.
func (r *rig) start(args ...string) *process {
	r.t.Helper()
	p := &process{stderr: &bytes.Buffer{}}
	p.cmd = exec.Command(os.Args[0], append(args, "--config", r.configPath(), "--data", filepath.Join(r.dir, "data"))...)
	p.cmd.Env = append(os.Environ(), "RAPPORT_TEST_MAIN=1")
	p.cmd.Stdout, p.cmd.Stderr = io.Discard, p.stderr
	if err := p.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	return p
}

func (p *process) signal(s syscall.Signal) {
	_ = p.cmd.Process.Signal(s)
	_ = p.cmd.Wait()
}

// redisProcess is a Redis server that can be killed and started again, empty.
type redisProcess struct {
	t    *testing.T
	port string
	cmd  *exec.Cmd
}

func startRedis(t *testing.T) *redisProcess {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("Redis: redis-server is not installed")
	}
	r := &redisProcess{t: t, port: freePort(t)}
	r.start()
	t.Cleanup(func() { r.kill() })
	return r
}

func (r *redisProcess) url() string { return "redis://127.0.0.1:" + r.port + "/0" }

func (r *redisProcess) start() {
	r.t.Helper()
	r.cmd = exec.Command("redis-server", "--port", r.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", r.t.TempDir())
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	client, err := workers.OpenRedis(r.url())
	if err != nil {
		r.t.Fatal(err)
	}
	defer client.Close()
	eventually(r.t, 20*time.Second, "Redis answers", func() bool { return client.Ping(context.Background()).Err() == nil })
}

func (r *redisProcess) kill() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := strings.Cut(listener.Addr().String(), ":")
	return port
}

// eventually waits for a condition. The limit only ends a test that hangs.
func eventually(t *testing.T, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain until %s", limit, what)
		}
		time.Sleep(50 * time.Millisecond) // between two looks
	}
}
