package campaigns

import (
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// prefer keeps what a customer chose on the preferences page. A No to the
// message that led there counts as its unsubscribe.
func (h *hearing) prefer() {
	r, d := h.report, h.delivery
	for _, choice := range r.Choices {
		h.means.Consents = append(h.means.Consents, customers.Consent{
			Customer: d.Customer, Topic: choice.Topic, Channel: choice.Channel, In: choice.In, At: r.At, Source: customers.ByPreferences,
		})
		if d.ID != 0 && choice == (channels.Choice{Topic: d.Topic, Channel: d.Channel}) {
			h.means.Progress = &deliveries.Progress{ID: d.ID, Status: deliveries.Unsubscribed, At: r.At}
		}
	}
}

// disown blocks an address that is not the customer's, and lets a person look
// for the right one. An address that the customer has moved away from since
// needs no block.
func (h *hearing) disown() {
	switch {
	case h.report.From == "":
	case h.report.Channel == channels.Push:
		h.means.GoneEndpoint = h.report.From
	default:
		h.suppress(channels.ReasonNotTheirs)
	}
	h.openCase("not_theirs", CaseRule{Note: "Whoever got this message says they are not the customer. " +
		"The address is blocked. Ask the customer for the right one by another way."}, customers.High, "Reached somebody else: ")
}
