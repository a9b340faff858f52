package config

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"time"

	"github.com/goccy/go-yaml"
)

// Config is what an operator may set. Each value comes from the defaults, then
// the file, then the environment: RAPPORT_ and the path in upper snake, such as
// RAPPORT_PUBLIC_URL, or the same name with _FILE naming a file that holds it.
type Config struct {
	// Store is where the truth is: sqlite:PATH or postgres://….
	Store Secret `yaml:"store"`
	// Redis is a URL, or sentinels, or a cluster; left out, one runs inside the
	// process, which only `rapport up` does.
	Redis Redis `yaml:"redis"`
	// Listen is the address of the console and the public doors.
	Listen string `yaml:"listen"`
	// PublicURL is how the world reaches the public doors, which stand at the root
	// of a host. Signatures and links are made and checked with it, never with what
	// a request claims.
	PublicURL string `yaml:"public_url"`
	// LinkKeys sign links; the first signs, all are accepted.
	LinkKeys []Secret `yaml:"link_keys"`
	// ErasureKeys veil the addresses of people who were erased; the first veils, all
	// are known. One that is lost cannot be replaced.
	ErasureKeys []Secret `yaml:"erasure_keys"`
	// WriteKeys let shops send events (Segment's write key).
	WriteKeys []Secret `yaml:"write_keys"`
	// TestAddresses are the mailboxes and numbers that test messages may go to.
	TestAddresses []string `yaml:"test_addresses"`
	// TestMode lets messages leave only to customers with a test address; all
	// others are skipped. Webhooks are skipped too.
	TestMode bool `yaml:"test_mode"`
	// Providers are sections by channel and provider: email: {sendgrid: {…}}.
	Providers map[string]map[string]Section `yaml:"providers"`
	// Variables are the names of those that a section of Providers has values from, by
	// channel and provider: "email.sendgrid".
	Variables map[string][]string `yaml:"-"`
	// Inbound is how e-mail comes to us.
	Inbound Inbound `yaml:"inbound"`
	// Limits are how fast messages leave, by channel.
	Limits map[string]Limit `yaml:"limits"`
	// ConditionTimeout is how long a database may judge the condition of one
	// segment, audience or exit in one statement.
	ConditionTimeout time.Duration `yaml:"condition_timeout"`

	Recordings Recordings `yaml:"recordings"`
	Retention  Retention  `yaml:"retention"`
	Alerts     Alerts     `yaml:"alerts"`
	Ops        Ops        `yaml:"ops"`
	Console    Console    `yaml:"console"`
	Telemetry  Telemetry  `yaml:"telemetry"`
	Worker     Worker     `yaml:"worker"`
	Log        Log        `yaml:"log"`
}

// Retention is how long what is no longer needed is kept. 0 keeps it for ever.
type Retention struct {
	// Callbacks are what providers reported, once it is read and applied.
	Callbacks Age `yaml:"callbacks"`
	// Timeline is what happened to customers and what they did. Conditions see no
	// further back.
	Timeline Age `yaml:"timeline"`
	// Recordings are customers' voices. That there was one stays on the timeline.
	Recordings Age `yaml:"recordings"`
}

// Recordings say where the sound of recorded calls is kept. Without a place it
// stays at the provider. Every process that works on calls or shows them needs
// the same place.
type Recordings struct {
	// Folder is a folder of this machine, or one that all machines share.
	Folder string `yaml:"folder"`
	// S3 is a bucket, in the place of a folder.
	S3 Bucket `yaml:"s3"`
	// Move deletes at the provider what is kept here.
	Move bool `yaml:"move"`
}

// Bucket is a bucket of S3, or of a server that speaks its language.
type Bucket struct {
	Endpoint string `yaml:"endpoint"` // host and port
	Bucket   string `yaml:"bucket"`
	Region   string `yaml:"region"`
	// AccessKey and SecretKey; without them the machine's own role is used.
	AccessKey Secret `yaml:"access_key"`
	SecretKey Secret `yaml:"secret_key"`
	// Plain speaks HTTP without TLS.
	Plain bool `yaml:"plain"`
}

// Alerts are how an operator is told beside the log.
type Alerts struct {
	// Webhook is a URL that is told, signed as Standard Webhooks says, when a
	// provider is found down and when it is up again. Empty tells nobody.
	Webhook Secret `yaml:"webhook"`
}

// Console is where people with an account work, in the role of that name. `rapport
// up` serves its console to its own machine and needs none of this.
type Console struct {
	// Listen is its address. Whatever stands before it speaks TLS.
	Listen string `yaml:"listen"`
	// URL is how browsers reach it, such as https://console.shop.example.
	URL string `yaml:"url"`
}

func (c Console) check() error {
	if c == (Console{}) {
		return nil
	}
	if at, err := url.Parse(c.URL); err != nil || at.Host == "" || at.Path != "" || at.Scheme != "https" && !isLoopback(at.Hostname()) {
		return errors.New("console.url: must be an https URL without a path, such as https://console.shop.example")
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return errors.New("console.listen: must be an address and a port, such as 0.0.0.0:8081")
	}
	return nil
}

func isLoopback(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// Ops is the port at which each process tells whatever runs it how it does. It is
// for the machines' own network and nobody else: it has no accounts.
type Ops struct {
	// Listen is its address, such as 0.0.0.0:9090; empty: there is none.
	Listen string `yaml:"listen"`
	// Drain is how long the web role goes on serving after it was told to stop and
	// says that it is not ready, so that load balancers send it nothing more.
	Drain time.Duration `yaml:"drain"`
}

// longestDrain leaves requests under way 15 s of a pod's grace of 45 s.
const longestDrain = 25 * time.Second

func (o Ops) check() (mistakes []error) {
	if _, _, err := net.SplitHostPort(o.Listen); o.Listen != "" && err != nil {
		mistakes = append(mistakes, errors.New("ops.listen: must be an address and a port, such as 0.0.0.0:9090"))
	}
	if o.Drain < 0 || o.Drain > longestDrain {
		mistakes = append(mistakes, fmt.Errorf("ops.drain: must be from 0s to %s (5s recommended), and is %s", longestDrain, o.Drain))
	}
	return mistakes
}

// Telemetry is what operators see beside the log. Metrics are always kept, and
// told at the operations port.
type Telemetry struct {
	// OTLP takes traces by OTLP over HTTP, such as http://127.0.0.1:4318; empty:
	// there are none.
	OTLP string `yaml:"otlp"`
	// Sample is the share of traces that are kept, from 0 to 1. A broadcast's
	// messages are kept by the batch.
	Sample float64 `yaml:"sample"`
	// Campaigns is up to how many campaigns metrics tell apart; 0: none.
	Campaigns int `yaml:"campaigns"`
}

// mostCampaigns bounds what metrics may cost: each campaign is four series.
const mostCampaigns = 1000

func (t Telemetry) check() (mistakes []error) {
	if at, err := url.Parse(t.OTLP); t.OTLP != "" && (err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https") {
		mistakes = append(mistakes, errors.New("telemetry.otlp: must be an absolute http or https URL, such as http://127.0.0.1:4318"))
	}
	if t.Sample < 0 || t.Sample > 1 {
		mistakes = append(mistakes, errors.New("telemetry.sample: must be a share from 0 to 1, such as 0.01"))
	}
	if t.Campaigns < 0 || t.Campaigns > mostCampaigns {
		mistakes = append(mistakes, fmt.Errorf("telemetry.campaigns: must be a number from 0 to %d", mostCampaigns))
	}
	return mistakes
}

// Worker sizes a worker process.
type Worker struct {
	// Concurrency is how many tasks run at once.
	Concurrency int `yaml:"concurrency"`
	// QueueParts is over how many queues in Redis the messages of one channel are
	// spread, which a cluster keeps on different nodes. The scheduler fills that
	// many; workers serve these and any others that Redis knows.
	QueueParts int `yaml:"queue_parts"`
	// Window is how many messages of one task are in flight at once.
	Window int `yaml:"window"`
	// InHand is how many messages and journeys a worker has in memory at once, over
	// all its tasks. What it needs of memory follows from it.
	InHand int `yaml:"in_hand"`
	// Lease is how long a delivery is kept for the worker that has it before
	// another may take it. It must outlast a window of sends. Entries and callbacks
	// are kept as long, but for a minute at most.
	Lease time.Duration `yaml:"lease"`
	// Call is how long a provider may take to answer. What it has not answered
	// by then is unconfirmed.
	Call time.Duration `yaml:"call"`
	// Shutdown is how long tasks may take to end when a worker is told to stop;
	// whatever runs it must wait longer (a pod's grace of 45 s).
	Shutdown time.Duration `yaml:"shutdown"`
	// Doubt is how long a message of which nobody knows whether it was sent waits
	// for a report of it, before its provider is asked and its policy decides.
	Doubt time.Duration `yaml:"doubt"`
}

// Log says what is logged and how.
type Log struct {
	Level  string `yaml:"level"`  // debug, info, warn, error
	Format string `yaml:"format"` // text, json
}

// Section is a part of the file that somebody else decodes. It holds secrets,
// so no log, error or dump shows it.
type Section []byte

// UnmarshalYAML keeps the section as written.
func (s *Section) UnmarshalYAML(raw []byte) error {
	*s = append(Section(nil), raw...)
	return nil
}

// Decode reads the section into v. Keys v does not know are errors.
func (s Section) Decode(v any) error {
	return withoutSource(yaml.UnmarshalWithOptions(s, v, yaml.Strict()))
}

// With is the section with one more key, replacing one of the same name.
func (s Section) With(key string, value any) (Section, error) {
	var keys map[string]any
	if err := yaml.Unmarshal(s, &keys); err != nil {
		return nil, withoutSource(err)
	}
	if keys == nil { // the section is empty
		keys = map[string]any{}
	}
	keys[key] = value
	return yaml.Marshal(keys)
}

// withoutSource is a mistake in YAML by its place and words. On its own the
// parser's error quotes the lines around it, and those hold secrets. So may a key
// that is none, where a colon is missing or a variable stands in it.
func withoutSource(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(oddKey.ReplaceAllString(yaml.FormatError(err, false, false), hiddenKey))
}

const hiddenKey = "unknown field; it is not shown because it may hold a secret. Keys are small letters and _, and end with a colon"

// oddKey finds an unknown key with more in it than keys are made of.
var oddKey = regexp.MustCompile(`(?s)unknown field "[a-z_]*[^a-z_"].*"`)

// Defaults is what holds when nothing is set.
func Defaults() Config {
	return Config{
		Listen:           "127.0.0.1:8080",
		PublicURL:        "http://127.0.0.1:8080",
		ConditionTimeout: time.Minute,

		Retention: Retention{Callbacks: Age(30 * 24 * time.Hour), Recordings: Age(90 * 24 * time.Hour)},
		Ops:       Ops{Drain: 5 * time.Second},
		Telemetry: Telemetry{Sample: 0.01},
		Worker:    Worker{Concurrency: 8, QueueParts: 1, Window: 500, InHand: 1000, Lease: 90 * time.Second, Call: 10 * time.Second, Shutdown: 25 * time.Second, Doubt: 2 * time.Minute},
		Log:       Log{Level: "info", Format: "text"},
	}
}

// Load reads the file at path, or only the defaults when path is "", and lays
// the environment (as os.Environ gives it) over it.
func Load(path string, environ []string) (Config, error) {
	var raw []byte
	if path != "" {
		var err error
		if raw, err = os.ReadFile(path); err != nil {
			return Defaults(), fmt.Errorf("read the configuration: %w", err)
		}
	}
	return read(path, raw, environ)
}

// read lays a file's text and the environment over the defaults.
func read(path string, raw []byte, environ []string) (Config, error) {
	config := Defaults()
	env := newEnvironment(environ)
	expanded, err := env.expand(raw)
	if err != nil {
		return config, fmt.Errorf("%s: %w", path, err)
	}
	if len(bytes.TrimSpace(expanded)) > 0 {
		if err := yaml.UnmarshalWithOptions(expanded, &config, yaml.Strict()); err != nil {
			if all := misread(expanded); all != nil {
				return config, fmt.Errorf("%s: %w", path, all)
			}
			return config, fmt.Errorf("%s: %w", path, withoutSource(err))
		}
	}
	if err := env.overlay(&config); err != nil {
		return config, err
	}
	return config, config.Check()
}
