package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// file writes a configuration and returns its path.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rapport.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// mail is an e-mail provider's part of the file.
type mail struct {
	APIKey Secret `yaml:"api_key"`
	From   string `yaml:"from"`
}

func TestEachLayerCoversTheOneBelow(t *testing.T) {
	secret := file(t, "sqlite:/from/a/file.db\n")
	written := file(t, `
store: sqlite:written.db
public_url: https://written.example
worker: {lease: 30s}
link_keys: [0123456789abcdef]
providers: {email: {sendgrid: {api_key: written, from: news@shop.example}}}
`)
	url := func(c Config) string { return c.PublicURL }
	lease := func(c Config) string { return c.Worker.Lease.String() }
	dsn := func(c Config) string { return c.Store.Reveal() }
	var apiKey, from func(Config) string
	decoded := func(pick func(mail) string) func(Config) string {
		return func(c Config) string {
			var m mail
			if err := c.Providers["email"]["sendgrid"].Decode(&m); err != nil {
				t.Error(err)
			}
			return pick(m)
		}
	}
	apiKey = decoded(func(m mail) string { return m.APIKey.Reveal() })
	from = decoded(func(m mail) string { return m.From })
	keys := func(c Config) string {
		var list []string
		for _, key := range c.LinkKeys {
			list = append(list, key.Reveal())
		}
		return strings.Join(list, "|")
	}
	kept := func(c Config) string { return time.Duration(c.Retention.Callbacks).String() }
	limit := func(c Config) string { return fmt.Sprint(c.Limits["sms"].PerSecond, c.Limits["sms"].PerSender) }
	for _, test := range []struct {
		name, path, environ string
		read                func(Config) string
		want                string
	}{
		{"a default", "", "", url, "http://127.0.0.1:8080"},
		{"a default beside a file", file(t, "listen: 127.0.0.1:9\n"), "", url, "http://127.0.0.1:8080"},
		{"an empty file", file(t, "\n"), "", url, "http://127.0.0.1:8080"},
		{"the file", written, "", url, "https://written.example"},
		{"a variable over a default", "", "RAPPORT_PUBLIC_URL=https://env.example", url, "https://env.example"},
		{"a variable over the file", written, "RAPPORT_PUBLIC_URL=https://env.example", url, "https://env.example"},
		{"a default inside", "", "", lease, "1m30s"},
		{"the file inside", written, "", lease, "30s"},
		{"a variable inside", written, "RAPPORT_WORKER_LEASE=2m", lease, "2m0s"},
		{"the file's secret", written, "", dsn, "sqlite:written.db"},
		{"a secret in a file of its own, without the end of its line", written, "RAPPORT_STORE_FILE=" + secret, dsn, "sqlite:/from/a/file.db"},
		{"a provider in the file", written, "", apiKey, "written"},
		{"a provider's key over the file", written, "RAPPORT_PROVIDERS_EMAIL_SENDGRID_API_KEY=SG.env", apiKey, "SG.env"},
		{"the provider's other keys stay", written, "RAPPORT_PROVIDERS_EMAIL_SENDGRID_API_KEY=SG.env", from, "news@shop.example"},
		{"a provider that only the environment knows", "", "RAPPORT_PROVIDERS_EMAIL_SENDGRID_API_KEY=SG.env", apiKey, "SG.env"},
		{"a provider's section left empty", file(t, "providers:\n  email:\n    sendgrid:\n"), "RAPPORT_PROVIDERS_EMAIL_SENDGRID_API_KEY=SG.env", apiKey, "SG.env"},
		{"a provider's list", "", "RAPPORT_PROVIDERS_EMAIL_SENDGRID_WEBHOOK_PUBLIC_KEYS=[MFkw, MFkx]", func(c Config) string { return string(c.Providers["email"]["sendgrid"]) }, "webhook_public_keys:\n- MFkw\n- MFkx\n"},
		{"a provider's switch", "", "RAPPORT_PROVIDERS_CALL_TWILIO_MACHINE_DETECTION=true", func(c Config) string { return string(c.Providers["call"]["twilio"]) }, "machine_detection: true\n"},
		{"a provider's switch turned off", "", "RAPPORT_PROVIDERS_CALL_TWILIO_TRANSCRIBE=false", func(c Config) string { return string(c.Providers["call"]["twilio"]) }, "transcribe: false\n"},
		{"a provider's key that looks like a switch", "", "RAPPORT_PROVIDERS_EMAIL_SENDGRID_API_KEY=true", apiKey, "true"},
		{"which variables a provider has values from", "", "RAPPORT_PROVIDERS_EMAIL_SENDGRID_API_KEY=x", func(c Config) string { return fmt.Sprint(c.Variables) }, "map[email.sendgrid:[RAPPORT_PROVIDERS_EMAIL_SENDGRID_API_KEY]]"},
		{"a key that looks like a number", "", "RAPPORT_PROVIDERS_EMAIL_SENDGRID_API_KEY=0123", apiKey, "0123"},
		{"a provider's key in a file of its own", "", "RAPPORT_PROVIDERS_EMAIL_SENDGRID_API_KEY_FILE=" + secret, apiKey, "sqlite:/from/a/file.db"},
		{"a list", written, "RAPPORT_LINK_KEYS=aaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbb", keys, "aaaaaaaaaaaaaaaa|bbbbbbbbbbbbbbbb"},
		{"a list emptied", written, "RAPPORT_LINK_KEYS=", keys, ""},
		{"an age in days", file(t, "retention: {callbacks: 7d}\n"), "", kept, "168h0m0s"},
		{"an age in weeks", "", "RAPPORT_RETENTION_CALLBACKS=2w", kept, "336h0m0s"},
		{"an age by default", "", "", kept, "720h0m0s"},
		{"a switch", file(t, "test_addresses: [qa@shop.example]\n"), "RAPPORT_TEST_MODE=true", func(c Config) string { return fmt.Sprint(c.TestMode) }, "true"},
		{"a limit for a channel", file(t, "limits: {sms: 50}\n"), "", limit, "50 0"},
		{"a limit for each sender", file(t, "limits: {sms: {per_second: 50, per_sender: 1}}\n"), "", limit, "50 1"},
		{"what tests are told is no setting", "", "RAPPORT_TEST_POSTGRES=postgres://", url, "http://127.0.0.1:8080"},
	} {
		t.Run(test.name, func(t *testing.T) {
			config, err := Load(test.path, []string{"HOME=/root", test.environ})
			if err != nil {
				t.Fatal(err)
			}
			if got := test.read(config); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestWhatMakesNoSenseIsRefused(t *testing.T) {
	for _, test := range []struct {
		name, text, environ, want string
	}{
		{"an unknown key", "publik_url: https://shop.example\n", "", `unknown field "publik_url"`},
		{"a path before the doors", "public_url: https://shop.example/news\n", "", "public_url: leave out what follows the host"},
		{"a query before the doors", "public_url: https://shop.example?news\n", "", "public_url: leave out what follows the host"},
		{"a slash after the host", "public_url: https://shop.example/\n", "", "public_url: leave out the slash at the end"},
		{"a key with a value in it", "worker:\n  leaseSG.very-secret: 90s\n", "", "unknown field; it is not shown"},
		{"an unknown key inside", "worker:\n  leese: 90s\n", "", `unknown field "leese"`},
		{"an unknown variable", "", "RAPPORT_PUBLIK_URL=x", "the environment sets RAPPORT_PUBLIK_URL, which is no setting"},
		{"a provider's variable without a key", "", "RAPPORT_PROVIDERS_EMAIL_SENDGRID=x", "RAPPORT_PROVIDERS_EMAIL_SENDGRID, which is no setting"},
		{"a whole section in a variable", "", "RAPPORT_PROVIDERS=x", "RAPPORT_PROVIDERS: this setting cannot come from the environment"},
		{"a duration", "", "RAPPORT_WORKER_LEASE=soon", "RAPPORT_WORKER_LEASE: must be a duration such as 90s"},
		{"a call longer than the shutdown", "worker: {call: 30s}\n", "", "worker.shutdown: must be longer than a call to a provider (worker.call, 30s), not 25s"},
		{"a shutdown longer than the lease", "worker: {shutdown: 90s}\n", "", "worker.lease: must be longer than a shutdown (worker.shutdown, 1m30s), not 1m30s"},
		{"a lease shorter than two calls", "worker: {call: 20s, lease: 35s}\n", "", "worker.lease: must be longer than a call to a provider and what is written after it (twice worker.call, 40s)"},
		{"no time to answer", "worker: {call: 10ms}\n", "", "worker.call: must be at least 1s"},
		{"an age", "", "RAPPORT_RETENTION_CALLBACKS=long", "RAPPORT_RETENTION_CALLBACKS: must be a time such as 30d"},
		{"an age in the file", "retention: {callbacks: d}\n", "", "[1:24] retention.callbacks: must be a time such as 30d, 12w or 36h"},
		{"an age without its unit", "listen: 127.0.0.1:1\nretention:\n  timeline: 0\n  callbacks: 14\n", "", "[4:14] retention.callbacks: must be a time such as 30d, 12w or 36h"},
		{"a duration in the file", "worker: {call: soon}\n", "", "[1:16] worker.call: must be a duration with its unit, such as 90s"},
		{"a duration without its unit", "worker: {call: 10s, lease: 90}\n", "", "[1:28] worker.lease: must be a duration with its unit, such as 90s"},
		{"an unknown key beside times that can be read", "worker: {call: &c 10s, shutdown: *c, drift: 1, doubt: }\nlimits: {sms: 5} # a second\nretention: {timeline: 0}\n", "", "[1:38] unknown field \"drift\""},
		{"a duration without a section", "condition_timeout: 60\n", "", "[1:20] condition_timeout: must be a duration with its unit"},
		{"a port without an address", "", "RAPPORT_OPS_LISTEN=9090", "ops.listen: must be an address and a port"},
		{"a drain that outlasts a pod's grace", "ops: {drain: 40s}\n", "", "ops.drain: must be from 0s to 25s (5s recommended)"},
		{"a switch", "", "RAPPORT_TEST_MODE=perhaps", "RAPPORT_TEST_MODE: must be true or false"},
		{"a limit", "limits: {call: 5, sms: {per_minute: 5}}\n", "", "limits.sms: must be a number of messages a second"},
		{"a number", "", "RAPPORT_WORKER_WINDOW=many", "RAPPORT_WORKER_WINDOW: must be a whole number"},
		{"a file that holds nothing", "", "RAPPORT_STORE_FILE=" + os.DevNull, "RAPPORT_STORE_FILE: /dev/null is empty"},
		{"a file that is not there", "", "RAPPORT_STORE_FILE=/nowhere/at/all", "RAPPORT_STORE_FILE: open /nowhere/at/all"},
		{"a name not set", "listen: 127.0.0.1:1\nstore: ${DATABASE}\n", "", "line 2: ${DATABASE} is not set"},
		{"a name not set, after a quoted #", `store: "a #${DATABASE}"`, "", "line 1: ${DATABASE} is not set"},
		{"a name not set, after an apostrophe", "listen: it's${DATABASE}", "", "line 1: ${DATABASE} is not set"},
		{"an empty write key", `write_keys: ["${WRITE}"]`, "WRITE=", "write_keys[0]: must not be empty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Load(file(t, test.text), []string{test.environ})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	if _, err := Load("/nowhere/at/all.yaml", nil); err == nil {
		t.Error("a file that is not there was read")
	}
}

func TestNamesInCommentsNeedNotBeSet(t *testing.T) {
	path := file(t, `
# ${A}
  # ${B}
listen: 127.0.0.1:1 # it's ${C}
redis: "\" # ${SET}" # ${E}
store: 'a''b # ${SET}'`+"\t# ${D}\n")
	config, err := Load(path, []string{"SET=c"})
	if err != nil {
		t.Fatal(err)
	}
	if store, redis := config.Store.Reveal(), config.Redis.URL.Reveal(); store != "a'b # c" || redis != `" # c` {
		t.Errorf("the store is %q, redis %q", store, redis)
	}
}

func TestEveryNameThatIsNotSetIsTold(t *testing.T) {
	_, err := Load(file(t, "store: ${A}\nredis: ${B} # ${C}\nlisten: ${A}\n"), nil)
	if err == nil {
		t.Fatal("it was loaded")
	}
	got := regexp.MustCompile(`line \d+: \S+`).FindAllString(err.Error(), -1)
	if want := "line 1: ${A}|line 2: ${B}|line 3: ${A}"; strings.Join(got, "|") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	config := Defaults()
	if err := config.Check(); err != nil {
		t.Fatalf("the defaults: %v", err)
	}
	config.PublicURL = "shop.example/"
	config.LinkKeys = []Secret{"0123456789abcdef", "too short"}
	config.WriteKeys = []Secret{""}
	config.Providers = map[string]map[string]Section{"fax": nil}
	config.Limits = map[string]Limit{"sms": {PerSender: -1}}
	config.TestMode = true
	config.Retention.Callbacks = Age(time.Hour)
	config.Retention.Timeline = Age(time.Hour)
	config.Alerts.Webhook = "https://ops.example/hook"
	config.Log = Log{Level: "loud", Format: "xml"}
	config.Worker = Worker{Concurrency: 0, Window: 1, Lease: time.Second}
	err := config.Check()
	if err == nil {
		t.Fatal("it was found good")
	}
	for _, want := range []string{
		"public_url: must be an absolute", "public_url: leave out the slash", "link_keys[1]", "write_keys[0]", "providers.fax",
		"limits.sms", "test_mode: nobody", "retention.callbacks: must be at least 2d", "retention.timeline: must be at least 90d", "alerts.webhook: it is signed", "log.level", "log.format", "worker: concurrency", "worker.lease",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing is said of %s in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "link_keys[0]") || strings.Contains(err.Error(), "too short") {
		t.Errorf("a good key is named or a bad one shown in:\n%v", err)
	}
}

// A file has all its mistakes told in one run, each by its line and key, in the order
// of the lines, and the same each time.
func TestAFilesMistakesAreToldTogether(t *testing.T) {
	const hush = "hush-0123456789"
	text := "stoer: " + hush + "\nprovders: {}\nworker:\n  concurency: 8\n  window: many\nwrite_keys: " + hush + "\nlisten: [a]\nlog: loud\ntest_mode: perhaps\n" +
		"telemetry: {sample: much}\nredis: {sentinels: [a]}\nretention: {callbacks: 3}\nlink_keys: [{a: " + hush + "}]\n" + hush + ": 1\nlimits: 5\nproviders: {email: {smtp: {host: [a]}}}\n" +
		"recordings: {s3: {bucket: b, secretkey: x}}\n"
	want := strings.Join([]string{
		`[1:1] unknown field "stoer"; did you mean store?`,
		`[2:1] unknown field "provders"; did you mean providers?`,
		`[4:3] unknown field "concurency" of worker; did you mean concurrency?`,
		`[5:11] worker.window: must be a whole number`,
		`[6:13] write_keys: must be a list, such as [a, b]`,
		`[7:9] listen: must be text`,
		`[8:6] log: must be a section of keys: level, format`,
		`[9:12] test_mode: must be true or false`,
		`[10:21] telemetry.sample: must be a number`,
		`[11:9] unknown field "sentinels" of redis; did you mean sentinel?`,
		`[12:24] retention.callbacks: must be a time such as 30d, 12w or 36h`,
		`[13:13] link_keys[0]: must be text`,
		`[14:1] unknown field; it is not shown because it may hold a secret. Keys are small letters and _, and end with a colon`,
		`[15:9] limits: must be a section of keys`,
		`[17:30] unknown field "secretkey" of recordings.s3; did you mean secret_key?`,
	}, "\n")
	path := file(t, text)
	for range 5 {
		_, err := Load(path, nil)
		if err == nil {
			t.Fatal("it was loaded")
		}
		if got := strings.ReplaceAll(err.Error(), path+": ", ""); got != want || strings.Contains(got, hush) {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func TestTheExampleLoads(t *testing.T) {
	raw, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var environ []string
	for _, match := range reference.FindAllStringSubmatch(string(raw), -1) {
		environ = append(environ, match[1]+"=0123456789abcdef")
	}
	config, err := Load("example.yaml", environ)
	if err != nil {
		t.Fatal(err)
	}
	var m mail
	if err := config.Providers["email"]["sendgrid"].Decode(&m); err != nil || m.APIKey != "0123456789abcdef" {
		t.Errorf("the section of e-mail: %v, the key is there: %t", err, m.APIKey != "")
	}
	if config.Worker != Defaults().Worker || config.Log != Defaults().Log || config.Ops != Defaults().Ops || config.Listen != Defaults().Listen {
		t.Error("what the example shows as defaults are not the defaults")
	}
	if _, err := Load("example.yaml", nil); err == nil {
		t.Error("it loads without its variables")
	}
}

func TestALeaseThatIsShortBesideACallIsToldOf(t *testing.T) {
	for _, c := range []struct {
		lease, call time.Duration
		told        bool
	}{
		{90 * time.Second, 10 * time.Second, false},
		{40 * time.Second, 10 * time.Second, false},
		{30 * time.Second, 10 * time.Second, true},
		{90 * time.Second, 30 * time.Second, true},
	} {
		w := Worker{Lease: c.lease, Call: c.call}
		if advice := w.Advice(); strings.Contains(advice, "worker.lease: "+c.lease.String()+" is short") != c.told {
			t.Errorf("of a lease of %s and calls of %s is told %q", c.lease, c.call, advice)
		}
	}
	if advice := Defaults().Worker.Advice(); advice != "" {
		t.Errorf("the defaults are told: %s", advice)
	}
}
