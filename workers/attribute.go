package workers

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// attribute finds the delivery and the customer of every report: by our id, by
// the provider's, or, for words out of the blue, by the sender's address, and for
// a text by what was last sent or asked there. E-mail tells what it answers.
func (r *Reader) attribute(ctx context.Context, all []heard) error {
	refs := make([]deliveries.Ref, len(all))
	for i, h := range all {
		refs[i] = deliveries.Ref{ID: h.report.Delivery, Channel: h.report.Channel, ProviderID: h.report.ProviderID}
	}
	found, err := r.Record.Lookup(ctx, refs)
	if err != nil {
		return fmt.Errorf("look up the deliveries of %d reports: %w", len(all), err)
	}
	for i := range all {
		all[i].delivery, all[i].customer = found[i], found[i].Customer
		if found[i].ID == 0 && all[i].report.From != "" {
			if err := r.attributeSender(ctx, &all[i]); err != nil {
				return err
			}
		}
		all[i].report.Delivery = all[i].delivery.ID
		if all[i].report.Channel == "" { // a link does not say what it came by
			all[i].report.Channel = all[i].delivery.Channel
		}
	}
	return nil
}

// attributeSender finds a report's customer by their address. Only what they
// wrote themselves is taken for an answer to what was last sent there: what a
// provider reports about a message that is not ours says nothing about ours. Of
// several customers who share an address it is who was sent that, or else the
// oldest.
func (r *Reader) attributeSender(ctx context.Context, h *heard) error {
	senders, err := r.Directory.WhoWrites(ctx, h.report.Channel, h.report.From)
	if err != nil {
		return fmt.Errorf("find the sender of a reply: %w", err)
	}
	if len(senders) == 0 {
		return nil
	}
	h.customer = senders[0]
	if !written(h.report) {
		return nil
	}
	latest, err := r.Record.Latest(ctx, h.report.Channel, senders, textsLookedAt)
	if err != nil {
		return fmt.Errorf("find what a reply answers: %w", err)
	}
	var sent []deliveries.Delivery
	for _, person := range senders {
		sent = append(sent, latest[person]...)
	}
	slices.SortFunc(sent, func(a, b deliveries.Delivery) int {
		return cmp.Or(b.TakenAt.Compare(a.TakenAt), cmp.Compare(b.ID, a.ID))
	})
	if len(sent) == 0 {
		return nil
	}
	answers, err := r.answers(ctx, h.report, sent)
	if err != nil {
		return err
	}
	h.delivery, h.customer = answers, answers.Customer
	return nil
}

// textsLookedAt is among how many of the latest texts to a customer one is looked for
// that asks what a text answers.
const textsLookedAt = 10

// answers is the text that a customer's text answers: the latest, or where that asks
// nothing and the words are an answer, the one that last asked what they answer and waits
// still.
func (r *Reader) answers(ctx context.Context, report channels.Report, sent []deliveries.Delivery) (deliveries.Delivery, error) {
	latest := sent[0]
	if len(sent) == 1 || latest.Direct() {
		return latest, nil
	}
	edition, err := r.Catalog.Current(ctx)
	if err != nil {
		return latest, err
	}
	shelf := newShelf(r.Catalog, r.Log)
	var people map[string]*customers.Customer
	for i, d := range sent {
		if d.Direct() {
			continue
		}
		campaign, err := shelf.campaign(ctx, d.Campaign, d.Version)
		switch {
		case err != nil:
			return latest, err
		case campaign == nil && i == 0, i == 0 && campaign.Asks(d):
			return latest, nil
		case campaign == nil || !campaign.Asks(d):
			continue
		}
		if people == nil {
			if people, err = r.Directory.Load(ctx, pluck(sent, func(d deliveries.Delivery) string { return d.Customer }), r.Now()); err != nil {
				return latest, fmt.Errorf("load who may have answered: %w", err)
			}
		}
		if edition.Awaits(campaign, d, report, people[d.Customer], r.Now()) {
			return d, nil
		}
	}
	return latest, nil
}

// written reports whether a report is a text of the customer's own.
func written(r channels.Report) bool {
	switch r.Kind {
	case channels.ReportReplied, channels.ReportUnsubscribed, channels.ReportResubscribed:
		return r.Channel == channels.SMS
	}
	return false
}

// nameQuestion replaces the index under which a call asks a question by the
// question's id.
func nameQuestion(h heard) channels.Report {
	report := h.report
	if report.Channel != channels.Call || h.delivery.Content == nil || h.delivery.Content.Call == nil {
		return report
	}
	index, err := strconv.Atoi(report.Question)
	if questions := h.delivery.Content.Call.Questions; err == nil && index >= 0 && index < len(questions) {
		report.Question = questions[index].ID
	}
	return report
}
