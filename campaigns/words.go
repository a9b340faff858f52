package campaigns

import (
	"cmp"
	"errors"

	"rapport/campaigns/replytext"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/templates"
)

// Words renders what a delivery says to its customer, in the customer's locale
// or the nearest there is, and says which that was. library holds the templates
// of the campaign's version, links the addresses that a template may name. The
// hours of whom a call is put through to are by the workspace's clock.
func (w *Workspace) Words(library *templates.Library, c *Campaign, t Traveller, d deliveries.Delivery, links map[string]any) (channels.Content, string, error) {
	see := w.Bindings(c, t)
	if d.Vars != nil {
		see["vars"] = d.Vars
	}
	see["links"] = links
	content, locale, err := library.Render(templates.Ref{Channel: d.Channel, Name: d.Template}, w.LocaleOf(t.Customer), see)
	if call := content.Call; err == nil && call != nil {
		w.prepare(call)
	}
	return tagged(content, w.utmFor(c, d), links), locale, err
}

// agentLetter is the e-mail that an agent's words stand in; a workspace may write its
// own.
var agentLetter = templates.Ref{Channel: channels.Email, Name: "agent-reply"}

// Letter is what a direct message says: its own words, an e-mail's in the brand's
// plainest letter.
func (w *Workspace) Letter(c *customers.Customer, d deliveries.Delivery) (channels.Content, string, error) {
	switch {
	case d.Content == nil:
		return channels.Content{}, "", errors.New("the message has no words")
	case d.Content.Email == nil:
		return *d.Content, w.LocaleOf(c), nil
	}
	see := w.Bindings(nil, Traveller{Customer: c})
	see["vars"] = map[string]any{"subject": d.Content.Email.Subject, "text": d.Content.Email.Text}
	see["links"] = map[string]any{}
	return w.Templates.Render(agentLetter, w.LocaleOf(c), see)
}

// prepare adds to a call's script what its words do not say.
func (w *Workspace) prepare(call *channels.CallScript) {
	if call.Transfer != nil {
		call.Transfer.Zone = w.zone().String()
	}
	for i := range call.Questions {
		call.Questions[i].Hints = replytext.HintsFor(call.Questions[i], call.Language)
	}
}

// LocaleOf is the language a customer is written to in: theirs, or the
// workspace's where that is not known.
func (w *Workspace) LocaleOf(c *customers.Customer) string { return cmp.Or(c.Locale, w.Locale) }

// understands is the languages in which a customer's words are read.
func (w *Workspace) understands(c *customers.Customer) replytext.Languages {
	if c == nil || c.Locale == "" {
		return replytext.Languages{w.Locale, replytext.Any}
	}
	return replytext.Languages{c.Locale, w.Locale}
}
