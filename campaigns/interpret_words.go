package campaigns

import (
	"rapport/campaigns/replytext"
	"rapport/channels"
	"rapport/customers"
)

// openWords opens a case about an answer in words, and about words or files that came
// beside a score or choice, unless they are mere thanks or the question wants none. A
// frown is no thanks. What was recorded is to be heard.
func (h *hearing) openWords(ask *Ask, heard replytext.Reading) {
	r := h.report
	recorded := ask.Scale == Text && r.Recording != "" && heard.Text == ""
	said := len(r.Media) > 0 || h.attached() || frown.MatchString(r.Text) ||
		!cheerful(heard.Text) && !replytext.Pleasantry(heard.Text)
	if ask.Quiet || !said && !recorded {
		return
	}
	var rule CaseRule
	switch {
	case ask.Scale == Text:
		rule = ask.Case
	case ask.Threshold != nil: // priority, title and note are a low score's
		rule = CaseRule{Queue: ask.Case.Queue, Due: ask.Case.Due}
	}
	h.openCase(customers.WhyReply, rule, customers.Normal, "Reply to ")
	if c := h.means.Case; recorded && c != nil && c.Note == "" {
		c.Note = "(a recording)"
	}
}

// unasked opens a case for words that no question awaits, so that a person reads
// them: a reply, or what was written on the survey's page in the place of an
// answer. A call's words are a machine's hearing. HELP by text is answered by itself,
// and read by a person where no answer goes.
func (h *hearing) unasked() {
	r := h.report
	written := r.Kind == channels.ReportReplied || r.Kind == channels.ReportAnswered && r.Channel != channels.Call
	helped := r.Answered && h.callsForHelp()
	if !written || helped || h.saysNothing() {
		return
	}
	h.openReply()
	if h.means.Reply != nil {
		h.means.Case, h.means.Unanswered = nil, h.means.Case
	}
}

// callsForHelp reports whether HELP is all that was written, which answers no question
// that is asked in words.
func (h *hearing) callsForHelp() bool {
	return h.report.Channel != channels.Call && replytext.ParseWish(h.report.Text) == replytext.Help
}

// openReply opens a case about what somebody wrote or said. Words in the place of a
// score are as urgent as a low one, and go where such scores go.
func (h *hearing) openReply() {
	what := "Reply to "
	if h.customer != nil && h.customer.Kind == Stranger {
		what = "Somebody we do not know writes to "
	}
	var rule CaseRule
	if h.step != nil && h.step.Send.Ask != nil && h.step.Send.Ask.Threshold != nil {
		low := h.step.Send.Ask.Case // whose title and note may speak of a score
		rule = CaseRule{Queue: low.Queue, Priority: low.Priority, Due: low.Due}
	}
	h.openCase(customers.WhyReply, rule, customers.Normal, what)
}
