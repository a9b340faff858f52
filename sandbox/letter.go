package sandbox

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rapport/channels"
)

// letter is one e-mail to one mailbox.
type letter struct {
	request       string // X-Message-Id
	id            string // sg_message_id, which begins with it
	at            time.Time
	to            string
	subject       string
	html          string
	substitutions map[string]string
	body          string // digest of the content
	args          map[string]string
	categories    []string
	unsubscribe   string // the List-Unsubscribe header
	oneClick      bool   // and it may be posted to (RFC 8058)
	opens, clicks bool   // SendGrid's own tracking is on
	from, replyTo string // mailboxes; answers go to the second
	messageID     string // in angle brackets, where the sender gave one
	text          string // the plain text
	chance        chance
}

// oneClick is the value of List-Unsubscribe-Post and the body of the request it
// announces (RFC 8058 §3.1).
const oneClick = "List-Unsubscribe=One-Click"

func (l *letter) line(now time.Time, fault FaultKind) Accepted {
	delivery, err := strconv.ParseInt(l.args["delivery"], 10, 64)
	if err != nil {
		delivery = 0 // a mail of somebody else's
	}
	return Accepted{
		At: now, Channel: channels.Email, ProviderID: l.request, Delivery: delivery,
		To: l.to, Subject: l.subject, Body: l.body, Fault: fault,
	}
}

// receive plans what becomes of a letter.
func (s *Sandbox) receive(l letter) []act {
	who := s.person(l.to)
	b, c := who.behaviour.Email, l.chance
	arrival := l.at.Add(c.wait("delivery", b.Delivery))
	if why, dropped := s.dropped.Load(strings.ToLower(l.to)); dropped {
		return []act{l.event("dropped", arrival, details{"reason": why.(string)})}
	}
	acts := []act{l.event("processed", l.at, nil)}
	const greylisted = "451 4.7.1 Greylisted, try again later"
	switch {
	case c.happens("hard bounce", b.HardBounce):
		return append(acts, l.event("bounce", arrival, details{"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 The email account that you tried to reach does not exist"}), s.drop(l.to, "Bounced Address", arrival))
	case c.happens("soft bounce", b.SoftBounce):
		return append(acts, l.event("bounce", arrival, details{"type": "bounce", "status": "5.2.2", "reason": "552 5.2.2 The mailbox is full"}))
	case c.happens("block", b.Block):
		later := arrival.Add(c.wait("deferred", Between(5*time.Minute, 4*time.Hour)))
		return append(acts,
			l.event("deferred", arrival, details{"response": greylisted, "attempt": "1"}),
			l.event("bounce", later, details{"type": "blocked", "status": "4.7.1", "reason": greylisted}))
	case c.happens("defer", b.Defer):
		acts = append(acts, l.event("deferred", arrival, details{"response": greylisted, "attempt": "1"}))
		arrival = arrival.Add(c.wait("deferred", Between(2*time.Minute, 30*time.Minute)))
	}
	acts = append(acts, l.event("delivered", arrival, details{"response": "250 2.0.0 OK"}))
	if c.happens("away", b.Away) {
		return append(acts, s.away(&l, arrival.Add(time.Second))...)
	}
	return append(acts, s.read(&l, who, arrival)...)
}

// drop makes SendGrid refuse a mailbox from an instant on.
func (s *Sandbox) drop(mailbox, why string, at time.Time) act {
	return act{at: at, do: func(context.Context) []act {
		s.dropped.Store(strings.ToLower(mailbox), why)
		return nil
	}}
}

// read plans what the customer does with a letter that arrived, and what a
// scanner before them does.
func (s *Sandbox) read(l *letter, who person, arrival time.Time) []act {
	b, c := who.behaviour.Email, l.chance
	scanned, opened := c.happens("scan", b.Scan), c.happens("open", b.Open)
	if !scanned && !opened {
		return nil
	}
	found := s.linksIn(l.html, l.substitutions)
	var acts []act
	if scanned {
		acts = append(acts, s.scan(found, arrival.Add(2*time.Second)))
	}
	if !opened {
		return acts
	}
	opening := arrival.Add(c.wait("reading", b.Reading))
	acts = append(acts, s.look(found.pixels, opening))
	if l.opens {
		acts = append(acts, l.event("open", opening, details{"useragent": browser, "ip": homeIP}))
	}
	then := opening
	after := func(what string) time.Time {
		then = then.Add(c.wait(what, b.Reaction))
		return then
	}
	if c.happens("answer", b.Answer) && len(found.surveys) > 0 {
		acts = append(acts, s.answerSurvey(found.surveys, who, c, after("answering")))
	} else if c.happens("click", b.Click) && len(found.clicks) > 0 {
		link := found.clicks[c.pick("link", len(found.clicks))]
		acts = append(acts, s.click(link, who, c, b.Answer, b.Reaction, after("clicking")))
		if l.clicks {
			acts = append(acts, l.event("click", then, details{"useragent": browser, "ip": homeIP, "url": link}))
		}
	}
	if c.happens("reply", b.Reply) {
		acts = append(acts, s.writeBack(l, who, after("replying"))...)
	}
	if c.happens("unsubscribe", b.Unsubscribe) {
		acts = append(acts, s.unsubscribe(l, found, after("unsubscribing"))...)
	}
	if c.happens("choose", b.Choose) && len(found.preferences) > 0 {
		acts = append(acts, s.choose(found.preferences[0], who, c, after("choosing")))
	}
	if c.happens("stranger", b.Stranger) && len(found.strangers) > 0 {
		acts = append(acts, s.disown(found.strangers[0], after("wondering")))
	}
	if c.happens("complain", b.Complain) {
		when := after("complaining")
		acts = append(acts, l.event("spamreport", when, nil), s.drop(l.to, "Spam Reporting Address", when))
	}
	return acts
}

// scan fetches every link as a mail scanner does: without clicking any button.
func (s *Sandbox) scan(found links, at time.Time) act {
	return act{at: at, do: func(ctx context.Context) []act {
		for _, target := range found.all {
			s.visit(ctx, visit{method: http.MethodGet, url: target, header: http.Header{"User-Agent": {scanner}}})
		}
		return nil
	}}
}

// look fetches the pictures that tell of an open.
func (s *Sandbox) look(pixels []string, at time.Time) act {
	return act{at: at, do: func(ctx context.Context) []act {
		for _, pixel := range pixels {
			s.browse(ctx, pixel)
		}
		return nil
	}}
}

// click follows one link, and not where it leads; only a survey of our own at
// its end may be answered.
func (s *Sandbox) click(link string, who person, c chance, answers float64, reaction Delay, at time.Time) act {
	return act{at: at, do: func(ctx context.Context) []act {
		reached := s.browse(ctx, link)
		if target := s.surveyAt(link, reached.header.Get("Location")); target != "" && c.happens("answer", answers) {
			return []act{s.answerSurvey([]string{target}, who, c, at.Add(c.wait("answering", reaction)))}
		}
		return nil
	}}
}

// unsubscribe uses the mail program's button where the letter offers one
// (RFC 8058), the link in its text otherwise.
func (s *Sandbox) unsubscribe(l *letter, found links, at time.Time) []act {
	target := ""
	if l.oneClick {
		for part := range strings.SplitSeq(l.unsubscribe, ",") {
			part = strings.Trim(strings.TrimSpace(part), "<>")
			if strings.HasPrefix(part, "http") {
				target = expand(part, l.substitutions)
			}
		}
	}
	if target == "" && len(found.unsubscribes) > 0 {
		target = found.unsubscribes[0]
	}
	if target == "" {
		return nil
	}
	return []act{{at: at, do: func(ctx context.Context) []act {
		s.submit(ctx, target, url.Values{"List-Unsubscribe": {"One-Click"}})
		return nil
	}}}
}
