package main

import (
	"bytes"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rapport/channels/channeltest"
)

var letterShop = map[string]string{
	"rapport.yaml": `
workspace: shop
brand: {name: Shop, url: "https://shop.example", address: "1 High Street"}
locale: en
zone: UTC
currency: EUR
topics: [{id: service, title: About your orders, default: in}]
senders: {email: {from: "Shop <hello@shop.example>"}}
`,
	"campaigns/hello.yaml": "campaign: hello\ntitle: Hello\nowner: support\ntopic: service\nstate: live\ntrigger: {manual: true}\n" +
		"contact: {hours: [\"00:00-24:00\"]}\nsteps:\n  - email: note\n",
	"templates/email/note.liquid": "---\nsubject: Schöne Grüße\nlayout: base\nformat: mjml\n---\n" +
		"<mj-text><a href=\"https://shop.example/sale\">Sale</a> <a href=\"{{ links.unsubscribe }}\">Stop</a></mj-text>\n",
}

// TestUpDeliversThroughARelay follows one e-mail from a command to a mail
// server.
func TestUpDeliversThroughARelay(t *testing.T) {
	dir := t.TempDir()
	for name, text := range letterShop {
		path := filepath.Join(dir, "shop", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	relay := channeltest.NewRelay(t, channeltest.Habits{})
	at, _ := url.Parse(relay.URL())
	key, data, address := filepath.Join(dir, "dkim.pem"), filepath.Join(dir, "data"), "127.0.0.1:"+freePort(t)
	if _, err := makeKey(key, true); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "config.yaml")
	written := fmt.Sprintf("listen: %s\npublic_url: http://%s\nproviders: {email: {smtp: {host: 127.0.0.1, port: %s, ca_file: %q, "+
		"username: %s, password: %s, dkim: [{domain: shop.example, selector: r1, key_file: %q}]}}}\n",
		address, address, at.Port(), channeltest.Authority(t), channeltest.Username, channeltest.Password, key)
	people := filepath.Join(dir, "people.csv")
	for path, text := range map[string]string{config: written, people: "id,email,first_name\nada,ada@customer.example,Ada\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, errOut, code := rapport(t, "import", "customers", people, "--data", data); code != 0 {
		t.Fatal(errOut)
	}
	up := &process{stderr: &bytes.Buffer{}}
	up.cmd = exec.Command(os.Args[0], "up", filepath.Join(dir, "shop"), "--data", data, "--config", config)
	up.cmd.Env = append(os.Environ(), "RAPPORT_TEST_MAIN=1")
	up.cmd.Stderr = up.stderr
	if err := up.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { up.signal(syscall.SIGTERM) })
	awaitAlive(t, address)
	if _, errOut, code := rapport(t, "follow-up", "hello", "ada", "--data", data, "--config", config); code != 0 {
		t.Fatal(errOut)
	}
	eventually(t, time.Minute, "the letter arrives", func() bool { return len(relay.Letters()) > 0 })
	letter, err := mail.ReadMessage(bytes.NewReader(relay.Letters()[0].Raw))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"To": `"Ada" <ada@customer.example>`, "Subject": "=?utf-8?q?Sch=C3=B6ne_Gr=C3=BC=C3=9Fe?=", "List-Id": `"About your orders" <service.shop.example>`,
		"List-Unsubscribe": "<http://" + address + "/u/", "Auto-Submitted": "auto-generated", "Message-Id": "<", "Dkim-Signature": "v=1; a=ed25519-sha256;",
	} {
		if got := letter.Header.Get(name); !strings.HasPrefix(got, want) {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	eventually(t, time.Minute, "the ledger knows", func() bool {
		out, _, _ := rapport(t, "customer", "ada", "--data", data)
		return strings.Contains(out, "email sent")
	})
	up.signal(syscall.SIGTERM) // and its log is whole
	if strings.Contains(up.stderr.String(), channeltest.Password) || strings.Contains(up.stderr.String(), "ada@") {
		t.Errorf("the log gives something away:\n%s", up.stderr)
	}
}
