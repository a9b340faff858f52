package webhooks_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/webhooks"
)

// said is what the customer told, as "topic by channel: word".
func (h *house) said() map[string]string {
	words := map[string]string{}
	for _, c := range h.ada().Consents {
		about, word, _ := strings.Cut(channels.Choice{Topic: c.Topic, Channel: c.Channel, In: c.In}.String(), ": ")
		words[about] = word
	}
	return words
}

// filled is the form of a preferences page as it came, as a browser sends it.
func filled(page string) url.Values {
	form := url.Values{}
	for line := range strings.Lines(page) {
		for _, name := range []string{"in", "shown", "was"} {
			for part := range strings.SplitSeq(line, "<input") {
				if strings.Contains(part, `name="`+name+`"`) && (strings.Contains(part, "hidden") || strings.Contains(part, "checked")) {
					_, rest, _ := strings.Cut(part, `value="`)
					value, _, _ := strings.Cut(rest, `"`)
					form.Add(name, value)
				}
			}
		}
	}
	return form
}

func TestChoicesHoldAtOnce(t *testing.T) {
	h := open(t)
	d := h.greet(channels.Email)
	link := h.ways(d)["preferences"]
	page := hosted(t, h.get(http.StatusOK, link))
	form := filled(page)
	same(t, "boxes", form["shown"], []string{"service/email", "service/sms", "service/call", "marketing/email", "marketing/sms", "marketing/call"})
	same(t, "ticked", form["in"], []string{"service/email", "service/sms", "service/call"})

	hosted(t, h.form(http.StatusOK, link, form))
	if len(h.said()) > 0 || len(h.stored()) > 0 {
		t.Errorf("boxes that were ticked before became consents: %v", h.said())
	}
	form["in"] = []string{"service/email", "service/sms", "marketing/email", "nonsense/email", "marketing/fax"}
	page = hosted(t, h.form(http.StatusOK, link, form))
	same(t, "said", h.said(), map[string]string{"service by call": "no", "marketing by email": "yes"})
	if !strings.Contains(page, "Your choices are saved") || strings.Count(page, "you said") != 2 {
		t.Errorf("the page is %s", page)
	}
	same(t, "shown after", filled(page)["in"], []string{"service/email", "service/sms", "marketing/email"})
	h.settle()
	events, err := h.store.Of(t.Context(), "c-1", 10)
	if err != nil || len(events) != 2 {
		t.Fatal(events, err)
	}
	same(t, "the timeline's line", fmt.Sprint(events[1].Name, " ", events[1].Properties), "preferences changed map[marketing by email:yes service by call:no template:hello]")
	same(t, "the source", h.ada().Consents[0].Source, "preferences")
}

func TestEverythingStops(t *testing.T) {
	h := open(t)
	d := h.greet(channels.SMS)
	page := hosted(t, h.form(http.StatusOK, h.ways(d)["preferences"], url.Values{"stop": {"all"}}))
	if len(h.said()) != 12 || strings.Contains(page, " checked>") || !strings.Contains(page, "no more messages from us") {
		t.Errorf("said %v, page %s", h.said(), page)
	}
	for about, word := range h.said() {
		if word != "no" {
			t.Errorf("%s: %s", about, word)
		}
	}
	found, err := h.store.Summary().Of(t.Context(), d.Entry)
	if err != nil || found[0].Status != "unsubscribed" {
		t.Errorf("the message that led there is %+v, %v", found, err)
	}
	h.settle()
}

// A stop of everything stands for topics that come later too, until it is taken back.
func TestEverythingStopsForTopicsToCome(t *testing.T) {
	h := open(t)
	link := h.ways(h.greet(channels.Email))["preferences"]
	news := func() bool { return h.ada().Consented("added later", channels.Email, true) }
	if page := hosted(t, h.get(http.StatusOK, link)); !news() || strings.Contains(page, "*/") {
		t.Fatalf("before the stop: %s", page)
	}
	page := hosted(t, h.form(http.StatusOK, link, url.Values{"stop": {"all"}}))
	if news() || !strings.Contains(page, `value="*/email"`) || !strings.Contains(page, "Topics that are added later") {
		t.Errorf("in for what is added later: %v; the page is %s", news(), page)
	}
	form := filled(page)
	form.Add("in", "service/email")
	h.passes(time.Minute)
	page = hosted(t, h.form(http.StatusOK, link, form))
	if news() || !h.ada().Consented("service", channels.Email, true) {
		t.Error("a yes to one topic counts for that one and for no other")
	}
	form = filled(page)
	form.Add("in", "*/email")
	h.passes(2 * time.Minute)
	page = hosted(t, h.form(http.StatusOK, link, form))
	if !news() || strings.Contains(page, `value="*/email"`) || !strings.Contains(page, `value="*/sms"`) {
		t.Errorf("taken back by e-mail: %v; the page is %s", news(), page)
	}
	if h.ada().Consented("marketing", channels.Email, true) {
		t.Error("what was said of a topic by name does not stay")
	}
	h.settle()
}

// What is blocked is shown as it is, and nothing but the customer's own word to
// the channel frees it.
func TestBlockedChannelsAreShownHonestly(t *testing.T) {
	h := open(t)
	d := h.greet(channels.SMS)
	link := h.ways(d)["preferences"]
	block := func(ch channels.Channel, address, reason string) {
		t.Helper()
		if err := h.store.Suppress(t.Context(), []customers.Suppression{{Channel: ch, Address: address, Reason: reason, At: noon}}); err != nil {
			t.Fatal(err)
		}
	}
	block(channels.SMS, "+4930123456", channels.ReasonOptedOut)
	block(channels.Call, "+4930123456", "complained")
	block(channels.Email, "ada@home.example", channels.ReasonOptedOut)
	page := hosted(t, h.get(http.StatusOK, link))
	for _, want := range []string{"You texted STOP.", "as spam", "You told us to stop.", `name="free" value="email"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q: %s", want, page)
		}
	}
	if strings.Count(page, `name="free"`) != 1 || strings.Contains(page, `name="in"`) {
		t.Errorf("the page offers what it cannot do: %s", page)
	}
	all := url.Values{"free": {"email", "sms", "call", "push"}, "shown": {"marketing/sms"}, "in": {"marketing/sms"}}
	h.passes(time.Minute)
	hosted(t, h.form(http.StatusOK, link, all))
	same(t, "blocked", h.ada().Suppressed, map[channels.Channel]string{channels.SMS: "opted_out", channels.Call: "complained"})
	same(t, "said", h.said(), map[string]string{"marketing by sms": "yes"}) // which frees nothing
	h.settle()
}

func TestWhoseLinkIsNobodysChoosesNothing(t *testing.T) {
	h := open(t)
	h.form(http.StatusNotFound, h.doors.Addresses.Preferences(7), url.Values{"stop": {"all"}})
	if stored := h.stored(); len(stored) > 0 {
		t.Errorf("stored %+v", stored)
	}
}

func TestAWordThatIsNotInForceIsNotPromised(t *testing.T) {
	h := open(t, func(d *webhooks.Doors) { d.Heed = nil })
	h.doors.Heed = unheard
	d := h.greet(channels.Email)
	h.form(http.StatusServiceUnavailable, h.ways(d)["preferences"], url.Values{"stop": {"all"}})
	if len(h.stored()) != 1 {
		t.Error("the word is lost")
	}
}
