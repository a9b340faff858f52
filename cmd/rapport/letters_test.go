package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/channels/channeltest"
	"rapport/channels/email"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/templates"
)

// letter is one e-mail as a customer gets it.
type letter struct {
	name    string // workspace/template.locale
	from    string
	content channels.EmailContent
	doors   deliveries.Addresses
}

// lettersOf renders every e-mail of a workspace, those shipped with the program
// among them, in every locale it is written in, with the links and the picture
// that the workers add.
func lettersOf(t *testing.T, folder string) []letter {
	t.Helper()
	files, err := readWorkspace(folder)
	if err != nil {
		t.Fatal(err)
	}
	shop, problems := campaigns.Load(files)
	if mistakes, _ := campaigns.CountProblems(problems); mistakes > 0 {
		t.Fatalf("%s: %v", folder, problems)
	}
	doors := deliveries.Addresses{Base: "https://mail.lindenhof.example", Signer: deliveries.NewSigner([]byte("a key for tests"))}
	var letters []letter
	for _, name := range shop.Templates.Names(channels.Email) {
		ref := templates.Ref{Channel: channels.Email, Name: name}
		for _, locale := range shop.Templates.Locales(ref) {
			customer := madeUp(shop, time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC))
			customer.Locale, customer.Points = locale, 120
			letters = append(letters, letter{
				name: filepath.Base(folder) + "/" + name + "." + locale, from: shop.Senders[channels.Email].From, doors: doors,
				content: written(t, shop, customer, ref, doors),
			})
		}
	}
	return letters
}

// written is a template's e-mail to a customer, with values for whatever it
// asks of the event and the vars.
func written(t *testing.T, shop *campaigns.Workspace, customer *customers.Customer, ref templates.Ref, doors deliveries.Addresses) channels.EmailContent {
	t.Helper()
	journal := campaigns.Journal{Event: map[string]any{}, Vars: map[string]any{}}
	for _, field := range shop.Templates.Fields(ref) {
		switch field.Path[0] {
		case "event":
			journal.Event[field.Path[1]] = "1001"
		case "vars":
			journal.Vars[field.Path[1]] = "4"
		}
	}
	content, _, err := shop.Words(shop.Templates, nil, campaigns.Traveller{
		Customer: customer, Entry: campaigns.Entry{Customer: customer.ID, Journal: journal},
	}, deliveries.Delivery{Channel: channels.Email, Template: ref.Name, Vars: journal.Vars}, doors.Links(1, "c@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	mail := *content.Email
	mail.HTML = templates.RewriteLinks(mail.HTML, func(url string) string {
		if doors.Own(url) {
			return url
		}
		return doors.Click(1, 1)
	})
	mail.HTML = templates.Dressed(mail.HTML, nil, nil, doors.Open(1))
	return mail
}

// shippedLetters are those of the sample shop and of the cookbook.
func shippedLetters(t *testing.T) []letter {
	return slices.Concat(lettersOf(t, "../../campaigns/examples/shop"), lettersOf(t, "../../docs/cookbook"))
}

// TestEveryLetterIsSoundHTML holds every letter to html-validate's rules for
// e-mail (.ci/tools/email.htmlvalidate.json): old attributes of tables may
// stand, wrong structure may not.
func TestEveryLetterIsSoundHTML(t *testing.T) {
	tool, err := filepath.Abs("../../.ci/tools/node_modules/.bin/html-validate")
	if err != nil {
		t.Fatal(err)
	}
	node, nodeErr := exec.LookPath("node")
	if _, err := os.Stat(tool); err != nil || nodeErr != nil {
		t.Skip("html-validate is not installed; npm ci --prefix .ci/tools")
	}
	folder, paths := t.TempDir(), []string{}
	for i, l := range shippedLetters(t) {
		path := filepath.Join(folder, fmt.Sprintf("%03d-%s.html", i, strings.ReplaceAll(l.name, "/", "-")))
		if err := os.WriteFile(path, []byte(l.content.HTML), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	report := filepath.Join(folder, "report")
	arguments := append([]string{tool, "--config", "../../.ci/tools/email.htmlvalidate.json", "--formatter", "json=" + report}, paths...)
	said, err := exec.CommandContext(t.Context(), node, arguments...).CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	out, err := os.ReadFile(report)
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	var found []struct {
		FilePath string
		Messages []struct {
			RuleID, Message string
			Line, Column    int
		}
	}
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatalf("read the report: %v", err)
	}
	for _, file := range found {
		for _, m := range file.Messages {
			t.Errorf("%s:%d:%d: %s (%s)", filepath.Base(file.FilePath), m.Line, m.Column, m.Message, m.RuleID)
		}
	}
	t.Logf("%d letters judged", len(paths))
}

// spamThreshold is what SpamAssassin calls spam. A letter of ours stays well
// below it.
const (
	spamThreshold = 5.0
	goodScore     = 1.5
)

var spamStatus = regexp.MustCompile(`(?m)^X-Spam-Status: \w+, score=(-?[0-9.]+) required=[0-9.]+ tests=([A-Z0-9_,\s]+)`)

// TestEveryLetterPassesSpamAssassin asks SpamAssassin, without the network,
// about every letter of the shop as the SMTP provider hands it to a relay.
func TestEveryLetterPassesSpamAssassin(t *testing.T) {
	tool, err := exec.LookPath("spamassassin")
	if err != nil {
		t.Skip("SpamAssassin is not installed; apt-get install spamassassin")
	}
	letters := lettersOf(t, "../../campaigns/examples/shop")
	var mailbox bytes.Buffer
	for _, raw := range posted(t, letters) {
		mailbox.WriteString("From shop Fri Nov 27 09:00:00 2026\n")
		mailbox.Write(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")))
		mailbox.WriteString("\n")
	}
	command := exec.CommandContext(t.Context(), tool, "--local", "--nocreate-prefs", "--mbox")
	command.Stdin = &mailbox
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	judged := spamStatus.FindAllSubmatch(out, -1)
	if len(judged) != len(letters) {
		t.Fatalf("%d letters were judged of %d", len(judged), len(letters))
	}
	for i, l := range letters {
		points, _ := strconv.ParseFloat(string(judged[i][1]), 64)
		rules := strings.Join(strings.Fields(string(judged[i][2])), "")
		rules = strings.TrimSuffix(rules, "autolearn")
		t.Logf("%-34s %5.1f  %s", l.name, points, rules)
		if points >= goodScore {
			t.Errorf("%s scores %.1f of %.1f: %s", l.name, points, spamThreshold, rules)
		}
	}
}

// posted are letters as a mail server takes them from the SMTP provider, signed,
// in their order.
func posted(t *testing.T, letters []letter) [][]byte {
	t.Helper()
	relay := channeltest.NewRelay(t, channeltest.Habits{})
	at, err := url.Parse(relay.URL())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(at.Port())
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "dkim.pem")
	if _, err := makeKey(key, false); err != nil {
		t.Fatal(err)
	}
	sender, err := email.SMTP{
		Host: at.Hostname(), Port: port, CAFile: channeltest.Authority(t), Username: channeltest.Username, Password: channeltest.Password,
		DKIM: []email.DKIM{{Domain: "lindenhof.example", Selector: "r1", KeyFile: key}}, Now: time.Now,
	}.Open()
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range letters {
		if _, err := sender.Send(t.Context(), l.message(int64(i+1))); err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
	}
	var raw [][]byte
	for _, l := range relay.Letters() {
		if !bytes.HasPrefix(l.Raw, []byte("DKIM-Signature: ")) {
			t.Errorf("a letter arrives unsigned: %.80s", l.Raw)
		}
		raw = append(raw, l.Raw)
	}
	return raw
}

// message is the letter as the workers hand it to the provider.
func (l letter) message(id int64) channels.Message {
	return channels.Message{
		Delivery: id, Attempt: 1, To: "ada@customer.example", ToName: "Ada Example", From: l.from, Unsubscribe: l.doors.Unsubscribe(1),
		Envelope: channels.Envelope{
			MessageID: l.doors.MessageID(id), ListID: "Offers and news <marketing.lindenhof.example>",
			FeedbackID: "letters:marketing:email:shop",
		},
		Content: channels.Content{Email: &l.content},
	}
}
