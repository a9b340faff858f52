package workers

import (
	"context"
	"fmt"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// meet makes the acquaintance of somebody who writes to us and whom nobody knows, so
// that their words are kept and answered like anybody's; nil where there is nothing
// to answer.
func (r *Reader) meet(ctx context.Context, edition *campaigns.Edition, h heard) (*customers.Customer, error) {
	if h.report.Kind != channels.ReportReplied || h.report.From == "" {
		return nil, nil
	}
	if _, err := customers.NormalEmail(h.report.From); h.report.Channel == channels.Email && err != nil {
		return nil, nil
	}
	if campaigns.OnlyAWish(h.report) {
		return nil, nil
	}
	stranger := edition.Strange(h.report, r.Now())
	if _, err := r.Registry.PutCustomers(ctx, r.Now(), []customers.Customer{stranger}); err != nil {
		return nil, fmt.Errorf("keep a profile for somebody who wrote: %w", err)
	}
	people, err := r.Directory.Load(ctx, []string{stranger.ID}, r.Now())
	if err != nil {
		return nil, fmt.Errorf("load somebody who wrote: %w", err)
	}
	return people[stranger.ID], nil
}

// heedStranger keeps the word of somebody who is no customer: a STOP counts
// whoever says it, whichever channel it is of, and so does the START that takes it
// back. There is no timeline to put anything else on. What bounced or failed on its way
// to an erased customer blocks the address only if another customer has it.
func (r *Reader) heedStranger(ctx context.Context, edition *campaigns.Edition, h heard) error {
	said := edition.Interpret(nil, h.report, deliveries.Delivery{}, nil, r.Now())
	switch {
	case said.Suppression != nil:
		if nobodys, err := r.nobodys(ctx, h, *said.Suppression); err != nil || nobodys {
			return err
		}
		if err := r.Preferences.Suppress(ctx, []customers.Suppression{*said.Suppression}); err != nil {
			return fmt.Errorf("keep a stranger's stop: %w", err)
		}
	case said.Release != nil:
		if err := r.Preferences.Release(ctx, said.Release.Channel, said.Release.Address, said.Release.At); err != nil {
			return fmt.Errorf("keep a stranger's start: %w", err)
		}
	default:
		r.Log.Warn("a report concerns nobody we know", "channel", h.report.Channel, "kind", h.report.Kind)
	}
	return nil
}

// nobodys reports whether a provider tells of an address that its message does not get
// there, and nobody has it any more: whom the message was for was erased.
func (r *Reader) nobodys(ctx context.Context, h heard, s customers.Suppression) (bool, error) {
	if h.delivery.ID == 0 || h.report.Kind != channels.ReportBounced && h.report.Kind != channels.ReportFailed {
		return false, nil
	}
	others, err := r.Directory.WhoWrites(ctx, s.Channel, s.Address)
	if err != nil {
		return false, fmt.Errorf("find whose an address is: %w", err)
	}
	return len(others) == 0, nil
}
