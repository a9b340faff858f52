package sandbox

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// conversation is one answered call, from the first fetch of its script to the
// end. Its time is the call's own: it is held whole at the instant it begins.
type conversation struct {
	sandbox *Sandbox
	call    *phoneCall
	began   time.Time
	machine bool
	length  time.Duration
	at      string // the URL of the document being performed
	turns   int
	over    bool
	later   []func() // what Twilio tells when the call is over
}

const (
	// maxTurns ends a script that never does.
	maxTurns = 60
	// perWord is how long a voice takes for a word.
	perWord = 400 * time.Millisecond
	// thinking is how long a person takes to press a key.
	thinking = 3 * time.Second
	// greeting is how long a machine speaks before its beep.
	greeting = 12 * time.Second
)

// hold holds the conversation.
func (t *conversation) hold(ctx context.Context) {
	defer func() {
		for _, tell := range t.later {
			tell()
		}
	}()
	if t.call.async == "" {
		t.detect(ctx)
	}
	if t.call.script == "" {
		t.perform(ctx, []byte(t.call.twiml))
		return
	}
	t.fetch(ctx, t.call.scriptMethod, t.call.script, nil)
}

// detect is Twilio's answering machine detection, where the caller asked for it.
// Beside the call it may bring another document.
func (t *conversation) detect(ctx context.Context) (instead string) {
	if t.call.detection == "" {
		return ""
	}
	by := "human"
	if t.machine {
		by = "machine_start"
		if strings.EqualFold(t.call.detection, "DetectMessageEnd") {
			by, t.length = "machine_end_beep", greeting
		}
	}
	if t.call.async != "" {
		form := t.sandbox.callForm(t.call, "")
		form.Del("CallStatus")
		form.Set("AnsweredBy", by)
		form.Set("MachineDetectionDuration", "3500")
		t.sandbox.callBack(ctx, http.MethodPost, t.call.async, form)
	} else {
		t.length += 3500 * time.Millisecond
	}
	t.call.mu.Lock()
	defer t.call.mu.Unlock()
	t.call.answerer = by
	return t.call.instead
}

// fetch asks the caller what to do next, with what was heard, and does it.
func (t *conversation) fetch(ctx context.Context, method, target string, heard url.Values) {
	t.turns++
	if t.turns > maxTurns {
		t.sandbox.tally.fail("call script: it does not end")
		t.over = true
		return
	}
	t.at = target
	form := t.sandbox.callForm(t.call, "in-progress")
	for name, values := range heard {
		form[name] = values
	}
	document := t.sandbox.callBack(ctx, method, target, form)
	if !document.ok() {
		t.over = true
		return
	}
	if t.turns == 1 && t.call.async != "" {
		if instead := t.detect(ctx); instead != "" {
			document.body = []byte(instead)
		}
	}
	t.perform(ctx, document.body)
}

// perform does what a document says, verb by verb, until one leads elsewhere.
func (t *conversation) perform(ctx context.Context, document []byte) {
	verbs, err := readTwiML(document)
	if err != nil {
		t.sandbox.tally.fail("call script: " + errTwiML.Error())
		t.over = true
		return
	}
	for _, v := range verbs {
		if t.do(ctx, v); t.over {
			return
		}
	}
	t.over = true // nothing more to do: Twilio hangs up
}

// do performs one verb. When it leads to another document the rest of this one
// is never reached, and over is set on return.
func (t *conversation) do(ctx context.Context, v verb) {
	switch v.name {
	case "Say", "Play":
		t.listen(v.text)
	case "Pause":
		t.length += seconds(v.attr["length"], 1)
	case "Gather":
		t.gather(ctx, v)
	case "Record":
		t.record(ctx, v)
	case "Dial":
		t.dial(ctx, v)
	case "Redirect":
		t.fetch(ctx, method(v.attr["method"]), t.resolve(v.text), nil)
		t.over = true
	case "Hangup", "Reject", "Leave":
		t.over = true
	}
}

// listen is the time words take.
func (t *conversation) listen(words string) {
	t.length += time.Duration(len(strings.Fields(words))) * perWord
}

// gather asks for keys or words.
func (t *conversation) gather(ctx context.Context, v verb) {
	t.listen(v.text)
	heard := url.Values{}
	if !t.machine {
		heard = t.reply(v)
	}
	if t.over {
		return
	}
	if len(heard) == 0 {
		t.length += seconds(v.attr["timeout"], 5)
		if v.attr["actionOnEmptyResult"] != "true" {
			return
		}
	}
	t.length += thinking
	t.fetch(ctx, method(v.attr["method"]), t.resolve(v.attr["action"]), heard)
	t.over = true
}

// reply is what the person presses or says; nothing where they keep silent.
func (t *conversation) reply(v verb) url.Values {
	c, who := t.call.chance.nth(t.turns), t.call.person
	b := who.behaviour.Call
	switch {
	case c.happens("hang up", b.HangUp):
		t.over = true
		return nil
	case c.happens("silence", b.Silence):
		return nil
	}
	input := v.attr["input"]
	speech, keys := strings.Contains(input, "speech"), input == "" || strings.Contains(input, "dtmf")
	if keys && c.happens("stop", b.Stop) {
		return url.Values{"Digits": {stopKey(v)}, "FinishedOnKey": {""}}
	}
	if open := v.attr["profanityFilter"] == "false"; speech && (!keys || open) { // every word is wanted
		return url.Values{"SpeechResult": {who.comment(c)}, "Confidence": {"0.93"}, "Language": {v.attr["language"]}}
	}
	low, high := scaleIn(v.text)
	key := who.score(c, low, high)
	if low == 1 && high == 2 { // one for yes
		key = 2 - who.score(c, 0, 1)
	}
	if c.happens("mistake", b.Mistake) {
		key = (high + 1) % 9
	}
	if hints := strings.Split(v.attr["hints"], ","); speech && low <= key && key-low < len(hints) && c.happens("speak", b.Speak) {
		return url.Values{"SpeechResult": {hints[key-low]}, "Confidence": {"0.9"}, "Language": {v.attr["language"]}}
	}
	return url.Values{"Digits": {strconv.Itoa(key)}, "FinishedOnKey": {""}}
}

// stopKey is the key that the words of a question name for no more calls: the
// star where nine is a score.
func stopKey(v verb) string {
	if v.attr["numDigits"] == "1" {
		return "9"
	}
	return "*"
}

// resolve reads a URL of a document, relative to the document's own; an empty
// one is the document's own.
func (t *conversation) resolve(target string) string {
	base, err := url.Parse(t.at)
	if err != nil {
		return target
	}
	if target == "" {
		return t.at
	}
	resolved, err := base.Parse(target)
	if err != nil {
		return target
	}
	return resolved.String()
}

// seconds reads an attribute; usual where there is none.
func seconds(text string, usual int) time.Duration {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		n = usual
	}
	return time.Duration(n) * time.Second
}
