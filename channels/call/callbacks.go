package call

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"rapport/channels"
	"rapport/channels/twilio"
)

// Reports reads a status callback or a turn of a script.
//
// ProviderID is the call; the delivery is in the callback's URL, which is its
// receiver's business. Question is the index in the URL's q, counted from "0":
// the script that gives it an id is not part of the callback. An answer is
// what was pressed or said, in range or not; CallQuestion.Accepts judges keys.
func (s *calls) Reports(c channels.Callback) ([]channels.Report, error) {
	form, query, err := twilio.Fields(c)
	if err != nil {
		return nil, err
	}
	sid := form.Get("CallSid")
	if sid == "" {
		return nil, nil
	}
	base := channels.Report{Channel: channels.Call, ProviderID: sid, At: moment(form, c), From: form.Get("To")}
	if reason := notPerson(form); reason != "" {
		base.Kind, base.Reason, base.Again = channels.ReportFailed, reason, reason == "machine"
		base.Key = sid + "/" + reason
		return []channels.Report{base}, nil
	}
	var reports []channels.Report
	if r, is := answered(base, form, query); is {
		reports = append(reports, r)
	}
	if r, is := progressed(base, form); is {
		reports = append(reports, r)
	}
	return reports, nil
}

// moment is when it happened: status callbacks say so, turns of a script are
// answered as they happen.
func moment(form url.Values, c channels.Callback) time.Time {
	if at, err := time.Parse(time.RFC1123Z, form.Get("Timestamp")); err == nil {
		return at.UTC()
	}
	return c.ReceivedAt.UTC()
}

// notPerson names what took the call, where detection found it is no person.
func notPerson(form url.Values) string {
	by := form.Get("AnsweredBy")
	switch {
	case strings.HasPrefix(by, "machine"):
		return "machine"
	case by == "fax":
		return "fax"
	}
	return ""
}

// answered reads an answer to a question. A recording's own status callback
// carries a URL too, but belongs to no question.
func answered(r channels.Report, form, query url.Values) (channels.Report, bool) {
	r.Kind = channels.ReportAnswered
	r.Question = query.Get("q")
	r.Key = r.ProviderID + "/q" + r.Question + "/" + query.Get("try")
	switch recording, said, keys := form.Get("RecordingUrl"), form.Get("SpeechResult"), form.Get("Digits"); {
	case form.Has("RecordingStatus"):
		return r, false
	case recording != "": // Digits then holds the key that ended the recording
		r.Text = recording
	case said != "":
		r.Answer, r.Text = said, said
	default:
		r.Answer = keys
	}
	return r, r.Answer != "" || r.Text != ""
}

// progressed reads the status of a call
// (https://www.twilio.com/docs/voice/api/call-resource#call-status-values).
// in-progress says only that somebody or something picked up, so a call counts
// as delivered when it has ended well.
func progressed(r channels.Report, form url.Values) (channels.Report, bool) {
	status := form.Get("CallStatus")
	r.Key = r.ProviderID + "/" + status
	switch status {
	case "queued", "initiated", "ringing", "in-progress":
		r.Kind = channels.ReportSent
	case "completed":
		r.Kind = channels.ReportDelivered
		if seconds, err := strconv.ParseUint(form.Get("CallDuration"), 10, 31); err == nil {
			r.Duration = time.Duration(seconds) * time.Second
		}
	case "busy":
		r.Kind, r.Reason, r.Again = channels.ReportFailed, "busy", true
	case "no-answer":
		r.Kind, r.Reason, r.Again = channels.ReportFailed, "no_answer", true
	case "failed", "canceled":
		r.Kind, r.Reason = channels.ReportFailed, status
		if code := form.Get("ErrorCode"); code != "" && code != "0" {
			meaning := twilio.Explain(code)
			r.Reason, r.Suppress, r.Again = meaning.Reason, meaning.Suppress, meaning.Again
		}
	default:
		return r, false
	}
	return r, true
}
