package webhooks

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"rapport/campaigns"
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
		reply = d.speak(r.Context(), delivery, token, callback, r.URL.RawQuery == "")
	}
	answer(w, reply)
}

// speak answers one turn. At the first one the call may have come too late.
func (d *Doors) speak(ctx context.Context, delivery deliveries.Delivery, token deliveries.Token, callback channels.Callback, first bool) channels.Reply {
	now := d.Now()
	turn := d.turn(delivery, token, callback)
	turn.Script = turn.Script.At(now)
	campaign := d.campaignOf(ctx, delivery)
	turn.Understand = func(q channels.CallQuestion, said string) channels.Spoken {
		return campaign.Understand(delivery, q, said)
	}
	if first && d.tooLate(ctx, campaign, delivery, now) {
		turn.Script = turn.Script.Apology()
	}
	reply, err := d.Talker.Talk(turn)
	if err != nil {
		d.Log.Error("a call could not go on", "delivery", delivery.ID, "error", err)
		return d.Talker.HangUp()
	}
	return reply
}

func (d *Doors) turn(delivery deliveries.Delivery, token deliveries.Token, callback channels.Callback) channels.CallTurn {
	return channels.CallTurn{
		Script: *delivery.Content.Call, Callback: callback,
		Self:   d.Addresses.CallScript(token.Delivery, int(token.Number)),
		Status: d.Addresses.CallStatus(token.Delivery, int(token.Number)),
	}
}

// campaignOf is a delivery's campaign in its version; nil where it cannot be
// read, which must not end a call.
func (d *Doors) campaignOf(ctx context.Context, delivery deliveries.Delivery) *campaigns.Campaign {
	edition, err := d.Catalog.Edition(ctx, delivery.Campaign, delivery.Version)
	if err != nil {
		d.Log.Warn("the campaign of a call cannot be read", "delivery", delivery.ID, "campaign", delivery.Campaign, "error", err)
		return nil
	}
	return edition.Campaigns[delivery.Campaign]
}

// tooLate reports whether a call that waited at the provider is answered outside
// the customer's hours, and plans it anew for the next that fit. It goes on where
// that cannot be found out: somebody is on the phone.
func (d *Doors) tooLate(ctx context.Context, campaign *campaigns.Campaign, delivery deliveries.Delivery, now time.Time) bool {
	edition, err := d.Catalog.Current(ctx)
	if err != nil || campaign == nil {
		return false
	}
	people, err := d.Directory.Load(ctx, []string{delivery.Customer}, now)
	customer := people[delivery.Customer]
	if err != nil || customer == nil {
		return false
	}
	next, outside := edition.OutsideHours(campaign, delivery, customer, now)
	if !outside {
		return false
	}
	late := deliveries.Progress{
		ID: delivery.ID, Status: deliveries.Planned, Reason: string(deliveries.QuietHoursExpired),
		ProviderID: delivery.ProviderID, At: now, DueAt: next,
	}
	if next.IsZero() {
		late.Status = deliveries.Failed
	}
	if err := d.Record.Advance(ctx, now, []deliveries.Progress{late}); err != nil {
		d.Log.Error("a call that came too late could not be planned anew", "delivery", delivery.ID, "error", err)
	}
	d.Log.Warn("a call waited at the provider until it was too late for it", "delivery", delivery.ID, "again", next)
	return true
}

// callStatus takes word of a call. Where it says that a machine took the call,
// the call goes on with what is for machines, at once: a tape is running.
func (d *Doors) callStatus(w http.ResponseWriter, r *http.Request) {
	callback, ok := d.accept(w, r, TwilioCall)
	if !ok {
		return
	}
	w.WriteHeader(http.StatusNoContent)
	if d.Talker == nil {
		return
	}
	call, machine := d.Talker.Machine(callback)
	token, named := d.Addresses.Named(callback.URL)
	if !machine || !named {
		return
	}
	if err := d.tellMachine(r.Context(), call, token, callback); err != nil {
		d.Log.Warn("a machine took a call and could not be told so", "delivery", token.Delivery, "error", err)
	}
}

// tellMachine leaves words on a machine, or hangs up on it. A call on which
// somebody has answered a question is a person's, whatever detection believes.
func (d *Doors) tellMachine(ctx context.Context, call string, token deliveries.Token, callback channels.Callback) error {
	known, err := d.Record.Lookup(ctx, []deliveries.Ref{{ID: token.Delivery}})
	if err != nil {
		return err
	}
	delivery := known[0]
	if delivery.Content == nil || delivery.Content.Call == nil || delivery.Status == deliveries.Answered {
		return nil
	}
	reply, err := d.Talker.Talk(d.turn(delivery, token, callback))
	return errors.Join(err, d.Talker.Interrupt(ctx, call, reply))
}

func answer(w http.ResponseWriter, reply channels.Reply) {
	w.Header().Set("Content-Type", reply.ContentType)
	_, _ = w.Write(reply.Body) // a caller that hung up hears nothing more
}
