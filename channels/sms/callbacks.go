package sms

import (
	"net/url"
	"strconv"
	"strings"

	"rapport/channels"
	"rapport/channels/twilio"
)

// Reports reads a status callback or a text from a customer.
//
// A status callback names the message by ProviderID; the delivery is in the
// callback's URL, which is its receiver's business. Twilio numbers neither, so
// Key is the message's SID with the status: each status happens once.
func (s *texts) Reports(c channels.Callback) ([]channels.Report, error) {
	form, _, err := twilio.Fields(c)
	if err != nil {
		return nil, err
	}
	if status := form.Get("MessageStatus"); status != "" {
		return statusReports(c, form.Get("MessageSid"), status, form.Get("To"), form.Get("ErrorCode")), nil
	}
	if form.Get("From") == "" || !form.Has("Body") {
		return nil, nil
	}
	return []channels.Report{s.inbound(c, form)}, nil
}

// statusReports reads one status of a message
// (https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks).
func statusReports(c channels.Callback, sid, status, to, code string) []channels.Report {
	r := channels.Report{
		Channel: channels.SMS, ProviderID: sid, At: c.ReceivedAt.UTC(), Key: sid + "/" + status, From: to,
	}
	switch status {
	case "accepted", "scheduled", "queued", "sending", "sent":
		r.Kind = channels.ReportSent
	case "delivered":
		r.Kind = channels.ReportDelivered
	case "read":
		r.Kind = channels.ReportOpened
	case "undelivered", "failed", "canceled":
		meaning := twilio.Explain(code)
		if code == "" {
			meaning.Reason = status
		}
		r.Kind = channels.ReportFailed
		r.Reason, r.Suppress, r.Again = meaning.Reason, meaning.Suppress, meaning.Again
	default:
		return nil
	}
	return []channels.Report{r}
}

// inbound reads a customer's text. Where Twilio's own opt-out handling has judged
// it, that word holds; what the words of others mean is not for a provider to say.
func (s *texts) inbound(c channels.Callback, form url.Values) channels.Report {
	r := channels.Report{
		Channel: channels.SMS, Kind: channels.ReportReplied, At: c.ReceivedAt.UTC(), Key: form.Get("MessageSid"),
		From: form.Get("From"), To: form.Get("To"), Text: form.Get("Body"), Media: media(form),
	}
	switch form.Get("OptOutType") {
	case "STOP":
		r.Kind, r.Suppress, r.Reason = channels.ReportUnsubscribed, true, channels.ReasonOptedOut
	case "START":
		r.Kind = channels.ReportResubscribed
	}
	r.Answered = form.Get("OptOutType") != "" || !s.optOutsOff && twilio.IsNumber(r.To) && answersItself(r.Text)
	return r
}

// mostMedia is how many files Twilio takes in one message.
const mostMedia = 10

// media lists where the files of an MMS are fetched: MediaUrl0 and on.
func media(form url.Values) []string {
	count, err := strconv.Atoi(form.Get("NumMedia"))
	if err != nil {
		return nil
	}
	var all []string
	for i := range min(count, mostMedia) {
		if address := form.Get("MediaUrl" + strconv.Itoa(i)); address != "" {
			all = append(all, address)
		}
	}
	return all
}

// answersItself reports whether Twilio answers a text by itself: to its numbers, not
// to short codes, unless that was switched off for the account
// (https://help.twilio.com/articles/223134027).
func answersItself(text string) bool {
	switch strings.ToUpper(strings.TrimSpace(text)) {
	case "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "START", "YES", "UNSTOP", "HELP", "INFO":
		return true
	}
	return false
}
