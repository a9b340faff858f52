package intake

import (
	"slices"
	"strings"

	"rapport/channels"
	"rapport/customers"
)

// suppression reads an address that is not to be written to. Without any of its cells but
// the time there is nothing to take; a row without a time is as old as the file, and none
// is of later than now.
func (in *taking) suppression(r row) (customers.Suppression, bool) {
	b := customers.Suppression{
		Channel: channels.Channel(strings.ToLower(in.cell(r, "channel"))), Address: in.cell(r, "address"), Reason: strings.ToLower(in.cell(r, "reason")),
	}
	var err error
	var why string
	switch b.Channel {
	case channels.Email:
		b.Address, err = customers.NormalEmail(b.Address)
		why = "this is no e-mail address"
	case channels.SMS, channels.Call:
		b.Address, err = customers.NormalPhone(b.Address, in.Country)
		why = "this is no phone number; write it as +49…, or name the country"
	default:
		return b, in.refuse(r, "channel", "the channel is email, sms or call")
	}
	if err != nil {
		return b, in.refuse(r, "address", why)
	}
	if !slices.Contains(customers.ReasonsTold(), b.Reason) {
		return b, in.refuse(r, "reason", "the reason is one of "+strings.Join(customers.ReasonsTold(), ", "))
	}
	if text := in.cell(r, "at"); text != "" {
		at, ok := in.readDate(text, "at")
		if !ok {
			return b, in.refuse(r, "at", "this is no date")
		}
		if at.After(in.Now) {
			in.blank(r, "at", "this is after now, and counts as now; say with --dates and --zone how the file writes dates, or mend it")
		}
		b.At = earliest(at, in.Now)
	} else {
		b.At = earliest(in.file.modified, in.Now)
	}
	return b, true
}
