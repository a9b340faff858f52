package call

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"rapport/channels"
	"rapport/channels/twilio"
)

// Reports reads a status callback, a turn of a script, or word of a recording.
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
	base := channels.Report{
		Channel: channels.Call, ProviderID: sid, At: moment(form, c), From: form.Get("To"), Question: query.Get(inQuestion),
	}
	if reason := notPerson(form); reason != "" {
		base.Kind, base.Reason, base.Again = channels.ReportFailed, reason, reason == channels.ReasonMachine
		base.Key, base.Question = sid+"/"+reason, ""
		return []channels.Report{base}, nil
	}
	var reports []channels.Report
	for _, read := range []func(channels.Report, url.Values, url.Values) (channels.Report, bool){
		transcribed, recorded, transferred, answered, progressed,
	} {
		if r, is := read(base, form, query); is {
			reports = append(reports, r)
		}
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
		return channels.ReasonMachine
	case by == "fax":
		return channels.ReasonFax
	}
	return ""
}

// answered reads an answer to a question. What is told of a recording and of a
// person's call belongs to a question too, but is no answer.
func answered(r channels.Report, form, query url.Values) (channels.Report, bool) {
	if form.Has("RecordingStatus") || form.Has("TranscriptionStatus") || query.Has(inDialled) {
		return r, false
	}
	r.Kind = channels.ReportAnswered
	r.Key = r.ProviderID + "/q" + r.Question + "/" + query.Get(inTry)
	switch said, keys := form.Get("SpeechResult"), form.Get("Digits"); {
	case form.Get("RecordingUrl") != "": // Digits then holds the key that ended the recording
		r.Recording, r.Duration = form.Get("RecordingSid"), lasted(form.Get("RecordingDuration"))
		if keys == "9" || keys == "*" {
			r.Answer = keys
		}
		return r, true
	case said != "":
		r.Answer, r.Text = said, said
	default:
		r.Answer = keys
	}
	return r, r.Answer != ""
}

// recorded reads that a recording can be fetched: of an answer, or, without a
// question, of a talk with a person
// (https://www.twilio.com/docs/voice/api/recording#recordingstatuscallback).
func recorded(r channels.Report, form, _ url.Values) (channels.Report, bool) {
	r.Kind, r.Recording = channels.ReportRecorded, form.Get("RecordingSid")
	r.Duration = lasted(form.Get("RecordingDuration"))
	r.Key = r.ProviderID + "/" + r.Recording
	if began, err := time.Parse(time.RFC1123Z, form.Get("RecordingStartTime")); err == nil {
		r.At = began.UTC()
	}
	return r, form.Get("RecordingStatus") == "completed" && r.Recording != ""
}

// transcribed reads the words of a recorded answer.
func transcribed(r channels.Report, form, _ url.Values) (channels.Report, bool) {
	r.Kind, r.Text = channels.ReportAnswered, strings.TrimSpace(form.Get("TranscriptionText"))
	r.Key = r.ProviderID + "/" + form.Get("TranscriptionSid")
	return r, form.Get("TranscriptionStatus") == "completed" && r.Text != ""
}

// transferred reads what became of putting the customer through.
func transferred(r channels.Report, form, query url.Values) (channels.Report, bool) {
	status := form.Get("DialCallStatus")
	r.Kind, r.Key = channels.ReportTransferred, r.ProviderID+"/dialled"
	if reached(status) {
		r.Duration = lasted(form.Get("DialCallDuration"))
	} else {
		r.Reason = strings.ReplaceAll(status, "-", "_")
	}
	return r, query.Has(inDialled) && status != ""
}

// lasted reads a length in whole seconds.
func lasted(seconds string) time.Duration {
	n, err := strconv.ParseUint(seconds, 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}

// progressed reads the status of a call
// (https://www.twilio.com/docs/voice/api/call-resource#call-status-values).
// in-progress says only that somebody or something picked up, so a call counts
// as delivered when it has ended well. That a call has ended during a turn, as
// when somebody hangs up while they are recorded, is told again with its length.
func progressed(r channels.Report, form, query url.Values) (channels.Report, bool) {
	status := form.Get("CallStatus")
	if query.Has(inQuestion) && status != "in-progress" {
		return r, false
	}
	r.Key, r.Question = r.ProviderID+"/"+status, ""
	switch status {
	case "queued", "initiated", "ringing", "in-progress":
		r.Kind = channels.ReportSent
	case "completed":
		r.Kind = channels.ReportDelivered
		r.Duration = lasted(form.Get("CallDuration"))
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
