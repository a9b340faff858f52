package webhooks

import (
	"net/http"
	"net/url"

	"rapport/channels"
)

// notMePage asks whoever got a message whether it was not meant for them. They
// see nothing of the customer whom it was meant for.
func (d *Doors) notMePage(w http.ResponseWriter, r *http.Request, g guest) {
	d.show(w, r, g, http.StatusOK, "notme", "notme_title", nil)
}

// notMe takes their word: the address is the customer's no more.
func (d *Doors) notMe(w http.ResponseWriter, r *http.Request, g guest) {
	if _, ok := d.form(w, r, g); !ok {
		return
	}
	said := url.Values{}
	if from := d.markedAddress(g); from != "" {
		said.Set("from", from)
		said.Set("also", string(twin[g.delivery.Channel]))
	}
	if d.wish(w, r, g, said) {
		d.show(w, r, g, http.StatusOK, "said", "disowned_title", g.speech.W["disowned_body"])
	}
}

// twin is the other channel that goes to the same number.
var twin = map[channels.Channel]channels.Channel{channels.SMS: channels.Call, channels.Call: channels.SMS}

// markedAddress is the customer's address that the link was made for; "" where
// they have another by now.
func (d *Doors) markedAddress(g guest) string {
	if g.customer == nil {
		return ""
	}
	at := []string{g.customer.Address(g.delivery.Channel)}
	if g.delivery.Channel == channels.Push {
		for _, browser := range g.customer.Browsers {
			at = append(at, browser.Endpoint)
		}
	}
	for _, address := range at {
		if address != "" && d.Addresses.Signer.Marks(g.token.Number, address) {
			return address
		}
	}
	return ""
}
