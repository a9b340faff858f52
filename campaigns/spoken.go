package campaigns

import (
	"slices"
	"strconv"

	"rapport/campaigns/replytext"
	"rapport/channels"
	"rapport/deliveries"
)

// Understand says what words mean that are spoken at a question of a delivery's
// call. c may be nil: then the question alone says what it expects.
func (c *Campaign) Understand(d deliveries.Delivery, q channels.CallQuestion, said string) channels.Spoken {
	if wantsNoCalls(said) {
		return channels.Spoken{Stop: true}
	}
	if q.Open() {
		return channels.Spoken{}
	}
	var ask *Ask
	if step := c.StepAt(d.Step); step != nil && step.Send != nil && step.asks(d, q.ID) {
		ask = step.Send.Ask
	}
	heard, understood := hearAt(q, ask, said, scriptLanguage(d))
	if !understood {
		return channels.Spoken{}
	}
	return channels.Spoken{Key: keyOf(heard, ask)}
}

// scriptLanguage is what is spoken on a delivery's call.
func scriptLanguage(d deliveries.Delivery) replytext.Languages {
	if d.Content == nil || d.Content.Call == nil {
		return nil
	}
	return replytext.Languages{d.Content.Call.Language}
}

// wantsNoCalls reports whether words said on a call are an opt-out as a whole.
func wantsNoCalls(said string) bool {
	return replytext.ParseWish(said).Stops(channels.Call) == channels.Call
}

// asks reports whether a question of a call's script is the step's own: the one
// of its name, or the first where none has it.
func (s *Step) asks(d deliveries.Delivery, question string) bool {
	if s.Send.Ask == nil || question == "" {
		return false
	}
	script := scriptOf(d)
	named := slices.ContainsFunc(script, func(q channels.CallQuestion) bool { return q.ID == s.ID })
	return question == s.ID || !named && len(script) > 0 && script[0].ID == question
}

// scriptOf is the questions of a delivery's call; none where it has none.
func scriptOf(d deliveries.Delivery) []channels.CallQuestion {
	if d.Content == nil || d.Content.Call == nil {
		return nil
	}
	return d.Content.Call.Questions
}

// hearAt understands words at a question of a call that takes keys: as the step's
// question where it is that, else by what keys it takes. What no key could say is no
// answer: the call asks again.
func hearAt(q channels.CallQuestion, ask *Ask, said string, in replytext.Languages) (heard replytext.Reading, understood bool) {
	switch {
	case ask != nil:
		heard, understood = ask.hear(said, in)
	case q.Expect == channels.ExpectYesNo:
		heard, understood = in.YesNoAloud(said)
	default:
		heard, understood = in.ScoreAloud(said, q.Low, q.High)
	}
	return heard, understood && q.Accepts(keyOf(heard, ask))
}

// pressedAt understands keys that were pressed at a question of a call.
func pressedAt(q channels.CallQuestion, ask *Ask, keys string) (replytext.Reading, bool) {
	var in replytext.Languages
	switch {
	case !q.Accepts(keys):
		return replytext.Reading{}, false
	case ask != nil:
		return ask.read(keys, in)
	case q.Expect == channels.ExpectYesNo:
		return in.YesNo(keys)
	}
	return in.Score(keys, q.Low, q.High)
}

// keyOf is the key that says the same as an answer.
func keyOf(heard replytext.Reading, ask *Ask) string {
	switch {
	case ask != nil && ask.Scale == Choice:
		return strconv.Itoa(slices.Index(ask.Choices, heard.Choice) + 1)
	case heard.Choice == "yes":
		return "1"
	case heard.Choice == "no":
		return "2"
	case heard.Score != nil:
		return strconv.FormatFloat(*heard.Score, 'f', -1, 64)
	}
	return ""
}
