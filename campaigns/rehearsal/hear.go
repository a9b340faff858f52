package rehearsal

import (
	"slices"
	"strings"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// hear reads a report and applies what it means (workers.Reader).
func (w *World) hear(r channels.Report) {
	p, of := w.attribute(r)
	if p == nil {
		return
	}
	var about deliveries.Delivery
	var c *campaigns.Campaign
	if of != nil {
		about, c = of.Delivery, of.campaign()
	}
	r.Delivery = about.ID
	w.follow(p, of, w.shop.Interpret(c, r, about, w.profile(p), w.now))
}

// attribute finds whom a report concerns: by the delivery it names or, for a
// text of the customer's own, by their number and the text it answers.
func (w *World) attribute(r channels.Report) (*person, *parcel) {
	if r.Delivery != 0 {
		of := w.ledger[r.Delivery-1]
		return of.person, of
	}
	p := w.byPhone[r.From]
	if p == nil {
		return nil, nil
	}
	return p, w.answered(p, r)
}

// answered is the text that a customer's text answers (workers.Reader.answers).
func (w *World) answered(p *person, r channels.Report) *parcel {
	latest := p.latest(r.Channel, func(*parcel) bool { return true })
	if latest == nil || latest.Direct() || latest.campaign().Asks(latest.Delivery) {
		return latest
	}
	asked := p.latest(r.Channel, func(d *parcel) bool {
		return !d.Direct() && w.shop.Awaits(d.campaign(), d.Delivery, r, w.profile(p), w.now)
	})
	if asked != nil {
		return asked
	}
	return latest
}

// latest is the newest delivery of a kind on a channel that the provider took
// (store.Latest).
func (p *person) latest(ch channels.Channel, is func(*parcel) bool) (newest *parcel) {
	for _, d := range p.parcels {
		if !is(d) || d.Channel != ch || d.Automatic() || d.TakenAt.IsZero() || d.Status.Rank() < deliveries.Sent.Rank() || d.Status == deliveries.Failed {
			continue
		}
		if newest == nil || !d.TakenAt.Before(newest.TakenAt) {
			newest = d
		}
	}
	return newest
}

// follow writes a response: the line on the timeline and, if it is new, what
// follows from it, in the order of store.Responses.
func (w *World) follow(p *person, of *parcel, means campaigns.Response) {
	if _, fresh := w.note(p, means.Event); !fresh {
		return
	}
	var j *journey
	if of != nil {
		j = of.journey
	}
	if means.Progress != nil && of != nil {
		if after, moved := of.Advanced(*means.Progress, w.now); moved {
			w.move(of, after)
		}
	}
	if means.Answer != nil && j != nil {
		w.keep(p, j, *means.Answer)
	}
	p.engage(means.Event)
	if means.Release != nil {
		w.release(*means.Release)
	}
	if means.Suppression != nil {
		w.suppress(p, *means.Suppression)
	}
	w.try(p, means.Trial)
	w.consent(p, means.Consents)
	if means.GoneEndpoint != "" {
		p.Browsers = slices.DeleteFunc(slices.Clone(p.Browsers), func(b channels.PushSubscription) bool { return b.Endpoint == means.GoneEndpoint })
	}
	opens := means.Case
	if means.Reply != nil && !w.answer(p, *means.Reply) && means.Unanswered != nil {
		opens = means.Unanswered
	}
	if opens != nil {
		w.openCase(p, j, *opens)
	}
	if j != nil {
		w.wake(j)
	}
	w.look(p)
}

// keep keeps the first answer to each question of an entry and adds it to the
// customer's scores (store, keepAnswers).
func (w *World) keep(p *person, j *journey, a campaigns.Answer) {
	if slices.ContainsFunc(j.answers, func(earlier campaigns.Answer) bool { return earlier.Ask == a.Ask }) {
		return
	}
	j.answers = append(j.answers, a)
	w.tell(Line{Customer: p.ID, Campaign: j.campaign.ID, Kind: Answered, Name: a.Ask, Channel: a.Channel, Reason: said(a), Value: a.Score})
	if a.Score == nil {
		return
	}
	score := map[campaigns.Scale]*customers.Score{campaigns.CSAT5: &p.CSAT, campaigns.NPS: &p.NPS}[a.Scale]
	if score != nil {
		*score = customers.Score{Last: *a.Score, Sum: score.Sum + *a.Score, Count: score.Count + 1}
	}
}

// engage notes the customer's latest sign of life on a channel (store,
// noteEngagement).
func (p *person) engage(event customers.Event) {
	signs := &p.Engagement
	latest := map[string]*time.Time{
		"email opened": &signs.EmailOpenedAt, "email clicked": &signs.EmailClickedAt,
		"sms replied": &signs.SMSRepliedAt, "sms answered": &signs.SMSRepliedAt, "push clicked": &signs.PushClickedAt,
	}[event.Name]
	if latest != nil && event.At.After(*latest) {
		*latest = event.At
	}
	if customers.Wrote(event) && event.At.After(signs.WroteAt) {
		signs.WroteAt = event.At
	}
}

// said is an answer in words.
func said(a campaigns.Answer) string {
	var words []string
	if a.Score != nil {
		words = append(words, plain(*a.Score))
	}
	for _, text := range []string{a.Choice, a.Text} {
		if text != "" {
			words = append(words, text)
		}
	}
	return strings.Join(words, ", ")
}
