package store

import (
	"context"
	"fmt"
	"time"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/deliveries"
)

// Replies plans what answers customers.
func (s *Store) Replies() campaigns.Correspondence { return replies{s} }

type replies struct{ store *Store }

// Reply implements campaigns.Correspondence.
func (r replies) Reply(ctx context.Context, now time.Time, d deliveries.Delivery, line customers.Event, seen *int64) (planned deliveries.Delivery, fresh bool, err error) {
	err = r.store.write(ctx, func(tx *tx) error {
		planned, fresh, err = reply(ctx, tx, now, d, line, seen)
		return err
	})
	if err != nil {
		return deliveries.Delivery{}, false, fmt.Errorf("answer case %d: %w", d.Case, err)
	}
	return planned, fresh, nil
}

func reply(ctx context.Context, tx *tx, now time.Time, d deliveries.Delivery, line customers.Event, seen *int64) (planned deliveries.Delivery, fresh bool, err error) {
	if err := lockCustomers(ctx, tx, []string{d.Customer}); err != nil {
		return planned, false, err
	}
	c, err := readCase(ctx, tx, d.Case)
	if err != nil {
		return planned, false, err
	}
	switch planned, fresh, err = planDirect(ctx, tx, d); {
	case err != nil:
		return planned, false, err
	case !fresh && planned.Status.Undelivered():
		return planned, false, customers.ErrLostReply
	case !fresh:
		return planned, false, nil
	}
	if !c.ClosedAt.IsZero() {
		return planned, false, customers.ErrClosedCase
	}
	if c.MoreSaid(seen) {
		return planned, false, customers.ErrMoreSaid
	}
	line.Delivery = planned.ID
	if _, err := appendEvents(ctx, tx, []customers.Event{line}); err != nil {
		return planned, false, err
	}
	_, err = tx.exec(ctx, "UPDATE cases SET waiting = 0, answered_at = COALESCE(answered_at, $2) WHERE id = $1", d.Case, instant(now))
	return planned, true, err
}

// planDirect plans a direct message, unless one with its key was planned before:
// that one comes back then.
func planDirect(ctx context.Context, tx *tx, d deliveries.Delivery) (planned deliveries.Delivery, fresh bool, err error) {
	rows := newRows(`customer text, step text, channel text, template text, vars json, priority int, due_at int, expires_at int,
		retry json, ambiguous text, planned_at int, content json, case_id int`)
	if d.Vars == nil {
		d.Vars = map[string]any{}
	}
	rows.add(d.Customer, d.Step, d.Channel, d.Template, inJSON(d.Vars), d.Priority, d.DueAt, d.ExpiresAt,
		inJSON(d.Retry), d.Ambiguous, d.PlannedAt, inJSON(d.Content), d.Case)
	added, err := tx.execRows(ctx, rows, `
		INSERT INTO deliveries (entry, customer, campaign, version, step, channel, topic, template, vars, priority,
			status, rank, due_at, expires_at, retry, ambiguous, planned_at, content, case_id)
		SELECT 0, v.customer, '', 0, v.step, v.channel, '', v.template, v.vars, v.priority,
			'planned', 0, v.due_at, v.expires_at, v.retry, v.ambiguous, v.planned_at, v.content, v.case_id
		FROM {rows} AS v WHERE TRUE
		ON CONFLICT DO NOTHING`)
	if err != nil {
		return planned, false, err
	}
	planned, _, err = first(ctx, tx, func(r record) (d deliveries.Delivery, err error) {
		err = scanDelivery(r, &d)
		return d, err
	}, "SELECT "+deliveryColumns+" FROM deliveries d WHERE d.entry = 0 AND d.step = $1", d.Step)
	return planned, added > 0, err
}

// planAutomatic plans the Reply of responses that have one, each unless the customer
// got one of its kind lately. It returns the cases of those who get none.
func planAutomatic(ctx context.Context, tx *tx, now time.Time, answered []campaigns.Response) (unanswered []customers.Case, err error) {
	for _, r := range answered {
		d := *r.Reply
		if err := lockCustomers(ctx, tx, []string{d.Customer}); err != nil {
			return nil, err
		}
		_, had, err := first(ctx, tx, column[int64], `
			SELECT d.id FROM deliveries d
			WHERE d.customer = $1 AND d.entry = 0 AND d.template = $2 AND d.planned_at > $3 LIMIT 1`,
			d.Customer, d.Template, instant(now.Add(-deliveries.AutomaticEvery)))
		if err != nil {
			return nil, err
		}
		if had {
			unanswered = appendPresent(unanswered, r.Unanswered)
			continue
		}
		if _, _, err := planDirect(ctx, tx, d); err != nil {
			return nil, err
		}
	}
	return unanswered, nil
}
