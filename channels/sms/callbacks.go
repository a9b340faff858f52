package sms

import (
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
	r := inboundReport(c, form.Get("MessageSid"), form.Get("From"), form.Get("Body"), form.Get("OptOutType"))
	return []channels.Report{r}, nil
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

// inboundReport reads a customer's text. Where Twilio's own opt-out handling
// has judged it, that word holds; what the words of others mean is not for a
// provider to say.
func inboundReport(c channels.Callback, sid, from, text, optOut string) channels.Report {
	r := channels.Report{
		Channel: channels.SMS, Kind: channels.ReportReplied, At: c.ReceivedAt.UTC(), Key: sid, From: from, Text: text,
	}
	switch optOut {
	case "STOP":
		r.Kind, r.Suppress, r.Reason = channels.ReportUnsubscribed, true, channels.ReasonOptedOut
	case "START":
		r.Kind = channels.ReportResubscribed
	}
	return r
}
