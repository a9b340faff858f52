package templates

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"rapport/channels"
)

// Limits of a call.
const (
	maxReprompts = 5
	maxRecording = 5 * time.Minute
	maxRinging   = 2 * time.Minute
)

// call is a call's script.
type call struct {
	say, bye, voicemail *Line
	stop, stopped, late *Line // nil says what is usual in the language
	questions           []question
	transfer            *transfer
	language            string
}

type question struct {
	channels.CallQuestion
	say *Line
}

type transfer struct {
	channels.Transfer
	to, say, sorry *Line
}

func (c *call) render(b Bindings) (channels.Content, error) {
	out := &channels.CallScript{Language: c.language}
	var err error
	speak := func(part string, line *Line) string {
		if err != nil || line == nil {
			return ""
		}
		text, failed := line.program.render(b)
		if failed != nil {
			err = inPart(part, failed)
		}
		return oneLine(text)
	}
	out.Say, out.Bye, out.Voicemail = speak("say", c.say), speak("bye", c.bye), speak("voicemail", c.voicemail)
	for _, q := range c.questions {
		asked := q.CallQuestion
		asked.Say = speak("question "+q.ID, q.say)
		out.Questions = append(out.Questions, asked)
	}
	or := func(part string, line *Line, usual string) string {
		if line == nil {
			return usual
		}
		return speak(part, line)
	}
	usual := phrasesIn(c.language)
	out.Stop, out.Stopped = or("stop", c.stop, usual.stopFor(out.Questions)), or("stopped", c.stopped, usual.stopped)
	out.Late = or("late", c.late, usual.late)
	if c.transfer != nil {
		to := c.transfer.Transfer
		to.To, to.Say = speak("transfer", c.transfer.to), speak("transfer", c.transfer.say)
		to.Sorry = or("transfer", c.transfer.sorry, usual.nobodyIsThere)
		if err == nil && !e164.MatchString(to.To) {
			err = inPart("transfer", errNumber)
		}
		out.Transfer = &to
	}
	if err != nil {
		return channels.Content{}, err
	}
	return channels.Content{Call: out}, nil
}

// call reads a call's script.
func (b *builder) call(src *source, locale string) (body, []Field) {
	before := b.found.met
	s, root := readSheet(src, src.text, b.found)
	r := lineReader{builder: b, sheet: s}
	keys, told := s.mappingWith(root, "say", "say", "ask", "transfer", "bye", "voicemail", "stop", "stopped", "late")
	c := &call{say: r.line(keys["say"]), bye: r.line(keys["bye"]), voicemail: r.lineOr(keys["voicemail"], "hang_up"), language: locale}
	c.stop, c.stopped, c.late = r.lineIf(keys["stop"], "unsaid"), r.lineIf(keys["stopped"], ""), r.lineIf(keys["late"], "")
	for _, n := range s.list(keys["ask"]) {
		q := r.question(n)
		if slices.ContainsFunc(c.questions, func(other question) bool { return other.ID == q.ID }) {
			b.found.at(s.at(n), "give it another id", "there is a question %s already", q.ID)
		}
		c.questions = append(c.questions, q)
	}
	if e := keys["transfer"]; e.node != nil {
		c.transfer = r.transfer(e.node, c.questions)
	}
	if keys["say"].node == nil && len(c.questions) == 0 && !s.unread && !told {
		b.found.at(origin{src: src}, "add say: … or ask: …", "the call says nothing")
	}
	if b.found.met > before {
		return nil, r.fields
	}
	return c, r.fields
}

// lineOr reads words, or the one word that leaves them unsaid, as nothing does.
func (r *lineReader) lineOr(e entry, unsaid string) *Line {
	if e.node == nil || r.sheet.text(e).text == unsaid {
		return &Line{program: &program{}}
	}
	return r.line(e)
}

// lineIf is lineOr where nothing leaves it to what is usual: nil.
func (r *lineReader) lineIf(e entry, unsaid string) *Line {
	if e.node == nil {
		return nil
	}
	return r.lineOr(e, unsaid)
}

var digits = regexp.MustCompile(`^digits ([0-9])-([0-9]|10)$`)

// question reads {id, say, expect or record, reprompt}.
func (r *lineReader) question(n ast.Node) question {
	s := r.sheet
	keys := s.mapping(n, "id", "say", "expect", "record", "reprompt")
	q := question{say: r.line(keys["say"])}
	q.ID = s.text(keys["id"]).text
	q.Reprompt = s.number(keys["reprompt"], 0, maxReprompts)
	if !templateName.MatchString(q.ID) {
		r.found.at(s.at(n), "write for example id: csat", "a question needs an id of small letters, digits and hyphens")
	}
	if keys["say"].node == nil {
		r.found.at(s.at(n), "add say: …", "the question asks nothing")
	}
	expect, record := keys["expect"], keys["record"]
	switch {
	case (expect.node == nil) == (record.node == nil):
		r.found.at(s.at(n), "write expect: digits 1-5, yes_no or speech, or record: 60s", "a question has either expect or record")
	case record.node != nil:
		q.Expect, q.Record = channels.ExpectRecord, s.duration(record, maxRecording)
	default:
		r.expect(&q, s.text(expect))
	}
	return q
}

// expect reads digits a-b, yes_no or speech.
func (r *lineReader) expect(q *question, w words) {
	switch channels.Expect(w.text) {
	case channels.ExpectYesNo, channels.ExpectSpeech:
		q.Expect = channels.Expect(w.text)
		return
	}
	keys := digits.FindStringSubmatch(w.text)
	if keys == nil {
		r.found.at(w.at, "write digits 1-5, yes_no or speech", "unknown answer %q", w.text)
		return
	}
	q.Expect = channels.ExpectDigits
	q.Low, _ = strconv.Atoi(keys[1])
	q.High, _ = strconv.Atoi(keys[2])
	if q.Low > q.High {
		r.found.at(w.at, "write the smaller number first", "no number is from %d to %d", q.Low, q.High)
	}
}

var (
	transferWhen = regexp.MustCompile(`^answers\.([a-z0-9_-]+)\.score\s*(<=|<)\s*([0-9]|10)$`)
	e164         = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
)

var errNumber = errors.New("its number is not one with + and the country's code")

// transfer reads {when, to, say, hours, ring, sorry, record}.
func (r *lineReader) transfer(n ast.Node, questions []question) *transfer {
	s := r.sheet
	keys := s.mapping(n, "when", "to", "say", "hours", "ring", "sorry", "record")
	t := &transfer{to: r.line(keys["to"]), say: r.line(keys["say"]), sorry: r.lineIf(keys["sorry"], "")}
	t.Hours, t.Ring = s.hours(keys["hours"]), s.duration(keys["ring"], maxRinging)
	t.Record = s.yes(keys["record"])
	if to := s.text(keys["to"]); to.text == "" || !strings.Contains(to.text, "{{") && !e164.MatchString(to.text) {
		r.found.at(to.at, `write for example to: "+493012345678"`, "the transfer goes to no number")
	}
	when := s.text(keys["when"])
	parts := transferWhen.FindStringSubmatch(strings.TrimSpace(when.text))
	if parts == nil {
		r.found.at(when.at, "write for example when: answers.csat.score <= 2", "the transfer does not say after which answer")
		return t
	}
	t.Question = parts[1]
	t.AtOrBelow, _ = strconv.Atoi(parts[3])
	if parts[2] == "<" {
		t.AtOrBelow--
	}
	r.checkAsked(t.Question, when, questions)
	return t
}

var hoursForm = regexp.MustCompile(`^([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00))$`)

// hours reads spans of the day such as ["09:00-18:00"].
func (s *sheet) hours(e entry) []channels.Hours {
	var all []channels.Hours
	for _, n := range s.list(e) {
		text := s.text(entry{node: n, at: s.at(n)}).text
		parts := hoursForm.FindStringSubmatch(text)
		if parts == nil {
			s.found.at(s.at(n), "write for example 09:00-18:00", "%q is not a span of hours", text)
			continue
		}
		span := channels.Hours{From: minutes(parts[1], parts[2]), To: minutes(parts[3]+parts[5], parts[4]+parts[6])}
		if span.From == span.To {
			s.found.at(s.at(n), "write for example 09:00-18:00", "%q ends when it begins", text)
		}
		all = append(all, span)
	}
	if e.node != nil && len(all) == 0 {
		s.found.at(e.at, "leave it out where somebody is always there", "the transfer has no hours")
	}
	return all
}

// minutes since midnight, of an hour and a minute in digits.
func minutes(hour, minute string) int {
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	return h*60 + m
}

// checkAsked makes sure that a transfer waits for an answer that can come.
func (r *lineReader) checkAsked(id string, when words, questions []question) {
	var ids []string
	for _, q := range questions {
		if q.ID == id && (q.Expect == channels.ExpectDigits || q.Expect == channels.ExpectYesNo) {
			return
		}
		ids = append(ids, q.ID)
	}
	r.found.at(when.at, didYouMean(id, ids), "the script asks no question %s that is answered by a key", id)
}
