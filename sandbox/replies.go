package sandbox

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rapport/channels"
)

// textStatus plans one status callback of a text.
func (s *Sandbox) textStatus(text *record, callback, status string, code int, at time.Time) act {
	return act{at: at, report: true, do: func(ctx context.Context) []act {
		text.move(status, at)
		form := url.Values{
			"AccountSid": {s.options.Twilio.AccountSID}, "ApiVersion": {"2010-04-01"},
			"MessageSid": {text.sid}, "SmsSid": {text.sid}, "MessageStatus": {status}, "SmsStatus": {status},
			"From": {senderOf(text.from)}, "To": {text.to},
		}
		if text.service != "" {
			form.Set("MessagingServiceSid", text.service)
		}
		if code != 0 {
			text.fail(code)
			form.Set("ErrorCode", strconv.Itoa(code))
		}
		if callback != "" {
			s.callBack(ctx, http.MethodPost, callback, form)
		}
		return nil
	}}
}

// readText plans what the customer does with a text.
func (s *Sandbox) readText(text *record, who person, c chance, arrival time.Time) []act {
	b := who.behaviour.SMS
	then := arrival.Add(c.wait("reaction", b.Reaction))
	reply := func(words string) []act {
		return []act{{at: then, do: func(ctx context.Context) []act {
			s.deliver(ctx, text, words, s.sid(c, words))
			return nil
		}}}
	}
	if c.happens("stop", b.Stop) {
		return reply("STOP")
	}
	found := links{}
	if s.outside.base != nil {
		found = s.linksInText(text.body)
	}
	if c.happens("answer", b.Answer) {
		if len(found.surveys) > 0 {
			return []act{s.answerSurvey(found.surveys, who, c, then)}
		}
		if low, high, asked := rangeIn(text.body); asked {
			return reply(strconv.Itoa(who.score(c, low, high)))
		}
	}
	switch {
	case len(found.clicks) > 0 && c.happens("click", b.Click):
		return []act{s.click(found.clicks[0], who, c, b.Answer, b.Reaction, then)}
	case c.happens("reply", b.Reply):
		return reply(who.comment(c))
	}
	return nil
}

// Text is a text message from a customer.
type Text struct {
	From string `json:"from"` // the customer's number, E.164
	To   string `json:"to"`   // the sender's number the customer writes to
	Body string `json:"body"`
}

// Text delivers a customer's text at once, of their own accord.
func (s *Sandbox) Text(ctx context.Context, t Text) error {
	c := s.ordinals.next(s.chance("text", t.From, t.To, t.Body))
	conversation := &record{from: t.To, to: t.From}
	if !s.deliver(ctx, conversation, t.Body, s.sid(c, "inbound")).ok() {
		return errors.New("deliver a customer's text: the inbound URL did not take it")
	}
	return nil
}

// deliver posts a customer's text, in answer to one of ours, to the inbound
// URL, and heeds the words Twilio itself heeds.
func (s *Sandbox) deliver(ctx context.Context, ours *record, words, id string) seen {
	optOut := optOutType(words)
	switch optOut {
	case "STOP":
		s.stopped.Store(pair(ours.to, senderOf(ours.from)), struct{}{})
	case "START":
		s.stopped.Delete(pair(ours.to, senderOf(ours.from)))
	}
	sid := "SM" + id
	segments, _ := channels.Segments(words)
	form := url.Values{
		"AccountSid": {s.options.Twilio.AccountSID}, "ApiVersion": {"2010-04-01"},
		"MessageSid": {sid}, "SmsMessageSid": {sid}, "SmsSid": {sid}, "SmsStatus": {"received"},
		"From": {ours.to}, "To": {senderOf(ours.from)}, "Body": {words}, "NumMedia": {"0"}, "NumSegments": {strconv.Itoa(segments)},
		"FromCity": {""}, "FromState": {""}, "FromZip": {""}, "FromCountry": {""},
		"ToCity": {""}, "ToState": {""}, "ToZip": {""}, "ToCountry": {""},
	}
	if ours.service != "" {
		form.Set("MessagingServiceSid", ours.service)
		if optOut != "" {
			form.Set("OptOutType", optOut)
		}
	}
	return s.callBack(ctx, http.MethodPost, s.options.Twilio.InboundURL, form)
}

// optOutType is what Twilio's default opt-out handling makes of a text.
func optOutType(words string) string {
	switch strings.ToUpper(strings.TrimSpace(words)) {
	case "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT":
		return "STOP"
	case "START", "YES", "UNSTOP":
		return "START"
	case "HELP", "INFO":
		return "HELP"
	}
	return ""
}
