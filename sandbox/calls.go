package sandbox

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rapport/channels"
)

// phoneCall is one call under way.
type phoneCall struct {
	*record
	script       string // Url, or "" where the request brings its TwiML along
	scriptMethod string
	twiml        string
	callback     string
	method       string
	events       []string
	detection    string // MachineDetection
	async        string // where an asynchronous detection reports
	chance       chance
	person       person
	sequence     int
}

// placeCall is POST Calls.json.
func (s *Sandbox) placeCall(w http.ResponseWriter, r *http.Request, form url.Values) {
	s.tally.requests.Add(1)
	if refused := faultyCall(form); refused != nil {
		refused.write(w)
		return
	}
	to := form.Get("To")
	c := s.ordinals.next(s.chance(string(channels.Call), to))
	s.accept(w, r, channels.Call, c, func() (Accepted, answer, *story) {
		now := s.now()
		call := &phoneCall{
			record: &record{
				sid: "CA" + s.sid(c, "call"), from: form.Get("From"), to: to,
				created: now, updated: now, status: "queued", shown: s.showCall,
			},
			script: form.Get("Url"), scriptMethod: method(form.Get("Method")), twiml: form.Get("Twiml"),
			callback: form.Get("StatusCallback"), method: method(form.Get("StatusCallbackMethod")), events: form["StatusCallbackEvent"],
			detection: form.Get("MachineDetection"), chance: c, person: s.person(to),
		}
		if form.Get("AsyncAmd") == "true" {
			call.async = form.Get("AsyncAmdStatusCallback")
		}
		s.calls.add(call.record)
		line := Accepted{
			At: now, Channel: channels.Call, ProviderID: call.sid, To: to,
			StatusURL: call.callback, Token: lastSegment(call.callback),
		}
		return line, saying(http.StatusCreated, s.showCall(call.record)), &story{key: c, acts: s.disturb(c, s.ring(call, ringLimit(form)))}
	})
}

// faultyCall refuses what Twilio refuses; nil when the request is in order.
func faultyCall(form url.Values) *answer {
	refuse := func(code int, message string) *answer {
		a := twilioRefusal(http.StatusBadRequest, code, message)
		return &a
	}
	to, from, script := form.Get("To"), form.Get("From"), form.Get("Url")
	switch {
	case to == "":
		return refuse(21201, "No 'To' number is specified")
	case from == "":
		return refuse(21213, "No 'From' number is specified")
	case !isE164(to):
		a := invalidTo(to)
		return &a
	case !isE164(from):
		return refuse(21212, "The 'From' number "+from+" is not a valid phone number.")
	case script == "" && form.Get("Twiml") == "":
		return refuse(21205, "Either Url, Twiml, or ApplicationSid must be supplied.")
	case script != "" && !isCallbackURL(script):
		return refuse(21205, "Url is not a valid URL: "+script)
	}
	if callback := form.Get("StatusCallback"); callback != "" && !isCallbackURL(callback) {
		return refuse(21609, "The 'StatusCallback' URL "+callback+" is not a valid URL.")
	}
	return nil
}

func method(name string) string {
	if strings.EqualFold(name, http.MethodGet) {
		return http.MethodGet
	}
	return http.MethodPost
}

// ringLimit is how long the caller lets it ring.
func ringLimit(form url.Values) time.Duration {
	seconds, err := strconv.Atoi(form.Get("Timeout"))
	if err != nil || seconds < 1 || seconds > 600 {
		seconds = 60
	}
	return time.Duration(seconds) * time.Second
}

// ring plans a call up to the moment somebody, something or nobody answers.
func (s *Sandbox) ring(call *phoneCall, limit time.Duration) []act {
	b, c := call.person.behaviour.Call, call.chance
	ringing := call.created.Add(time.Second)
	answered := ringing.Add(min(c.wait("ringing", b.Ringing), limit))
	acts := []act{s.callStatus(call, "initiated", call.created, nil)}
	luck := c.roll("answering")
	below := func(p float64) bool { luck -= p; return luck < 0 }
	switch {
	case below(b.Fail):
		return append(acts, s.callStatus(call, "failed", ringing, url.Values{"SipResponseCode": {"404"}, "CallDuration": {"0"}, "Duration": {"0"}}))
	case below(b.Busy):
		return append(acts, s.callStatus(call, "busy", ringing, url.Values{"SipResponseCode": {"486"}, "CallDuration": {"0"}, "Duration": {"0"}}))
	}
	acts = append(acts, s.callStatus(call, "ringing", ringing, nil))
	if below(b.NoAnswer) {
		return append(acts, s.callStatus(call, "no-answer", ringing.Add(limit), url.Values{"SipResponseCode": {"487"}, "CallDuration": {"0"}, "Duration": {"0"}}))
	}
	machine := below(b.Machine)
	acts = append(acts, s.callStatus(call, "in-progress", answered, nil))
	return append(acts, act{at: answered, do: func(ctx context.Context) []act {
		talk := &conversation{sandbox: s, call: call, began: answered, machine: machine}
		talk.hold(ctx)
		ended := answered.Add(talk.length)
		seconds := strconv.Itoa(int(talk.length.Seconds()))
		minutes := strconv.Itoa(int((talk.length + time.Minute - 1) / time.Minute))
		return []act{s.callStatus(call, "completed", ended, url.Values{"CallDuration": {seconds}, "Duration": {minutes}})}
	}})
}

// statusEvents names the StatusCallbackEvent each status belongs to.
var statusEvents = map[string]string{
	"initiated": "initiated", "ringing": "ringing", "in-progress": "answered",
	"completed": "completed", "busy": "completed", "no-answer": "completed", "failed": "completed",
}

// callStatus plans one status callback of a call.
func (s *Sandbox) callStatus(call *phoneCall, status string, at time.Time, extra url.Values) act {
	wanted := statusEvents[status] == "completed" && len(call.events) == 0
	for _, event := range call.events {
		wanted = wanted || slices.Contains(strings.Fields(event), statusEvents[status])
	}
	number := call.sequence
	if wanted {
		call.sequence++
	}
	return act{at: at, report: true, do: func(ctx context.Context) []act {
		call.move(status, at)
		if !wanted || call.callback == "" {
			return nil
		}
		form := s.callForm(call, status)
		form.Set("CallbackSource", "call-progress-events")
		form.Set("SequenceNumber", strconv.Itoa(number))
		form.Set("Timestamp", at.UTC().Format(time.RFC1123Z))
		for name, values := range extra {
			form[name] = values
		}
		s.callBack(ctx, call.method, call.callback, form)
		return nil
	}}
}

// callForm is what every request about a call carries.
func (s *Sandbox) callForm(call *phoneCall, status string) url.Values {
	form := url.Values{
		"AccountSid": {s.options.Twilio.AccountSID}, "ApiVersion": {"2010-04-01"}, "CallSid": {call.sid}, "CallStatus": {status},
		"Direction": {"outbound-api"}, "From": {call.from}, "Caller": {call.from}, "To": {call.to}, "Called": {call.to},
	}
	call.mu.Lock()
	defer call.mu.Unlock()
	if call.answerer != "" {
		form.Set("AnsweredBy", call.answerer)
	}
	return form
}

// changeCall is POST Calls/{sid}.json: a call under way goes on with another
// document.
func (s *Sandbox) changeCall(w http.ResponseWriter, r *http.Request, form url.Values) {
	call, found := s.calls.find(r.PathValue("sid"))
	if !found {
		twilioRefusal(http.StatusNotFound, 20404, "The requested resource was not found").write(w)
		return
	}
	call.mu.Lock()
	under := call.status == "in-progress"
	if under {
		call.instead = form.Get("Twiml")
	}
	call.mu.Unlock()
	if !under {
		twilioRefusal(http.StatusBadRequest, 21220, "Call is not in-progress. Cannot redirect.").write(w)
		return
	}
	saying(http.StatusOK, s.showCall(call)).write(w)
}

// showCall is a call as the API shows it.
func (s *Sandbox) showCall(call *record) any {
	call.mu.Lock()
	defer call.mu.Unlock()
	path := "/2010-04-01/Accounts/" + s.options.Twilio.AccountSID + "/Calls/" + call.sid
	shown := callJSON{
		AccountSID: s.options.Twilio.AccountSID, AnsweredBy: orNull(call.answerer), APIVersion: "2010-04-01",
		DateCreated: rfc2822(call.created), DateUpdated: rfc2822(call.updated), Direction: "outbound-api",
		From: call.from, FromFormatted: call.from, To: call.to, ToFormatted: call.to,
		StartTime: rfc2822(call.sent), EndTime: rfc2822(call.ended), PriceUnit: "USD", QueueTime: "0", SID: call.sid,
		Status: call.status, URI: path + ".json",
		SubresourceURIs: map[string]string{"recordings": path + "/Recordings.json", "notifications": path + "/Notifications.json"},
	}
	if !call.ended.IsZero() {
		shown.Duration = "0"
		if !call.sent.IsZero() {
			shown.Duration = strconv.Itoa(int(call.ended.Sub(call.sent).Seconds()))
		}
	}
	return shown
}

// callJSON is Twilio's call resource.
type callJSON struct {
	AccountSID      string            `json:"account_sid"`
	AnsweredBy      any               `json:"answered_by"`
	APIVersion      string            `json:"api_version"`
	CallerName      any               `json:"caller_name"`
	DateCreated     any               `json:"date_created"`
	DateUpdated     any               `json:"date_updated"`
	Direction       string            `json:"direction"`
	Duration        any               `json:"duration"`
	EndTime         any               `json:"end_time"`
	ForwardedFrom   any               `json:"forwarded_from"`
	From            string            `json:"from"`
	FromFormatted   string            `json:"from_formatted"`
	GroupSID        any               `json:"group_sid"`
	ParentCallSID   any               `json:"parent_call_sid"`
	PhoneNumberSID  any               `json:"phone_number_sid"`
	Price           any               `json:"price"`
	PriceUnit       string            `json:"price_unit"`
	QueueTime       string            `json:"queue_time"`
	SID             string            `json:"sid"`
	StartTime       any               `json:"start_time"`
	Status          string            `json:"status"`
	SubresourceURIs map[string]string `json:"subresource_uris"`
	To              string            `json:"to"`
	ToFormatted     string            `json:"to_formatted"`
	TrunkSID        any               `json:"trunk_sid"`
	URI             string            `json:"uri"`
}
