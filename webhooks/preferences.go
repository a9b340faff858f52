package webhooks

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
)

// wishes is what the preferences page shows.
type wishes struct {
	Topics  []topicWishes
	Blocked []blocked
	Said    string // the word for what was just done; "" at first
}

// topicWishes is one topic with a box for every channel that may bring it.
type topicWishes struct {
	Title string
	Boxes []box
}

// box is one choice.
type box struct {
	Name string // of the choice, as the form sends it
	Way  string // the channel in the guest's words
	In   bool   // whether messages come by it at present
	Why  string // who decided that: the customer or the default
}

// blocked is a channel by which nothing is sent whatever was chosen.
type blocked struct {
	Channel channels.Channel
	Way     string
	Why     string
	Free    bool // the guest may lift it here
}

// preferencesPage shows what a customer hears about, and how.
func (d *Doors) preferencesPage(w http.ResponseWriter, r *http.Request, g guest) {
	if d.choosable(w, r, g) {
		d.show(w, r, g, http.StatusOK, "preferences", "wishes_title", d.wishesOf(g, ""))
	}
}

// choosable reports whether there is anything to choose. Where it says no it
// has answered.
func (d *Doors) choosable(w http.ResponseWriter, r *http.Request, g guest) bool {
	switch {
	case g.customer == nil:
		d.trouble(w, r, g, http.StatusNotFound, "lost")
	case g.edition == nil:
		d.trouble(w, r, g, http.StatusServiceUnavailable, "again")
	default:
		return true
	}
	return false
}

// preferences takes what a customer chose: what differs from what they saw, and
// nothing for what they left alone. A box that was ticked before they came is no
// consent.
func (d *Doors) preferences(w http.ResponseWriter, r *http.Request, g guest) {
	if !d.choosable(w, r, g) {
		return
	}
	form, ok := d.form(w, r, g)
	if !ok {
		return
	}
	said, done := url.Values{}, "saved"
	if form.Has("stop") {
		said["no"], done = everything(g), "all_done"
	} else {
		said = changes(g, form)
	}
	if len(said) > 0 && !d.wish(w, r, g, said) {
		return
	}
	if err := d.recall(r.Context(), &g); err != nil {
		d.Log.Error("what a guest chose is stored and cannot be shown", "delivery", g.delivery.ID, "error", err)
		d.trouble(w, r, g, http.StatusServiceUnavailable, "again")
		return
	}
	d.show(w, r, g, http.StatusOK, "preferences", "wishes_title", d.wishesOf(g, g.speech.W[done]))
}

// choiceName is how a form names a topic by a channel.
func choiceName(topic string, ch channels.Channel) string { return topic + "/" + string(ch) }

// everything names every topic by every channel, those that are yet to come by each
// channel (customers.EveryTopic) and those there are by name.
func everything(g guest) []string {
	var all []string
	for _, ch := range channels.All() {
		all = append(all, choiceName(customers.EveryTopic, ch))
		for _, topic := range g.edition.Topics {
			all = append(all, choiceName(topic.ID, ch))
		}
	}
	return all
}

// changes is what a form says that the page it came from did not.
func changes(g guest, form url.Values) url.Values {
	said := url.Values{}
	for _, name := range everything(g) {
		shown, was, is := slices.Contains(form["shown"], name), slices.Contains(form["was"], name), slices.Contains(form["in"], name)
		switch {
		case !shown || was == is:
		case is:
			said.Add("yes", name)
		default:
			said.Add("no", name)
		}
	}
	for _, b := range blocks(g) {
		if b.Free && slices.Contains(form["free"], string(b.Channel)) {
			said.Add("free", string(b.Channel))
		}
	}
	return said
}

// wishesOf is the page for a customer as they are now. Channels that cannot
// reach them, or that are blocked, have no boxes.
func (d *Doors) wishesOf(g guest, said string) wishes {
	page := wishes{Said: said, Blocked: blocks(g)}
	for _, topic := range g.edition.Topics {
		wish := topicWishes{Title: topic.TitleIn(g.speech.Locale)}
		for _, ch := range channels.All() {
			if reaches(g, ch) && g.customer.Suppressed[ch] == "" {
				wish.Boxes = append(wish.Boxes, boxFor(g, topic, ch))
			}
		}
		if len(wish.Boxes) > 0 {
			page.Topics = append(page.Topics, wish)
		}
	}
	if stopped := stopsOf(g); len(stopped) > 0 {
		page.Topics = append(page.Topics, topicWishes{Title: g.speech.W["later_title"], Boxes: stopped})
	}
	return page
}

// stopsOf has a box for every channel by which the customer wants nothing at all: ticked,
// it lets topics through that come later. What they said of topics by name stays.
func stopsOf(g guest) []box {
	var boxes []box
	for _, said := range g.customer.Consents {
		if ch := said.Channel; said.Topic == customers.EveryTopic && !said.In && reaches(g, ch) && g.customer.Suppressed[ch] == "" {
			boxes = append(boxes, box{Name: choiceName(customers.EveryTopic, ch), Way: g.speech.W[string(ch)], Why: g.speech.W["said_no"]})
		}
	}
	return boxes
}

// reaches reports whether the shop writes by a channel and the customer can be
// reached by it.
func reaches(g guest, ch channels.Channel) bool {
	_, sends := g.edition.Senders[ch]
	return (sends || ch == channels.Push) && g.customer.Address(ch) != ""
}

func boxFor(g guest, topic campaigns.Topic, ch channels.Channel) box {
	word := map[bool]string{true: "usual_yes", false: "usual_no"}
	if _, said := g.customer.Word(topic.ID, ch); said {
		word = map[bool]string{true: "said_yes", false: "said_no"}
	}
	in := g.customer.Consented(topic.ID, ch, topic.In)
	return box{Name: choiceName(topic.ID, ch), Way: g.speech.W[string(ch)], In: in, Why: g.speech.W[word[in]]}
}

// blocks lists the customer's blocked channels. What they told the channel
// itself they may take back here, by saying so; a texted STOP also stands in the
// phone network, where only a texted START lifts it (Twilio error 21610).
func blocks(g guest) []blocked {
	var all []blocked
	for _, ch := range channels.All() {
		reason := g.customer.Suppressed[ch]
		if reason == "" || !reaches(g, ch) {
			continue
		}
		b := blocked{Channel: ch, Way: g.speech.W[string(ch)], Why: g.speech.W["blocked_"+reason]}
		switch {
		case reason == channels.ReasonOptedOut && ch == channels.SMS:
			b.Why = g.speech.W["blocked_stop"]
		case reason == channels.ReasonOptedOut:
			b.Free = true
		case b.Why == "":
			b.Why = g.speech.W["blocked_bounced"]
		}
		all = append(all, b)
	}
	return all
}

// choices reads choices as a form names them.
func choices(names []string, in bool) []channels.Choice {
	all := make([]channels.Choice, 0, len(names))
	for _, name := range names {
		topic, ch, _ := strings.Cut(name, "/")
		all = append(all, channels.Choice{Topic: topic, Channel: channels.Channel(ch), In: in})
	}
	return all
}
