package call

import (
	"errors"
	"net/url"
	"strconv"

	"github.com/twilio/twilio-go/twiml"

	"rapport/channels"
	"rapport/channels/twilio"
)

// What the URL of a turn says about it. Turns have no memory.
const (
	inQuestion = "q"       // the question that the turn brings an answer to, from 0
	inTry      = "try"     // how often that was asked again
	inDialled  = "dialled" // the turn comes back from a person
)

// Talk implements channels.Talker with TwiML.
func (s *calls) Talk(now channels.CallTurn) (channels.Reply, error) {
	form, query, err := twilio.Fields(now.Callback)
	if err != nil {
		return channels.Reply{}, err
	}
	self, err := url.Parse(now.Self)
	if err != nil || self.Host == "" {
		return channels.Reply{}, errors.New("talk on a call: the script has no absolute URL")
	}
	t := turn{CallTurn: now, self: self, tongue: tongueOf(now.Script.Language), caller: form.Get("From"), transcribe: s.transcribe}
	switch {
	case notPerson(form) != "":
		t.leave()
	case !query.Has(inQuestion):
		t.say(now.Script.Say)
		t.ask(0, 0)
	case query.Has(inDialled):
		t.dialled(form.Get("DialCallStatus"))
	default:
		t.hear(heard(form, query))
	}
	return t.reply()
}

// HangUp ends a call without a word.
func (s *calls) HangUp() channels.Reply {
	reply, err := (&turn{verbs: []twiml.Element{&twiml.VoiceHangup{}}}).reply()
	if err != nil {
		return channels.Reply{ContentType: contentType, Body: []byte("<Response><Hangup/></Response>")}
	}
	return reply
}

// answer is what the callback of a turn brought.
type answer struct {
	question, try int
	keys, said    string
	recorded      bool
}

func heard(form, query url.Values) answer {
	// A number that cannot be read is beyond every script and ends the call.
	question, err := strconv.ParseUint(query.Get(inQuestion), 10, 16)
	if err != nil {
		question = 1 << 16
	}
	try, _ := strconv.ParseUint(query.Get(inTry), 10, 16)
	return answer{
		question: int(question), try: int(try), keys: form.Get("Digits"), said: form.Get("SpeechResult"),
		recorded: form.Get("RecordingUrl") != "",
	}
}

// turn gathers what Twilio is to do until it comes back.
type turn struct {
	channels.CallTurn
	self       *url.URL
	tongue     tongue
	caller     string
	transcribe bool
	verbs      []twiml.Element
}

// hear goes on after a question: on to the next one, or the same one again.
func (t *turn) hear(a answer) {
	if a.question >= len(t.Script.Questions) {
		t.end()
		return
	}
	question := t.Script.Questions[a.question]
	spoken := t.understand(question, a.said)
	key := a.keys
	if key == "" {
		key = spoken.Key
	}
	switch {
	case question.Stops(a.keys), spoken.Stop:
		t.stop()
	case question.Accepts(key) && t.transfers(question, key):
		t.transfer(a.question)
	case question.Accepts(key), question.Open() && (a.said != "" || a.recorded):
		t.ask(a.question+1, 0)
	case a.try < question.Reprompt:
		t.ask(a.question, a.try+1)
	default:
		t.ask(a.question+1, 0)
	}
}

func (t *turn) understand(question channels.CallQuestion, said string) channels.Spoken {
	if said == "" || t.Understand == nil {
		return channels.Spoken{}
	}
	return t.Understand(question, said)
}

// transfers reports whether an accepted answer puts the customer through.
func (t *turn) transfers(question channels.CallQuestion, key string) bool {
	to := t.Script.Transfer
	score, err := strconv.Atoi(key)
	return err == nil && to != nil && to.Question == question.ID && score <= to.AtOrBelow
}

// ask puts a question and comes back with the answer, or, by the redirect
// behind it, with silence.
func (t *turn) ask(index, try int) {
	if index >= len(t.Script.Questions) {
		t.end()
		return
	}
	question := t.Script.Questions[index]
	words := t.words(question.Say)
	if index == 0 && try == 0 {
		words = append(t.words(t.Script.Stop), words...)
	}
	next := t.next(index, try)
	if question.Expect == channels.ExpectRecord {
		t.verbs = append(append(t.verbs, words...), t.record(question, index, next))
	} else {
		t.verbs = append(t.verbs, t.gather(question, words, next))
	}
	t.verbs = append(t.verbs, &twiml.VoiceRedirect{Url: next, Method: "POST"})
}

// next is this script's URL for the turn that brings an answer.
func (t *turn) next(index, try int) string {
	return with(t.self, inQuestion, strconv.Itoa(index), inTry, strconv.Itoa(try))
}

// with is an address with names and values added to its query.
func with(address *url.URL, pairs ...string) string {
	to := *address
	query := to.Query()
	for i := 0; i+1 < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	to.RawQuery = query.Encode()
	return to.String()
}

// leave speaks to a machine, or hangs up on it.
func (t *turn) leave() {
	t.say(t.Script.Voicemail)
	t.verbs = append(t.verbs, &twiml.VoiceHangup{})
}

func (t *turn) end() {
	t.say(t.Script.Bye)
	t.verbs = append(t.verbs, &twiml.VoiceHangup{})
}

// stop takes leave of somebody who will not be called again.
func (t *turn) stop() {
	t.say(t.Script.Stopped)
	t.verbs = append(t.verbs, &twiml.VoiceHangup{})
}

func (t *turn) say(text string) { t.verbs = append(t.verbs, t.words(text)...) }

func (t *turn) words(text string) []twiml.Element {
	if text == "" {
		return nil
	}
	return []twiml.Element{&twiml.VoiceSay{Message: text, Voice: t.Script.Voice, Language: t.tongue.say}}
}
