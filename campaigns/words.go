package campaigns

import (
	"cmp"

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
	if call := content.Call; err == nil && call != nil && call.Transfer != nil {
		call.Transfer.Zone = w.zone().String()
	}
	return content, locale, err
}

// LocaleOf is the language a customer is written to in: theirs, or the
// workspace's where that is not known.
func (w *Workspace) LocaleOf(c *customers.Customer) string { return cmp.Or(c.Locale, w.Locale) }
