package call

import (
	"errors"
	"net/url"
	"strconv"

	"github.com/twilio/twilio-go/twiml"

	"rapport/channels"
	"rapport/channels/twilio"
)

const (
	// listenFor is how long, in seconds, a question waits for its answer.
	listenFor = "6"
	// recordFor is the longest recording, in seconds, where a script says none.
	recordFor = 60
)

// Talk answers one turn of a script with TwiML. Turns have no memory: the URL
// of the next one says which question its answer is for (q, from 0) and how
// often that was asked again (try).
func (s *calls) Talk(script channels.CallScript, self string, c channels.Callback) (channels.Reply, error) {
	form, query, err := twilio.Fields(c)
	if err != nil {
		return channels.Reply{}, err
	}
	address, err := url.Parse(self)
	if err != nil || address.Host == "" {
		return channels.Reply{}, errors.New("talk on a call: the script has no absolute URL")
	}
	t := turn{script: script, self: address, language: languageOf(script.Language), caller: form.Get("From")}
	switch {
	case notPerson(form) != "":
		t.leave()
	case !query.Has("q"):
		t.say(script.Say)
		t.ask(0, 0)
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
	keys          string
	words         bool // something was said or recorded
}

func heard(form, query url.Values) answer {
	// A number that cannot be read is beyond every script and ends the call.
	question, err := strconv.ParseUint(query.Get("q"), 10, 16)
	if err != nil {
		question = 1 << 16
	}
	try, _ := strconv.ParseUint(query.Get("try"), 10, 16)
	return answer{
		question: int(question), try: int(try), keys: form.Get("Digits"),
		words: form.Get("SpeechResult") != "" || form.Get("RecordingUrl") != "",
	}
}

// turn gathers what Twilio is to do until it comes back.
type turn struct {
	script   channels.CallScript
	self     *url.URL
	language string
	caller   string
	verbs    []twiml.Element
}

// hear goes on after a question: on to the next one, or the same one again.
func (t *turn) hear(a answer) {
	if a.question >= len(t.script.Questions) {
		t.end()
		return
	}
	question := t.script.Questions[a.question]
	switch {
	case question.Accepts(a.keys) && t.transfers(question, a.keys):
		t.transfer()
	case question.Accepts(a.keys), a.words && spoken(question.Expect):
		t.ask(a.question+1, 0)
	case a.try < question.Reprompt:
		t.ask(a.question, a.try+1)
	default:
		t.ask(a.question+1, 0)
	}
}

func spoken(expect channels.Expect) bool {
	return expect == channels.ExpectSpeech || expect == channels.ExpectRecord
}

// transfers reports whether an accepted answer puts the customer through.
func (t *turn) transfers(question channels.CallQuestion, keys string) bool {
	to := t.script.Transfer
	score, err := strconv.Atoi(keys)
	return err == nil && to != nil && to.Question == question.ID && score <= to.AtOrBelow
}

func (t *turn) transfer() {
	t.say(t.script.Transfer.Say)
	t.verbs = append(t.verbs, &twiml.VoiceDial{Number: t.script.Transfer.To, CallerId: t.caller})
}

// ask puts a question and comes back with the answer, or, by the redirect
// behind it, with silence.
func (t *turn) ask(index, try int) {
	if index >= len(t.script.Questions) {
		t.end()
		return
	}
	question := t.script.Questions[index]
	next := t.next(index, try)
	if question.Expect == channels.ExpectRecord {
		t.say(question.Say)
		t.verbs = append(t.verbs, &twiml.VoiceRecord{
			Action: next, Method: "POST", MaxLength: seconds(question), PlayBeep: "true", FinishOnKey: "#",
		})
	} else {
		t.verbs = append(t.verbs, t.gather(question, next))
	}
	t.verbs = append(t.verbs, &twiml.VoiceRedirect{Url: next, Method: "POST"})
}

func (t *turn) gather(question channels.CallQuestion, next string) *twiml.VoiceGather {
	gather := &twiml.VoiceGather{Action: next, Method: "POST", Timeout: listenFor, InnerElements: t.words(question.Say)}
	if question.Expect == channels.ExpectSpeech {
		gather.Input, gather.SpeechTimeout, gather.Language = "speech", "auto", t.language
		return gather
	}
	gather.Input = "dtmf"
	gather.NumDigits = strconv.Itoa(len(strconv.Itoa(max(question.High, 1))))
	return gather
}

func seconds(question channels.CallQuestion) string {
	if question.Record <= 0 {
		return strconv.Itoa(recordFor)
	}
	return strconv.Itoa(max(int(question.Record.Seconds()), 1))
}

// next is this script's URL for the turn that brings an answer.
func (t *turn) next(index, try int) string {
	address := *t.self
	query := address.Query()
	query.Set("q", strconv.Itoa(index))
	query.Set("try", strconv.Itoa(try))
	address.RawQuery = query.Encode()
	return address.String()
}

// leave speaks to a machine, or hangs up on it.
func (t *turn) leave() {
	t.say(t.script.Voicemail)
	t.verbs = append(t.verbs, &twiml.VoiceHangup{})
}

func (t *turn) end() {
	t.say(t.script.Bye)
	t.verbs = append(t.verbs, &twiml.VoiceHangup{})
}

func (t *turn) say(text string) { t.verbs = append(t.verbs, t.words(text)...) }

func (t *turn) words(text string) []twiml.Element {
	if text == "" {
		return nil
	}
	return []twiml.Element{&twiml.VoiceSay{Message: text, Voice: t.script.Voice, Language: t.language}}
}
