package webhooks

import (
	"net/http"
	"net/url"

	"rapport/channels"
	"rapport/deliveries"
)

// voice tells a call what to say next. The first fetch of an attempt's script
// claims it: a second call for the same attempt hears nothing and hangs up.
func (d *Doors) voice(w http.ResponseWriter, r *http.Request) {
	token, err := d.Addresses.Signer.Open(deliveries.CallScript, r.PathValue("token"))
	if err != nil || d.Talker == nil {
		http.NotFound(w, r)
		return
	}
	callback, ok := d.accept(w, r, TwilioCall)
	if !ok {
		return
	}
	form, err := url.ParseQuery(string(callback.Body))
	if err != nil {
		http.Error(w, "a form is wanted", http.StatusBadRequest)
		return
	}
	mine, delivery, err := d.Record.Fetched(r.Context(), token.Delivery, int(token.Number), form.Get("CallSid"), d.Now())
	if err != nil {
		d.Log.Error("a call's script could not be claimed", "delivery", token.Delivery, "error", err)
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	reply := d.Talker.HangUp()
	if mine && delivery.Content != nil && delivery.Content.Call != nil {
		self := d.Addresses.CallScript(token.Delivery, int(token.Number))
		if reply, err = d.Talker.Talk(delivery.Content.Call.At(d.Now()), self, callback); err != nil {
			d.Log.Error("a call could not go on", "delivery", token.Delivery, "error", err)
			reply = d.Talker.HangUp()
		}
	}
	answer(w, reply)
}

func answer(w http.ResponseWriter, reply channels.Reply) {
	w.Header().Set("Content-Type", reply.ContentType)
	_, _ = w.Write(reply.Body) // a caller that hung up hears nothing more
}
