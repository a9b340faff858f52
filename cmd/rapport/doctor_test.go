package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"rapport/channels"
	"rapport/recordings"
	"rapport/store"
)

// nameServer answers questions about shop.example from records.
func nameServer(t *testing.T, records ...*dns.TXT) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan struct{})
	server := &dns.Server{
		PacketConn: conn, NotifyStartedFunc: func() { close(started) },
		Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
			m := new(dns.Msg)
			m.SetReply(q)
			for _, record := range records {
				if record.Hdr.Name == q.Question[0].Name && q.Question[0].Qtype == dns.TypeTXT {
					m.Answer = append(m.Answer, record)
				}
			}
			_ = w.WriteMsg(m)
		}),
	}
	go func() { _ = server.ActivateAndServe() }()
	<-started
	t.Cleanup(func() { _ = server.Shutdown() })
	return conn.LocalAddr().String()
}

func text(name, value string) *dns.TXT {
	record := &dns.TXT{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeTXT, Class: dns.ClassINET}}
	for len(value) > 250 {
		record.Txt, value = append(record.Txt, value[:250]), value[250:]
	}
	record.Txt = append(record.Txt, value)
	return record
}

// TestADomainIsMadeFitToSend makes a key, writes into DNS what is asked for, and
// lets the doctor look before and after.
func TestADomainIsMadeFitToSend(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "dkim.pem")
	out, errOut, code := rapport(t, "dkim", "--domain", "shop.example", "--out", key, "--format", "json")
	var record struct{ Name, Type, Value string }
	if err := json.Unmarshal([]byte(out), &record); err != nil || code != 0 || record.Name != "rapport1._domainkey.shop.example" {
		t.Fatalf("exit %d: %v\n%s%s", code, err, out, errOut)
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", info.Mode(), err)
	}
	if _, errOut, code := rapport(t, "dkim", "--domain", "shop.example", "--out", key); code == 0 || !strings.Contains(errOut, "exists") {
		t.Errorf("a key was written over: %s", errOut)
	}
	config := filepath.Join(dir, "config.yaml")
	written := "providers: {email: {smtp: {host: 127.0.0.1, tls: none, from: hello@shop.example, dkim: [" +
		"{domain: shop.example, selector: rapport1, key_file: " + key + "}]}}}\n"
	if err := os.WriteFile(config, []byte(written), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errOut, code = rapport(t, "doctor", "--config", config, "--data", dir, "--dns", nameServer(t))
	if code == 0 || !strings.Contains(errOut, "3 of 6 checks failed") || !strings.Contains(out, record.Name+`. TXT "`+record.Value+`"`) {
		t.Errorf("an empty zone: exit %d\n%s%s", code, out, errOut)
	}
	whole := nameServer(t, text(record.Name+".", record.Value), text("shop.example.", "v=spf1 mx -all"),
		text("_dmarc.shop.example.", "v=DMARC1; p=reject; rua=mailto:dmarc@shop.example"))
	out, errOut, code = rapport(t, "doctor", "--config", config, "--data", dir, "--dns", whole)
	if code != 0 || strings.Count(out, "ok ") != 5 || !strings.Contains(out, "warn  MX") {
		t.Errorf("a zone that holds it all: exit %d\n%s%s", code, out, errOut)
	}
}

func TestADoctorMissesTheKeyOfSendGridsEvents(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte("providers: {email: {sendgrid: {api_key: SG.x, from: hello@shop.example}}}\nworker: {lease: 30s}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errOut, _ := rapport(t, "doctor", "--config", file, "--data", dir, "--dns", nameServer(t))
	if !strings.Contains(out, "warn  worker    worker.lease: 30s is short") {
		t.Errorf("nothing is said of a lease that is short:\n%s%s", out, errOut)
	}
	if !strings.Contains(out, "warn  events") || !strings.Contains(out, "webhook_public_keys") {
		t.Errorf("nothing is said of events that are refused:\n%s%s", out, errOut)
	}
}

func TestADoctorSeesASchemaThatIsNotThisProgramsYet(t *testing.T) {
	dir := t.TempDir()
	file, database := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "shop.db")
	for path, text := range map[string]string{database: "", file: "store: \"sqlite:" + database + "\"\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	examine := func() string {
		out, errOut, _ := rapport(t, "doctor", "--config", file)
		return out + errOut
	}
	if found := examine(); !strings.Contains(found, "fail  store     the database lacks the migrations [1") || !strings.Contains(found, "run `rapport migrate`") {
		t.Errorf("a database without a schema passes:\n%s", found)
	}
	if _, errOut, code := rapport(t, "migrate", "--config", file); code != 0 {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	if found := examine(); !strings.Contains(found, "ok    store     can be read, and its schema is this program's") {
		t.Errorf("a database that was migrated does not pass:\n%s", found)
	}
}

// What could not be read is told of until it is forgotten, and what is to be done about
// recordings until it is done, of the folder of a `rapport up` as of a store that is
// configured.
func TestADoctorTellsOfCallbacksAndRecordingsInTrouble(t *testing.T) {
	dir := t.TempDir()
	file, database := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "rapport.db")
	if err := os.WriteFile(file, []byte("store: \"sqlite:"+database+"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errOut, code := rapport(t, "migrate", "--config", file); code != 0 {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	s, err := store.Open(t.Context(), "sqlite:"+database)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, body := range []string{"a", "b"} {
		if _, err := s.Receive(t.Context(), "sms/twilio", channels.Callback{Method: "POST", URL: "/", Body: []byte(body), ReceivedAt: at}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.Waiting(t.Context(), at, time.Minute, 10)
	if err != nil {
		t.Fatal(err)
	}
	for i, state := range []recordings.State{recordings.Waiting, recordings.Waiting, recordings.Deleted, recordings.Lost} {
		r := recordings.Recording{
			ProviderID: fmt.Sprint("RE", i), Customer: "c-1", Kind: recordings.Answer, At: at.Add(time.Duration(i) * time.Hour), State: state, DueAt: at.Add(24 * time.Hour),
		}
		if err := s.Recordings().Add(t.Context(), []recordings.Recording{r}); err != nil {
			t.Fatal(err)
		}
		r.ID = int64(i + 1)
		r.Trouble = map[recordings.State]string{recordings.Waiting: "keep a sound: the access key does not exist", recordings.Deleted: "twilio answered 401"}[state]
		if err := s.Recordings().Settle(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for _, one := range all {
		if err := s.Reject(t.Context(), one.ID, "not in its form"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, asked := range [][]string{{"--config", file}, {"--data", dir}} {
		out, errOut, _ := rapport(t, append(asked, "doctor")...)
		for _, told := range []string{
			"ok    store     can be read",
			"warn  callbacks 2 of sms/twilio could not be read and were set aside, the last at 2026-03-01 12:00:00 UTC: not in its form",
			"warn  recordings 2 wait to be fetched, the oldest made at 2026-03-01 12:00:00 UTC: keep a sound: the access key does not exist",
			"warn  recordings 1 cannot be deleted at the provider: twilio answered 401",
			"warn  workspace no workspace has been applied yet",
		} {
			if !strings.Contains(out, told) {
				t.Errorf("%q does not tell %q:\n%s%s", asked, told, out, errOut)
			}
		}
	}
}

func TestADoctorLooksIntoTheFolderOfARapportUp(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	examine := func(args ...string) string {
		out, errOut, _ := rapport(t, append([]string{"doctor"}, args...)...)
		return out + errOut
	}
	if found := examine(); strings.Contains(found, " store ") {
		t.Errorf("a folder that is not there:\n%s", found)
	}
	if found := examine("--data", "rapport-data"); !strings.Contains(found, "warn  store     there is no rapport.db in rapport-data") {
		t.Errorf("a folder that was named and is not there:\n%s", found)
	}
	if _, err := os.Stat("rapport-data"); err == nil {
		t.Error("the folder was made")
	}
	if err := os.Mkdir("rapport-data", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("rapport-data", "rapport.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if found := examine(); !strings.Contains(found, "warn  store     the database lacks the migrations [1") || !strings.Contains(found, "`rapport up` adds them when it starts") {
		t.Errorf("a store that is to be brought up to date:\n%s", found)
	}
}
