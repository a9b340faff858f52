package rehearsal

import (
	"slices"
	"strings"
	"time"

	"rapport/campaigns"
	"rapport/channels"
)

// usualCall is how long a call lasts that somebody takes.
const usualCall = 45 * time.Second

// Scripted is the audience that a test writes.
func Scripted(test campaigns.Test) Audience {
	return &script{cues: test.Cues, taken: map[part]int{}}
}

// script is an audience that does what a test says. Cues of the same messages
// are taken in turn, the last of them for good; a message nobody speaks of is
// delivered, and nothing else.
type script struct {
	cues  []campaigns.Cue
	taken map[part]int
}

// part is who is cued by which messages.
type part struct {
	on       campaigns.Message
	customer string
}

// Receive implements Audience.
func (s *script) Receive(m Message) []Reaction {
	cue, found := s.cue(m)
	if !found {
		return delivered(m, 0)
	}
	var reactions []Reaction
	if !slices.ContainsFunc(cue.Acts, silent) {
		reactions = delivered(m, cue.After)
	}
	for i, act := range cue.Acts {
		// One thing after the other, though a test does not say how long each
		// takes.
		after := cue.After + time.Duration(i)*time.Second
		reactions = append(reactions, reaction(m, act, after))
	}
	return reactions
}

// cue is what the test says about a message.
func (s *script) cue(m Message) (campaigns.Cue, bool) {
	for _, first := range s.cues {
		if !first.On.Is(m.Delivery, m.Step) || first.Customer != "" && first.Customer != m.Customer.ID {
			continue
		}
		same := part{first.On, first.Customer}
		var all []campaigns.Cue
		for _, cue := range s.cues {
			if (part{cue.On, cue.Customer}) == same {
				all = append(all, cue)
			}
		}
		turn := min(s.taken[same], len(all)-1)
		s.taken[same]++
		return all[turn], true
	}
	return campaigns.Cue{}, false
}

// silent reports whether an act leaves no word of a delivery before it.
func silent(act campaigns.Act) bool {
	switch act.Kind {
	case campaigns.ActIgnore, campaigns.ActBounce, campaigns.ActNoAnswer, campaigns.ActBusy, campaigns.ActMachine:
		return true
	}
	return false
}

// delivered is the word that a message arrived, at once. A call has arrived when
// it has ended, so what is said on it comes before.
func delivered(m Message, talking time.Duration) []Reaction {
	switch m.Channel {
	case channels.Call:
		report := m.Report(channels.ReportDelivered)
		report.Duration = max(usualCall, talking+10*time.Second)
		return []Reaction{{After: report.Duration, Report: report}}
	case channels.Webhook:
		return nil
	}
	return []Reaction{{Report: m.Report(channels.ReportDelivered)}}
}

// reaction words an act as the provider, or our own links, would report it.
func reaction(m Message, act campaigns.Act, after time.Duration) Reaction {
	r := Reaction{After: after}
	switch act.Kind {
	case campaigns.ActDeliver, campaigns.ActIgnore:
		return Reaction{} // nothing beside the delivery
	case campaigns.ActEvent:
		r.Event, r.Properties = act.Event, act.With
	case campaigns.ActOpen:
		r.Report = m.Report(channels.ReportOpened)
	case campaigns.ActClick:
		r.Report = m.Report(channels.ReportClicked)
		r.Report.Link = act.Link
	case campaigns.ActReply:
		r.Report = m.written(act.Text)
	case campaigns.ActAnswer:
		r.Report = m.answer(act)
	case campaigns.ActBounce:
		r.Report = m.bounced(act.Hard)
	case campaigns.ActComplain:
		r.Report = m.Report(channels.ReportComplained)
		r.Report.Suppress, r.Report.Reason = true, channels.ReasonComplained
	case campaigns.ActUnsubscribe:
		r.Report = m.stop()
	case campaigns.ActNoAnswer, campaigns.ActBusy, campaigns.ActMachine:
		r.Report = m.Report(channels.ReportFailed)
		r.Report.Reason, r.Report.Again = string(act.Kind), true
	}
	return r
}

// stop is a no, as the channel hears it: a link in an e-mail, STOP by text, a key
// at a question of a call.
func (m Message) stop() channels.Report {
	switch m.Channel {
	case channels.SMS:
		return m.written("STOP")
	case channels.Call:
		r := m.Report(channels.ReportAnswered)
		r.Question, r.Answer = m.question(), "*"
		r.From = m.Customer.Address(channels.Call)
		if r.Question != "" {
			return r
		}
	}
	return m.Report(channels.ReportUnsubscribed)
}

// written is a text of the customer's own, which names no message.
func (m Message) written(text string) channels.Report {
	r := channels.Report{Channel: m.Channel, Kind: channels.ReportReplied, From: m.Customer.Address(m.Channel), Text: text}
	if m.Channel != channels.SMS {
		r.Delivery = m.ID
	}
	return r
}

// answer is what is pressed, chosen or said: as a reply to a text, by a key on
// a call, on the page of a survey otherwise.
func (m Message) answer(act campaigns.Act) channels.Report {
	words := act.Answer
	if act.Text != "" && words != "" {
		words += ", " + act.Text
	} else if words == "" {
		words = act.Text
	}
	if m.Channel == channels.SMS && act.Question == "" {
		return m.written(words)
	}
	r := m.Report(channels.ReportAnswered)
	r.Answer, r.Text, r.Question = act.Answer, act.Text, act.Question
	if m.Channel == channels.Call && r.Question == "" && m.Content.Call != nil {
		r.Question = m.question()
	}
	if m.Channel == channels.Call && r.Text == "" && strings.Trim(r.Answer, "0123456789*#") != "" {
		r.Text = r.Answer // said, and not pressed
	}
	return r
}

// question is the id of the question of a call's script that the step asks: the
// one of its name, else the first.
func (m Message) question() string {
	asked := m.Content.Call.Questions
	if m.Step != nil && slices.ContainsFunc(asked, func(q channels.CallQuestion) bool { return q.ID == m.Step.ID }) {
		return m.Step.ID
	}
	if len(asked) > 0 {
		return asked[0].ID
	}
	return ""
}

// bounced is a message that did not reach anybody.
func (m Message) bounced(hard bool) channels.Report {
	r := m.Report(channels.ReportFailed)
	switch {
	case m.Channel == channels.Email && hard:
		r.Kind, r.Reason, r.Suppress = channels.ReportBounced, "hard", true
	case m.Channel == channels.Email:
		r.Kind, r.Reason = channels.ReportBounced, "soft"
	case m.Channel == channels.Push:
		r.Reason = channels.ReasonGone
	case hard:
		r.Reason, r.Suppress = channels.ReasonInvalidAddress, true
	default:
		r.Reason = "undelivered"
	}
	return r
}
