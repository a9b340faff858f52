package rehearsal

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/deliveries"
	"rapport/templates"
)

// deliverAt plans the next look at a delivery; within a lane the more important
// comes first.
func (w *World) deliverAt(p *parcel) {
	lane := rank(slices.Index(deliveries.Lanes(), p.Channel))
	w.queue.add(task{at: w.notBefore(p.DueAt), rank: delivering + lane, priority: p.Priority, number: p.ID, do: func() { w.deliver(p) }})
}

// deliver takes a due delivery through production's gates in their order
// (workers.Courier): judged before it is written, written, judged again with
// what weighs on the customer, begun, sent, settled.
func (w *World) deliver(p *parcel) {
	if p.Status != deliveries.Planned || !w.due(p.DueAt) {
		return
	}
	p.Status = deliveries.Queued
	t := campaigns.Traveller{Customer: w.profile(p.person)}
	if p.journey != nil {
		t = w.traveller(p.journey)
	}
	matter := campaigns.Matter{Campaign: p.campaign(), Delivery: p.Delivery, Entry: t.Entry, Journey: t.Deliveries, Customer: t.Customer, Counts: t.Counts}
	verdict := w.shop.Judge(matter, w.now)
	var content channels.Content
	if verdict.Go {
		var err error
		if content, err = w.write(p, t); err != nil {
			w.unwritable(p, err)
			return
		}
		matter.Content, matter.Pressure = &content, w.pressure(p)
		verdict = w.shop.Judge(matter, w.now)
	}
	w.move(p, p.Begun(verdict, w.now))
	switch {
	case p.Status == deliveries.Sending:
		w.send(p, t, content)
	case p.Status.Settled():
		w.note(p.person, p.Event(w.now))
	}
}

// pressure is what weighs on a delivery (store.Begin).
func (w *World) pressure(p *parcel) deliveries.Pressure {
	var all []*parcel
	for _, profile := range w.humans[p.person.human] {
		all = append(all, profile.parcels...)
	}
	return deliveries.Pressure{Contacts: contacts(all, p.ID, w.shop.Horizon(w.now)), Rivals: rivals(all, p.ID), Spent: w.spending.since}
}

// unwritable settles a delivery that names something the customer does not
// have.
func (w *World) unwritable(p *parcel, err error) {
	w.tell(Line{Customer: p.Customer, Campaign: p.Campaign, Kind: Mistaken, Channel: p.Channel, Name: p.Template, Reason: reasonOf(err), Delivery: &p.Delivery})
	after, _ := p.After(deliveries.Outcome{ID: p.ID, Status: deliveries.Failed, Reason: deliveries.NotRendered}, w.now)
	w.move(p, after)
	w.note(p.person, p.Event(w.now))
}

// reasonOf is the error without what the line says anyway.
func reasonOf(err error) string {
	var missing *templates.MissingField
	if errors.As(err, &missing) {
		return missing.Error()
	}
	return err.Error()
}

// write renders a delivery (workers.PostOffice). Links lead nowhere.
func (w *World) write(p *parcel, t campaigns.Traveller) (channels.Content, error) {
	if p.Direct() {
		return *p.Content, nil
	}
	c := p.journey.campaign
	if p.Channel == channels.Webhook {
		told, err := w.shop.WebhookContent(c.StepAt(p.Step), w.shop.Bindings(c, t))
		return channels.Content{Webhook: told}, err
	}
	if w.spared(p) {
		return channels.Content{}, nil
	}
	door := "https://rehearsal.example/" + strconv.FormatInt(p.ID, 10)
	content, _, err := w.shop.Words(w.shop.Templates, c, t, p.Delivery,
		map[string]any{"unsubscribe": door + "/u", "preferences": door + "/p", "survey": door + "/s", "not_me": door + "/n"})
	return content, err
}

// spared reports whether a message's words may be left out: enough of its kind
// were written, and they have no price.
func (w *World) spared(p *parcel) bool {
	if w.sample == 0 || p.Channel != channels.Email && p.Channel != channels.Push {
		return false
	}
	kind := string(p.Channel) + " " + p.Template
	w.spare[kind]++
	return w.spare[kind] > w.sample
}

// send hands a message to the other side, which always takes it, and plans what
// comes of it.
func (w *World) send(p *parcel, t campaigns.Traveller, content channels.Content) {
	if content.Call != nil {
		p.Content = &content
	}
	name := fmt.Sprintf("m%d.%d", p.ID, p.Attempts)
	outcome := deliveries.Outcome{ID: p.ID, Status: deliveries.Sent, ProviderID: name}
	if content.SMS != nil {
		outcome.Segments, _ = channels.Segments(content.SMS.Text)
	}
	after, _ := p.After(outcome, w.now)
	w.note(p.person, after.Event(w.now))
	w.tell(Line{Customer: p.Customer, Campaign: p.Campaign, Kind: WentOut, Channel: p.Channel, Name: p.Template, Number: int64(p.Attempts), Delivery: &p.Delivery, Content: &content})
	w.move(p, after)
	message := Message{Delivery: p.Delivery, Step: p.campaign().StepAt(p.Step), Customer: t.Customer, Content: content}
	for _, r := range w.stage.Audience.Receive(message) {
		if r.Event != "" {
			w.at(w.now.Add(r.After), fromOutside, func() { w.happens(p.person, r.Event, r.Properties) })
			continue
		}
		w.at(w.now.Add(r.After), reported, func() { w.hear(r.Report) })
	}
}

// move writes a delivery's new state and what follows from it (store,
// moveDeliveries): the pressure, the money, the waking of its entry, the next
// look.
func (w *World) move(p *parcel, after deliveries.Delivery) {
	before := p.Delivery
	p.Delivery = after
	w.spending.moved(p, before)
	reached := func(d deliveries.Delivery) bool { return d.Status.Accepted() || d.Status == deliveries.Unconfirmed }
	if reached(after) && !reached(before) && after.TakenAt.After(p.person.Contacted.LastAt) {
		p.person.Contacted.LastAt = after.TakenAt
	}
	if after.Taken() && !before.Taken() || after.TakenAt.IsZero() && after.Status.Settled() {
		w.ripens(p)
	}
	w.tellMove(p, before)
	if after.Status.Settled() && p.journey != nil {
		w.wake(p.journey)
	}
	if after.Status == deliveries.Planned {
		w.deliverAt(p)
	}
}

func (w *World) tellMove(p *parcel, before deliveries.Delivery) {
	line := Line{Customer: p.Customer, Campaign: p.Campaign, Channel: p.Channel, Name: p.Template, Reason: p.Reason, Delivery: &p.Delivery}
	switch p.Status {
	case deliveries.Sending, deliveries.Sent, before.Status:
		return
	case deliveries.Planned:
		line.Kind = Held
		line.Value = p.DueAt
	case deliveries.Skipped:
		line.Kind = WasSkipped
	case deliveries.Failed, deliveries.Expired:
		line.Kind = WasFailed
	default:
		line.Kind, line.Reason = CameBack, strings.TrimSpace(string(p.Status)+" "+p.Reason)
	}
	w.tell(line)
}

// answer plans what answers a customer by itself, unless they got one of its kind
// within a day (store.Responses). It reports whether it did.
func (w *World) answer(to *person, d deliveries.Delivery) bool {
	if slices.ContainsFunc(to.parcels, func(p *parcel) bool {
		return p.Direct() && p.Template == d.Template && p.PlannedAt.After(w.now.Add(-deliveries.AutomaticEvery))
	}) {
		return false
	}
	d.ID, d.Status = int64(len(w.ledger)+1), deliveries.Planned
	p := &parcel{Delivery: d, person: to}
	w.ledger, to.parcels = append(w.ledger, p), append(to.parcels, p)
	w.tell(Line{Customer: d.Customer, Kind: WasPlanned, Channel: d.Channel, Name: d.Template, Delivery: &p.Delivery})
	w.deliverAt(p)
	return true
}
