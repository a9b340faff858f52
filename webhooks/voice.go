package webhooks

import (
	"context"
	"errors"
	"net/http"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/deliveries"
)

// voice tells a call what to say next. The first fetch of an attempt's script
// claims it: a second call for the same attempt hears nothing and hangs up.
func (d *Doors) voice(w http.ResponseWriter, r *http.Request) {
	out := outletOf(r)
	talker := d.talker(out)
	token, err := d.Addresses.Signer.Open(deliveries.CallScript, r.PathValue("token"))
	if err != nil || talker == nil {
		http.NotFound(w, r)
		return
	}
	callback, ok := d.accept(w, r, out.String())
	if !ok {
		return
	}
	call := talker.CallOf(callback)
	if call == "" {
		http.Error(w, "the request names no call", http.StatusBadRequest)
		return
	}
	mine, delivery, err := d.Record.Fetched(r.Context(), token.Delivery, int(token.Number), call, d.Now())
	if err != nil {
		d.Log.Error("a call's script could not be claimed", "delivery", token.Delivery, "error", err)
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	reply := talker.HangUp()
	if mine && delivery.Content != nil && delivery.Content.Call != nil {
		reply = d.speak(r.Context(), talker, delivery, d.turn(out, delivery, token, callback), r.URL.RawQuery == "")
	}
	answer(w, reply)
}

// talker is an outlet's provider where it talks on calls; nil where it does not.
func (d *Doors) talker(out deliveries.Outlet) channels.Talker {
	talker, _ := d.Listeners[out.String()].(channels.Talker)
	return talker
}

// speak answers one turn. At the first one the call may have come too late.
func (d *Doors) speak(ctx context.Context, talker channels.Talker, delivery deliveries.Delivery, turn channels.CallTurn, first bool) channels.Reply {
	now := d.Now()
	turn.Script = turn.Script.At(now)
	campaign := d.campaignOf(ctx, delivery)
	turn.Understand = func(q channels.CallQuestion, said string) channels.Spoken {
		return campaign.Understand(delivery, q, said)
	}
	if first && d.tooLate(ctx, campaign, delivery, now) {
		turn.Script = turn.Script.Apology()
	}
	reply, err := talker.Talk(turn)
	if err != nil {
		d.Log.Error("a call could not go on", "delivery", delivery.ID, "error", err)
		return talker.HangUp()
	}
	return reply
}

func (d *Doors) turn(out deliveries.Outlet, delivery deliveries.Delivery, token deliveries.Token, callback channels.Callback) channels.CallTurn {
	return channels.CallTurn{
		Script: *delivery.Content.Call, Callback: callback,
		Self:   d.Addresses.Script(out, token.Delivery, int(token.Number)),
		Status: d.Addresses.Status(out, token.Delivery, int(token.Number)),
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

// status takes word of one message. Where it says that a machine took a call, the
// call goes on with what is for machines, at once: a tape is running.
func (d *Doors) status(w http.ResponseWriter, r *http.Request) {
	out := outletOf(r)
	callback, ok := d.accept(w, r, out.String())
	if !ok {
		return
	}
	w.WriteHeader(http.StatusNoContent)
	talker := d.talker(out)
	if talker == nil || !talker.Machine(callback) {
		return
	}
	token, named := d.Addresses.Named(callback.URL)
	if !named {
		return
	}
	if err := d.tellMachine(r.Context(), talker, out, token, callback); err != nil {
		d.Log.Warn("a machine took a call and could not be told so", "delivery", token.Delivery, "error", err)
	}
}

// tellMachine leaves words on a machine, or hangs up on it. A call on which
// somebody has answered a question is a person's, whatever detection believes.
func (d *Doors) tellMachine(ctx context.Context, talker channels.Talker, out deliveries.Outlet, token deliveries.Token, callback channels.Callback) error {
	known, err := d.Record.Lookup(ctx, []deliveries.Ref{{ID: token.Delivery}})
	if err != nil {
		return err
	}
	delivery := known[0]
	if delivery.Content == nil || delivery.Content.Call == nil || delivery.Status == deliveries.Answered {
		return nil
	}
	reply, err := talker.Talk(d.turn(out, delivery, token, callback))
	return errors.Join(err, talker.Interrupt(ctx, talker.CallOf(callback), reply))
}

func answer(w http.ResponseWriter, reply channels.Reply) {
	w.Header().Set("Content-Type", reply.ContentType)
	_, _ = w.Write(reply.Body) // a caller that hung up hears nothing more
}
