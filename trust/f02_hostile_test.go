package trust_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store/storetest"
)

// hostileSet: strangers try what strangers try, by a seeded generator, at the doors
// of a real process. None gets a yes, none changes anything, and nothing is fetched
// for them; those who mean well are served meanwhile.
var hostileSet = row{
	id: "F2", fault: "hostile requests of every kind, among legitimate ones", quick: 10_000, full: 10_000, of: "hostile requests",
	play: func(t *trial) {
		const people = 30
		provider := t.newReporter()
		r := t.newRig(setting{dsn: storetest.Postgres(t.T), redis: t.startRedis(false), times: hasty, behaviour: quiet(), reporter: provider.public()})
		r.silence()
		r.apply(mixed(channels.Email, channels.SMS, channels.Push), inwardCampaign())
		r.settle(people)
		sending := []*process{r.start("scheduler"), r.start("worker")}
		r.begin(people)
		r.wait(10*time.Minute, "everything is sent", func() bool {
			return r.number(`SELECT COUNT(*) FROM deliveries WHERE status = 'sent'`) == 3*people
		})
		trap := t.newTrap()
		told := r.tellInward()
		for _, p := range sending { // what comes in is stored and not read: the judge counts it
			p.terminate()
		}
		r.start("web")
		r.wait(time.Minute, "the doors are open", func() bool { return provider.post(report{url: r.doors().Base + "/healthz"}) != 0 })
		before := r.standing()
		slow := t.slowBodies(r.address, 30)

		s := &stranger{rig: r, luck: rand.New(rand.NewPCG(t.seed, 2)), provider: provider, impostor: t.newReporter(), trap: trap.Addr().String(), people: people}
		yes, kinds, wait, served := s.storm(t.size)
		after := r.standing()
		for what, n := range yes {
			t.Logf("%d times yes: %s", n, what)
		}
		changed := 0
		for what, n := range before {
			want := n + served[what]
			if after[what] != want {
				changed++
				t.Logf("%s: %d before, %d after, want %d", what, n, after[what], want)
			}
		}
		taken, inForce := t.bombs(), t.injections()
		breaches := len(yes) + changed + int(trap.met.Load()) + slow() + taken + inForce + told
		slices.Sort(wait)
		t.show("%d kinds, %d hung up on", kinds, s.unheard.Load())
		t.show("%d breaches", breaches)
		most := wait[len(wait)*99/100]
		t.show("%d legitimate ones meanwhile, 99 of 100 within %s", len(wait), most.Round(time.Millisecond))
		t.promise(!t.full || most <= 500*time.Millisecond, "one of a hundred legitimate requests waited longer than %s", most)
		t.promise(s.unheard.Load() < int64(t.size)/10, "%d requests had no answer at all: the doors are shut to everybody", s.unheard.Load())
		t.promise(len(yes) == 0, "%d kinds of hostile requests got a yes", len(yes))
		t.promise(changed == 0, "%d tables hold what no legitimate request put there", changed)
		t.promise(trap.met.Load() == 0, "%d requests left to a private address", trap.met.Load())
		t.promise(taken == 0, "%d files that blow up were taken, or the program died of them", taken)
		t.promise(inForce == 0, "%d hostile templates and webhooks were taken", inForce)
		t.promise(told == 0, "%d webhooks into private addresses count as told", told)
		t.promise(breaches == 0, "%d breaches", breaches)
		t.promise(served["refused"] == 0, "%d legitimate requests were refused", served["refused"])
	},
}

// trap is what a request to a private address meets: on a port of its own and, where
// it may listen there, on the one port that webhooks go to.
type trap struct {
	net.Listener
	met atomic.Int64
}

func (t *trial) newTrap() *trap {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	caught := &trap{Listener: listener}
	caught.watch(t, listener)
	if https, err := net.Listen("tcp", "127.0.0.1:443"); err == nil {
		caught.watch(t, https)
	} else {
		t.show("port 443 not watched")
	}
	return caught
}

// watch counts who comes to a listener, till the end of the trial.
func (c *trap) watch(t *trial, listener net.Listener) {
	t.Cleanup(func() { _ = listener.Close() }) // ends the loop
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			c.met.Add(1)
			_ = conn.Close() // it was met
		}
	}()
}

// inwards are URLs of webhooks that a workspace may name, as nobody knows what they
// lead to before it is asked for.
var inwards = []string{
	"https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://10.0.0.1/", "https://169.254.169.254/latest/meta-data",
	"https://0x7f000001/", "https://2130706433/", "https://127.1/", "https://0177.0.0.1/", "https://100.64.0.1/", "https://[fd00::1]/",
}

// inwardCampaign tells all of them.
func inwardCampaign() string {
	steps := "campaign: inward\ntitle: Inward\nowner: strangers\ntopic: service\nstate: live\ntrigger: {event: Inward}\nsteps:\n"
	for _, address := range inwards {
		steps += webhookStep(address)
	}
	return steps
}

func webhookStep(address string) string {
	return fmt.Sprintf("  - webhook: {url: %q, body: {customer: \"{{ customer.id }}\"}}\n", address)
}

// tellInward lets the worker try every one of them, and counts those that are taken
// for told.
func (r *rig) tellInward() (told int) {
	r.Helper()
	s := r.openStore()
	defer s.Close()
	now := time.Now()
	if _, err := s.Append(r.Context(), []customers.Event{{Customer: person(0), Name: "Inward", At: now, ReceivedAt: now, Key: "inward", Live: true}}); err != nil {
		r.Fatal(err)
	}
	r.wait(5*time.Minute, "every webhook has been tried", func() bool {
		return r.number(`SELECT COUNT(*) FROM deliveries WHERE channel = 'webhook' AND status <> 'sending' AND (attempts > 0 OR status = 'failed')`) == len(inwards)
	})
	return r.number(`SELECT COUNT(*) FROM deliveries WHERE channel = 'webhook' AND status = 'sent'`)
}

// slowBodies opens requests whose bodies never end; what returns closes them and
// says how many were answered with a yes.
func (t *trial) slowBodies(address string, n int) (yes func() int) {
	t.Helper()
	var open []net.Conn
	for range n {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST /hooks/sms/twilio HTTP/1.1\r\nHost: %s\r\nContent-Length: 4000\r\n\r\nFrom=", address)
		open = append(open, conn)
	}
	return func() (yes int) {
		for _, conn := range open {
			_ = conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond)) // what has come has come
			answer := make([]byte, 64)
			if n, _ := conn.Read(answer); bytes.Contains(answer[:n], []byte(" 2")) {
				yes++
			}
			_ = conn.Close() // nothing more is said
		}
		return yes
	}
}

// standing counts what requests could change.
func (r *rig) standing() map[string]int {
	r.Helper()
	counts := map[string]int{}
	for _, table := range []string{"customers", "events", "inbox", "push_subscriptions", "consents", "suppressions", "answers", "deliveries", "orders", "cases"} {
		counts[table] = r.number("SELECT COUNT(*) FROM " + table)
	}
	counts["addresses with line ends"] = r.number(`SELECT COUNT(*) FROM customers WHERE email ~ '[\r\n]' OR phone ~ '[\r\n]'`)
	return counts
}

// stranger makes hostile requests up.
type stranger struct {
	*rig
	luck     *rand.Rand
	provider *reporter
	impostor *reporter // signs with a key of its own
	trap     string
	people   int
	unheard  atomic.Int64 // requests without an answer: hung up on, or such as no client can say
}

// attack is one request that must not get a yes.
type attack struct {
	kind, method, path, body string
	header                   map[string]string
	key                      string // the write key it brings; "" is none
	polite                   bool   // a yes is due to it; it must only change nothing
}

// storm makes the attacks and, for ten of them, one legitimate request. It returns
// the attacks that got a yes, how many kinds there were, how long the legitimate
// waited, and what they put into which table.
func (s *stranger) storm(n int) (yes map[string]int, kinds int, waits []time.Duration, served map[string]int) {
	yes, served = map[string]int{}, map[string]int{}
	var mu sync.Mutex
	var work sync.WaitGroup
	queue := make(chan func())
	for range 8 {
		work.Go(func() {
			for do := range queue {
				do()
			}
		})
	}
	seen := map[string]bool{}
	for i := range n {
		a := s.attack(i)
		seen[a.kind] = true
		queue <- func() {
			status, injected := s.send(a)
			if injected || !a.polite && (status/100 == 2 || status == http.StatusFound) {
				mu.Lock()
				defer mu.Unlock()
				yes[fmt.Sprintf("%s, answered %d: %s %.80q", a.kind, status, a.method, a.path)]++
			}
		}
		if i%10 > 0 {
			continue
		}
		table, kind := "events", attack{
			method: http.MethodPost, path: "/v1/track", key: "of-the-rig",
			body: fmt.Sprintf(`{"userId": %q, "event": "Browsed", "messageId": "legitimate-%d", "properties": {"page": "=1+1\r\nX-Injected: 1"}}`, person(i%s.people), i),
		}
		if i%20 > 0 {
			told := twilioReport(s.doors().Status(text, int64(1+i%(3*s.people)), 1), fields("MessageSid", fmt.Sprintf("SM%032d", i), "MessageStatus", "queued"))
			table, kind = "inbox", attack{method: http.MethodPost, path: strings.TrimPrefix(told.url, s.doors().Base), body: told.body, header: told.header}
			kind.header["Content-Type"] = told.kind
		}
		queue <- func() {
			began := time.Now()
			status, _ := s.send(kind)
			first := time.Since(began)
			again, _ := s.send(kind) // replayed, which changes nothing
			mu.Lock()
			defer mu.Unlock()
			waits = append(waits, first)
			served[table]++
			if status/100 != 2 || again/100 != 2 {
				served["refused"]++
			}
		}
	}
	close(queue)
	work.Wait()
	return yes, len(seen), waits, served
}

var text = deliveries.Outlet{Channel: channels.SMS, Provider: "twilio"}

// send makes a request; injected says that a header of the attacker's came back.
func (s *stranger) send(a attack) (status int, injected bool) {
	request, err := http.NewRequestWithContext(s.Context(), a.method, s.doors().Base+a.path, strings.NewReader(a.body))
	if err != nil {
		s.unheard.Add(1)
		return 0, false
	}
	if request.Header.Set("Content-Type", "application/json"); a.key != "" {
		request.SetBasicAuth(a.key, "")
	}
	for name, value := range a.header {
		request.Header.Set(name, value)
	}
	answer, err := s.provider.client.Do(request)
	if err != nil {
		s.unheard.Add(1)
		return 0, false
	}
	defer answer.Body.Close() // it is read below
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, answer.Header.Get("X-Injected") != "" || strings.Contains(answer.Header.Get("Set-Cookie"), "injected")
}

// attack makes up the next one.
func (s *stranger) attack(n int) attack {
	makers := []func(int) attack{s.inward, s.forged, s.altered, s.counted, s.injected, s.keyless, s.large, s.scanned}
	return makers[s.luck.IntN(len(makers))](n)
}

// inward is a browser whose push service stands inside.
func (s *stranger) inward(n int) attack {
	_, port, _ := net.SplitHostPort(s.trap)
	forms := []string{
		"http://%s/push", "https://127.0.0.1:%p/push", "https://localhost:%p/", "https://[::1]:%p/", "https://0x7f000001:%p/", "https://2130706433:%p/", "https://127.1:%p/",
		"https://0177.0.0.1:%p/", "https://[::ffff:127.0.0.1]:%p/", "https://fcm.googleapis.com@127.0.0.1:%p/", "https://fcm.googleapis.com.evil.example/", "http://fcm.googleapis.com/",
		"https://fcm.googleapis.com:%p/", "https://evil.example#fcm.googleapis.com", "https://127.0.0.1:%p\\@fcm.googleapis.com/", "https://169.254.169.254/latest", "https://10.0.0.1/",
		"https://user:pw@fcm.googleapis.com/", "file:///etc/passwd", "gopher://127.0.0.1:%p/", "//127.0.0.1:%p/", "https://fcm.googleapis.com%00.evil.example/", "https://127.0.0.1:%p/\r\nX-Injected: 1", "",
	}
	endpoint := strings.NewReplacer("%p", port, "%s", s.trap).Replace(forms[s.luck.IntN(len(forms))])
	keys := s.sandbox.NewSubscription(fmt.Sprintf("hostile-%d", n%50))
	body, _ := json.Marshal(map[string]any{
		"userId": person(n % s.people), "subscription": map[string]any{"endpoint": endpoint, "keys": map[string]string{"p256dh": keys.P256dh, "auth": keys.Auth}},
	})
	return attack{kind: "SSRF by a subscription", method: http.MethodPost, path: deliveries.PathPushSubscribe, body: string(body), key: "of-the-rig"}
}

// forged is a callback that its provider never signed.
func (s *stranger) forged(n int) attack {
	genuine := twilioReport(s.doors().Hook(text), fields("MessageSid", fmt.Sprintf("SM%032d", n), "From", phone(n%s.people), "To", "+493012345678", "Body", "STOP"))
	a := attack{kind: "forged callback", method: http.MethodPost, path: strings.TrimPrefix(genuine.url, s.doors().Base), body: genuine.body, header: genuine.header}
	a.header["Content-Type"] = genuine.kind
	switch s.luck.IntN(5) {
	case 0:
		delete(a.header, "X-Twilio-Signature")
	case 1:
		a.body = strings.Replace(a.body, "STOP", "START", 1)
	case 2:
		a.path = "/hooks/call/twilio"
	case 3:
		a.header["X-Twilio-Signature"] = base64.StdEncoding.EncodeToString([]byte("twenty bytes of noise"))
	default:
		mine, err := s.impostor.events("", []string{fmt.Sprintf(`{"event": "spamreport", "email": "%s@rig.example", "timestamp": 1, "sg_event_id": "f%d"}`, person(n%s.people), n)})
		if err != nil {
			s.Error(err)
		}
		return attack{kind: "forged events", method: http.MethodPost, path: "/hooks/email/sendgrid", body: mine.body, header: mine.header}
	}
	return a
}

// doorPaths are those that a token opens.
var doorPaths = []string{deliveries.PathClick, deliveries.PathOpen, deliveries.PathUnsubscribe, deliveries.PathSurvey, deliveries.PathPreferences, deliveries.PathNotMe, "/hooks/sms/twilio" + deliveries.HookStatus, "/hooks/call/twilio" + deliveries.HookScript}

// altered is a link that was changed, or brought to another door.
func (s *stranger) altered(n int) attack {
	doors := s.doors()
	d := int64(1 + n%(3*s.people))
	links := []string{doors.Click(d, 1), doors.Open(d), doors.Unsubscribe(d), doors.Survey(d), doors.Preferences(d)}
	link := links[s.luck.IntN(len(links))]
	at := strings.LastIndexByte(link, '/')
	path, token := link[len(doors.Base):at+1], []byte(link[at+1:])
	switch s.luck.IntN(4) {
	case 0:
		raw, _ := base64.RawURLEncoding.DecodeString(string(token))
		raw[s.luck.IntN(len(raw))] ^= 1 << s.luck.IntN(8)
		token = []byte(base64.RawURLEncoding.EncodeToString(raw))
	case 1:
		token = token[:s.luck.IntN(len(token))]
	case 2:
		token = append(token, "AAAA"...)
	default:
		other := doorPaths[s.luck.IntN(len(doorPaths))]
		if other == path {
			other = deliveries.PathNotMe
		}
		path = other
	}
	return s.knock("altered link", path, string(token))
}

// counted is a guess at a number.
func (s *stranger) counted(n int) attack {
	wrong := deliveries.NewSigner([]byte("another key of thirty-two letters"))
	guesses := []string{
		fmt.Sprint(n), fmt.Sprintf("%08x", n), base64.RawURLEncoding.EncodeToString(fmt.Append(nil, n)),
		wrong.Sign(deliveries.Token{Purpose: deliveries.Unsubscribe, Delivery: int64(n % 90)}), "..%2f..%2fetc%2fpasswd", person(n % s.people),
	}
	return s.knock("enumeration", doorPaths[s.luck.IntN(len(doorPaths))], guesses[s.luck.IntN(len(guesses))])
}

// scanned is a genuine link of a letter that a mail scanner looks behind.
func (s *stranger) scanned(n int) attack {
	doors, d := s.doors(), int64(1+n%(3*s.people))
	links := []string{doors.Unsubscribe(d), doors.Survey(d), doors.Preferences(d), doors.NotMe(d, person(n%s.people)+"@rig.example")}
	methods := []string{http.MethodGet, http.MethodHead}
	return attack{kind: "scanned link", method: methods[s.luck.IntN(len(methods))], path: strings.TrimPrefix(links[s.luck.IntN(len(links))], doors.Base), polite: true}
}

// knock asks for a door, or posts to it.
func (s *stranger) knock(kind, path, token string) attack {
	if s.luck.IntN(2) == 0 && !strings.HasPrefix(path, "/hooks") {
		return attack{kind: kind, method: http.MethodGet, path: path + token}
	}
	return attack{kind: kind, method: http.MethodPost, path: path + token, body: "stop=1&score=1&List-Unsubscribe=One-Click", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}
}

// injected carries the ends of lines where headers are made.
func (s *stranger) injected(n int) attack {
	ends := []string{"%0d%0a", "%0a", "%0d", "%00", "%E5%98%8A%E5%98%8D"}
	tail := "x" + ends[s.luck.IntN(len(ends))] + "Set-Cookie:%20injected=1" + ends[s.luck.IntN(len(ends))] + "X-Injected:%201"
	if s.luck.IntN(3) > 0 {
		return s.knock("header injection", doorPaths[s.luck.IntN(len(doorPaths))], tail)
	}
	plain, _ := url.PathUnescape(tail)
	body, _ := json.Marshal(map[string]any{"token": plain, "kind": "clicked", "url": "https://evil.example/" + plain, "action": plain})
	return attack{kind: "header injection", method: http.MethodPost, path: deliveries.PathPushReports, body: string(body)}
}

// keyless speaks for the shop without its key.
func (s *stranger) keyless(n int) attack {
	paths := []string{"/v1/track", "/v1/identify", "/v1/batch", deliveries.PathPushSubscribe}
	keys := []string{"", "of-the-ri", "of-the-rig2", "OF-THE-RIG", "' OR 1=1 --"}
	return attack{
		kind: "no key", method: http.MethodPost, path: paths[s.luck.IntN(len(paths))], key: keys[s.luck.IntN(len(keys))],
		body: fmt.Sprintf(`{"userId": %q, "event": "=cmd|' /C calc'!A0", "messageId": "h%d", "batch": [], "subscription": {"endpoint": "https://fcm.googleapis.com/x"}}`, person(n%s.people), n),
	}
}

// large is more than anybody needs.
func (s *stranger) large(n int) attack {
	a := attack{kind: "oversize body", method: http.MethodPost, key: "of-the-rig"}
	switch s.luck.IntN(4) {
	case 0:
		a.path, a.body = "/v1/track", fmt.Sprintf(`{"userId": "p000001", "event": "Large", "messageId": "l%d", "properties": {"a": %q}}`, n, strings.Repeat("x", 40<<10))
	case 1:
		a.path, a.body = "/v1/track", fmt.Sprintf(`{"userId": "p000001", "event": "Deep", "messageId": "d%d", "properties": %s}`, n, strings.Repeat(`{"a":`, 12_000))
	case 2:
		a.path, a.body, a.header = "/v1/batch", zipped, map[string]string{"Content-Encoding": "gzip"}
	default:
		a.path, a.body = deliveries.PathPushSubscribe, `{"userId": "`+strings.Repeat("p", 70<<10)+`"}`
	}
	return a
}

// zipped is a small body that unpacks to a large one.
var zipped = func() string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, `{"batch": [`+strings.Repeat(" ", 8<<20)+`]}`) // a buffer takes anything
	_ = w.Close()
	return b.String()
}()

// bombs gives files that blow up to `rapport validate`, and counts those that it
// took, or died of.
func (t *trial) bombs() (taken int) {
	t.Helper()
	laughs := "a: &a [lol, lol]\n"
	for c := 'b'; c <= 'z'; c++ {
		laughs += fmt.Sprintf("%c: &%c [*%c, *%c, *%c]\n", c, c, c-1, c-1, c-1)
	}
	for _, bomb := range []string{
		laughs, "campaign: x\nsteps: " + strings.Repeat("[", 50_000), "campaign: x\n" + strings.Repeat("? ", 20_000), "a: &a\n  <<: *a\n",
		"campaign: !!binary x\n", strings.Repeat("- ", 30_000) + "x", "campaign: \"" + strings.Repeat("x", 3<<20), "campaign: x\n" + strings.Repeat("{a: ", 30_000),
	} {
		taken += t.validated("campaigns/bomb.yaml", bomb)
	}
	return taken
}

// injections gives templates that reach for what is none of theirs, and webhooks that
// lead where none may, to `rapport validate`, and counts those that it took.
func (t *trial) injections() (taken int) {
	t.Helper()
	for _, template := range []string{
		"{% include '/etc/passwd' %}", "{% render 'note' %}", "{{ 'PATH' | env }}", "{{ '/etc/passwd' | read_file }}", "{{ 'id' | system }}", "{{ config.link_keys }}", "{{ env.PATH }}",
		"{{ secrets.key }}", "{{ self.engine }}", "{{ customer.class }}", "{{ customer.String }}", "{{ brand.__proto__ }}", "{% liquid echo config %}", "{% for i in (1..300000000) %}x{% endfor %}",
		strings.Repeat("{% if true %}", 3_000), strings.Repeat("{% ", 3_000),
	} {
		taken += t.validated("templates/sms/note.liquid", template+"\n")
	}
	for _, address := range []string{
		"http://hooks.example/", "https://hooks.example:6379/", "https://user:pw@hooks.example/", "https://hooks.example@127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/",
		"//127.0.0.1/", "https://{{ customer.city }}/", "https://hooks.example/\r\nX-Injected: 1", "",
	} {
		taken += t.validated("campaigns/told.yaml", "campaign: told\ntitle: Told\nowner: strangers\ntopic: service\nstate: live\ntrigger: {event: Go}\nsteps:\n"+webhookStep(address))
	}
	return taken
}

// validated puts a file into the rig's workspace and gives that to `rapport
// validate`: 1 where it takes it, or dies of it.
func (t *trial) validated(path, text string) int {
	t.Helper()
	dir, files := t.TempDir(), maps.Clone(workspace)
	files["campaigns/mixed.yaml"], files[path] = mixed(channels.SMS), text
	for name, text := range files {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), t.program, "validate", dir).CombinedOutput()
	if err != nil && !bytes.Contains(out, []byte("panic:")) && !bytes.Contains(out, []byte("goroutine ")) {
		return 0
	}
	t.Logf("%s with %d bytes, %.60q: %v\n%.300s", path, len(text), text, err, out)
	return 1
}
