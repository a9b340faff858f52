package store

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/deliveries"
)

// Casebook keeps the cases of this store.
func (s *Store) Casebook() customers.Casebook { return casebook{s} }

type casebook struct{ store *Store }

// Open implements customers.Casebook.
func (b casebook) Open(ctx context.Context, cases []customers.Case) error {
	err := b.store.write(ctx, func(tx *tx) error { return openCases(ctx, tx, cases) })
	if err != nil {
		return fmt.Errorf("open %d cases: %w", len(cases), err)
	}
	return nil
}

// openCases opens cases inside a transaction and counts them on the customers.
// An open case of the same entry is brought up to date instead: its newest
// words, the more pressing of two priorities and the sooner of two clocks.
// Opening and update each stand on the timeline. A case of a whole campaign has
// no customer, and stands on none; one of somebody who was erased is not opened.
func openCases(ctx context.Context, tx *tx, cases []customers.Case) error {
	if len(cases) == 0 {
		return nil
	}
	var of []string
	for _, c := range cases {
		if c.Customer != "" { // a case of a whole campaign
			of = append(of, c.Customer)
		}
	}
	here, err := lockPresent(ctx, tx, of) // so that the count misses no case of another's
	if err != nil {
		return err
	}
	var events []customers.Event
	for _, c := range cases {
		if c.Customer != "" && !here.has(c.Customer) {
			continue
		}
		id, opened, err := openCase(ctx, tx, c)
		if err != nil {
			return err
		}
		if c.Customer != "" {
			events = append(events, caseEvent(c, id, opened))
		}
	}
	if err := countCases(ctx, tx, distinct(of)); err != nil {
		return err
	}
	_, err = appendEvents(ctx, tx, events)
	return err
}

// openCase writes one case: there are few, and each needs its number at once.
func openCase(ctx context.Context, tx *tx, c customers.Case) (id int64, opened bool, err error) {
	id, known, err := openCaseFor(ctx, tx, c)
	switch {
	case err != nil:
		return 0, false, err
	case known:
		return id, false, speakOn(ctx, tx, id, c)
	}
	_, known, err = first(ctx, tx, column[int64], `
		SELECT id FROM cases WHERE entry = $1 AND entry > 0 AND closed_at IS NULL`, c.Entry)
	if err != nil {
		return 0, false, err
	}
	id, _, err = first(ctx, tx, column[int64], `
		INSERT INTO cases (customer, campaign, entry, queue, priority, title, note, why, opened_at, due_at, assignee)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (entry) WHERE closed_at IS NULL AND entry > 0 DO UPDATE SET
			queue = CASE WHEN excluded.why = 'reply' THEN cases.queue ELSE excluded.queue END,
			title = CASE WHEN excluded.why = 'reply' THEN cases.title ELSE excluded.title END,
			why = CASE WHEN excluded.why = 'reply' THEN cases.why ELSE excluded.why END,
			note = CASE WHEN excluded.note = '' THEN cases.note ELSE excluded.note END,
			priority = CASE WHEN `+urgency("excluded.priority")+` < `+urgency("cases.priority")+` THEN excluded.priority ELSE cases.priority END,
			`+clock("cases.", "CAST($12 AS BIGINT)", "excluded.due_at", "excluded.opened_at")+`,
			waiting = 1
		RETURNING id`,
		c.Customer, c.Campaign, c.Entry, clean(c.Queue), c.Priority, clean(c.Title), clean(c.Note), c.Why,
		instant(c.OpenedAt), instant(cmp.Or(c.DueAt, c.UsualDueAt)), c.Assignee, instant(c.DueAt))
	return id, !known, err
}

// openCaseFor is the open case that a customer's words go on with: the one they
// answer, else one that is about other words of theirs.
func openCaseFor(ctx context.Context, tx *tx, c customers.Case) (id int64, known bool, err error) {
	if c.ID != 0 {
		id, known, err = first(ctx, tx, column[int64], `
			SELECT id FROM cases WHERE id = $1 AND customer = $2 AND closed_at IS NULL`, c.ID, c.Customer)
	}
	if err != nil || known || c.Why != customers.WhyReply {
		return id, known, err
	}
	return first(ctx, tx, column[int64], `
		SELECT id FROM cases WHERE customer = $1 AND why = $2 AND closed_at IS NULL AND customer <> ''
		ORDER BY id DESC LIMIT 1`, c.Customer, customers.WhyReply)
}

// speakOn notes on an open case what its customer said next, who now waits again.
func speakOn(ctx context.Context, tx *tx, id int64, c customers.Case) error {
	_, err := tx.exec(ctx, `
		UPDATE cases SET note = CASE WHEN $2 = '' THEN note ELSE $2 END,
			priority = CASE WHEN `+urgency("$3")+` < `+urgency("priority")+` THEN $3 ELSE priority END,
			`+clock("", "$4", "$6", "$5")+`,
			waiting = 1
		WHERE id = $1`, id, clean(c.Note), c.Priority, instant(c.DueAt), instant(c.OpenedAt), instant(c.UsualDueAt))
	return err
}

// clock is the SQL that sets the clock of an open case by something new: due and usual,
// which may be NULL, counted from now. A clock that stood runs again, for as long as it
// was set for last where the new names no time; of two that run the sooner counts. The
// usual time is for a case that has no clock.
func clock(open, due, usual, now string) string {
	return strings.NewReplacer("OPEN.", open, "DUE", due, "USUAL", usual, "NOW", now).Replace(`
			due_at = CASE WHEN OPEN.waiting = 0 THEN COALESCE(DUE, NOW + OPEN.due_at - COALESCE(OPEN.clock_at, OPEN.opened_at), USUAL)
				WHEN OPEN.due_at IS NULL THEN COALESCE(DUE, USUAL)
				WHEN DUE < OPEN.due_at THEN DUE ELSE OPEN.due_at END,
			clock_at = CASE WHEN OPEN.waiting = 0 OR OPEN.due_at IS NULL OR DUE < OPEN.due_at THEN NOW ELSE OPEN.clock_at END`)
}

// urgency is the SQL that orders priorities, the most pressing lowest.
func urgency(column string) string {
	order := customers.Priorities()
	last := len(order) - 1
	query := "CASE " + column
	for place, priority := range order[:last] {
		query += fmt.Sprintf(" WHEN '%s' THEN %d", priority, place)
	}
	return query + fmt.Sprintf(" ELSE %d END", last)
}

func caseEvent(c customers.Case, id int64, opened bool) customers.Event {
	name := customers.CaseOpened
	if !opened {
		name = customers.CaseUpdated
	}
	properties := map[string]any{"case": id, "queue": c.Queue, "priority": c.Priority, "title": c.Title, "why": c.Why}
	if c.Note != "" {
		properties["note"] = c.Note
	}
	return customers.Event{
		Customer: c.Customer, Name: name, At: c.OpenedAt, ReceivedAt: c.OpenedAt, Properties: properties,
		Key:      caseKey(id, c.Why, c.OpenedAt),
		Campaign: c.Campaign, Entry: c.Entry,
	}
}

// countCases sums cases up on customers.
func countCases(ctx context.Context, tx *tx, of []string) error {
	_, err := tx.execRows(ctx, keys(of), `
		UPDATE customers SET
			cases_open = (SELECT count(*) FROM cases k WHERE k.customer = customers.id AND k.closed_at IS NULL),
			cases_last_at = (SELECT max(k.opened_at) FROM cases k WHERE k.customer = customers.id)
		WHERE `+tx.among("customers.id"))
	return err
}

const caseColumns = "k.id, k.customer, k.campaign, k.entry, k.queue, k.priority, k.title, k.note, k.why, k.opened_at, k.due_at, k.closed_at, k.assignee, k.answered_at, k.waiting = 1, k.done"

// answerDue is the SQL for when the latest answer to a case k leaves that waits yet.
const answerDue = `(SELECT MAX(d.due_at) FROM deliveries d
	WHERE d.customer = k.customer AND k.customer <> '' AND d.entry = 0 AND d.case_id = k.id AND d.status IN ('planned', 'queued'))`

// saidLast is the SQL for the latest event by which something was said since a day
// before a case k was opened: what was said longer ago is in no page's way, and months
// of the timeline in which nobody looks.
var saidLast = "COALESCE((SELECT MAX(e.id) FROM events e WHERE e.customer = k.customer AND k.customer <> '' AND e.at >= k.opened_at - 86400000 AND e.name IN ('" +
	strings.Join(customers.Said(), "', '") + "')), 0)"

func scanCase(r record) (c customers.Case, err error) {
	err = r.Scan(&c.ID, &c.Customer, &c.Campaign, &c.Entry, &c.Queue, &c.Priority, &c.Title, &c.Note, &c.Why,
		asTime(&c.OpenedAt), asTime(&c.DueAt), asTime(&c.ClosedAt), &c.Assignee, asTime(&c.AnsweredAt), &c.Waiting, &c.Done, &c.Said, asTime(&c.AnswerDue))
	return c, err
}

// readCase reads a case inside a transaction; ErrUnknownCase where there is none.
func readCase(ctx context.Context, tx *tx, id int64) (customers.Case, error) {
	c, known, err := first(ctx, tx, scanCase, "SELECT "+caseColumns+", "+saidLast+", "+answerDue+" FROM cases k WHERE k.id = $1", id)
	if err == nil && !known {
		err = customers.ErrUnknownCase
	}
	return c, err
}

// Case implements customers.Casebook.
func (b casebook) Case(ctx context.Context, id int64) (c customers.Case, err error) {
	err = b.store.read(ctx, func(tx *tx) (err error) {
		c, err = readCase(ctx, tx, id)
		return err
	})
	if err != nil {
		return customers.Case{}, fmt.Errorf("read case %d: %w", id, err)
	}
	return c, nil
}

// Cases implements customers.Casebook. Who has been answered comes last. A case
// without a clock comes after those of its priority that have one.
func (b casebook) Cases(ctx context.Context, queue string, limit int) (cases []customers.Case, err error) {
	err = b.store.read(ctx, func(tx *tx) (err error) {
		order := "ORDER BY k.waiting DESC, " + urgency("k.priority") + ", k.due_at IS NULL, k.due_at, k.id"
		cases, err = list(ctx, tx, scanCase, `
			SELECT `+caseColumns+`, `+saidLast+`, `+answerDue+` FROM (
				SELECT * FROM cases k WHERE k.closed_at IS NULL AND (k.queue = $1 OR $1 = '') `+order+` LIMIT $2
			) AS k `+order, queue, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	return cases, nil
}

// Of implements customers.Casebook.
func (b casebook) Of(ctx context.Context, customer string, limit int) (cases []customers.Case, err error) {
	err = b.store.read(ctx, func(tx *tx) (err error) {
		cases, err = list(ctx, tx, scanCase, `
			SELECT `+caseColumns+`, 0, NULL FROM cases k WHERE k.customer = $1 ORDER BY k.opened_at DESC, k.id DESC LIMIT $2`, customer, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the cases of customer %s: %w", customer, err)
	}
	return cases, nil
}

// Close implements customers.Casebook.
func (b casebook) Close(ctx context.Context, id int64, who, note string, now time.Time, seen *int64) error {
	err := b.store.write(ctx, func(tx *tx) error { return closeCase(ctx, tx, id, who, note, now, seen) })
	if err != nil {
		return fmt.Errorf("close case %d: %w", id, err)
	}
	return nil
}

func closeCase(ctx context.Context, tx *tx, id int64, who, note string, now time.Time, seen *int64) error {
	c, err := readCase(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := lockCustomers(ctx, tx, []string{c.Customer}); err != nil {
		return err
	}
	if c, err = readCase(ctx, tx, id); err != nil { // what was said while somebody else had the customer
		return err
	}
	note = strings.TrimSpace(clean(note))
	switch {
	case note == "":
		return customers.ErrNoNote
	case !c.ClosedAt.IsZero() && c.Assignee == who && c.Done == note: // the same button pressed twice
		return nil
	case !c.ClosedAt.IsZero():
		return customers.ErrClosedCase
	case c.MoreSaid(seen):
		return customers.ErrMoreSaid
	}
	closed, err := tx.exec(ctx, "UPDATE cases SET closed_at = $2, assignee = $3, done = $4 WHERE id = $1 AND closed_at IS NULL", id, instant(now), who, note)
	switch {
	case err != nil:
		return err
	case closed == 0: // somebody else closed it in between: a campaign's case has no customer to lock
		return customers.ErrClosedCase
	case c.Customer == "":
		return nil
	}
	if err := countCases(ctx, tx, []string{c.Customer}); err != nil {
		return err
	}
	_, err = appendEvents(ctx, tx, []customers.Event{{
		Customer: c.Customer, Name: customers.CaseClosed, At: now, ReceivedAt: now,
		Properties: map[string]any{"case": id, "queue": c.Queue, "by": who, "note": note},
		Key:        caseKey(id, "closed", now), // it may be closed again
		Campaign:   c.Campaign, Entry: c.Entry,
	}})
	return err
}

// Reopen implements customers.Casebook.
func (b casebook) Reopen(ctx context.Context, id int64, who string, now time.Time) (open int64, err error) {
	err = b.store.write(ctx, func(tx *tx) (err error) {
		open, err = reopenCase(ctx, tx, id, who, now)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("open case %d again: %w", id, err)
	}
	return open, nil
}

func reopenCase(ctx context.Context, tx *tx, id int64, who string, now time.Time) (int64, error) {
	c, err := readCase(ctx, tx, id)
	if err != nil {
		return 0, err
	}
	if c.Customer != "" {
		here, err := lockPresent(ctx, tx, []string{c.Customer})
		if err != nil {
			return 0, err
		}
		if !here.has(c.Customer) {
			return 0, customers.ErrUnknown
		}
	}
	another, goesOn, err := first(ctx, tx, column[int64], "SELECT id FROM cases WHERE entry = $1 AND entry > 0 AND closed_at IS NULL", c.Entry)
	if err != nil || goesOn {
		return another, err
	}
	opened, err := tx.exec(ctx, `
		UPDATE cases SET closed_at = NULL, assignee = $2, waiting = 1, due_at = $3 + due_at - COALESCE(clock_at, opened_at), clock_at = $3
		WHERE id = $1 AND closed_at IS NOT NULL`, id, who, instant(now))
	if err != nil || opened == 0 || c.Customer == "" {
		return id, err
	}
	if err := countCases(ctx, tx, []string{c.Customer}); err != nil {
		return 0, err
	}
	_, err = appendEvents(ctx, tx, []customers.Event{{
		Customer: c.Customer, Name: customers.CaseUpdated, At: now, ReceivedAt: now,
		Properties: map[string]any{"case": id, "queue": c.Queue, "priority": c.Priority, "title": c.Title, "why": "reopened", "by": who},
		Key:        caseKey(id, "reopened", now),
		Campaign:   c.Campaign, Entry: c.Entry,
	}})
	return id, err
}

// caseKey makes the line unique that tells of something that happens to a case.
func caseKey(id int64, what string, at time.Time) string {
	return "case:" + strconv.FormatInt(id, 10) + ":" + what + ":" + strconv.FormatInt(at.UnixMilli(), 10)
}

// Take implements customers.Casebook.
func (b casebook) Take(ctx context.Context, id int64, who string) error {
	err := b.store.write(ctx, func(tx *tx) error {
		taken, err := tx.exec(ctx, "UPDATE cases SET assignee = $2 WHERE id = $1 AND closed_at IS NULL", id, who)
		if err != nil || taken > 0 {
			return err
		}
		if _, err := readCase(ctx, tx, id); err != nil {
			return err
		}
		return customers.ErrClosedCase
	})
	if err != nil {
		return fmt.Errorf("take case %d: %w", id, err)
	}
	return nil
}

// lostAnswers are the deliveries that answered a case and, by these changes, did not
// arrive. What had failed already is none again.
func lostAnswers(changes []change) []deliveries.Delivery {
	var lost []deliveries.Delivery
	for i := range changes {
		if c := &changes[i]; c.after.Case != 0 && c.after.Status.Undelivered() && !c.was.Undelivered() {
			lost = append(lost, c.after)
		}
	}
	return lost
}

// unanswer lets cases wait again whose answer did not arrive, and notes why. Their
// clock is as though nobody had answered: the customer waits since they wrote. One
// that was closed meanwhile is opened anew. A case that a later answer has reached, or
// may yet, goes on without it. The customers are locked; who was erased waits for
// nothing.
func unanswer(ctx context.Context, tx *tx, now time.Time, lost []deliveries.Delivery) error {
	var closed []customers.Case
	var events []customers.Event
	for _, d := range lost {
		c, known, err := first(ctx, tx, scanCase, `
			SELECT `+caseColumns+`, 0, NULL FROM cases k JOIN customers c ON c.id = k.customer WHERE k.id = $1 AND k.customer = $2
				AND NOT EXISTS (SELECT 1 FROM deliveries later WHERE later.customer = $2 AND later.entry = 0 AND later.case_id = $1 AND later.id > $3
					AND later.status NOT IN ('skipped', 'failed', 'bounced', 'expired'))`, d.Case, d.Customer, d.ID)
		if err != nil {
			return err
		}
		if !known {
			continue
		}
		note := "The answer did not arrive: " + lostBy(d)
		if !c.ClosedAt.IsZero() {
			again, err := openedAnew(ctx, tx, c, note, now)
			if err != nil {
				return err
			}
			closed = append(closed, again)
			continue
		}
		if _, err := tx.exec(ctx, `
			UPDATE cases SET note = CASE WHEN waiting = 0 THEN $2 ELSE note END, waiting = 1 WHERE id = $1`, c.ID, note); err != nil {
			return err
		}
		number := strconv.FormatInt(c.ID, 10)
		events = append(events, customers.Event{
			Customer: c.Customer, Name: customers.CaseUpdated, At: now, ReceivedAt: now,
			Properties: map[string]any{"case": c.ID, "queue": c.Queue, "priority": c.Priority, "title": c.Title, "why": "undelivered", "note": note},
			Key:        "case:" + number + ":undelivered:" + strconv.FormatInt(d.ID, 10),
			Campaign:   c.Campaign, Entry: c.Entry,
		})
	}
	if _, err := appendEvents(ctx, tx, events); err != nil {
		return err
	}
	return openCases(ctx, tx, closed)
}

// lostBy says why an answer did not arrive.
func lostBy(d deliveries.Delivery) string {
	word := cmp.Or(d.Reason, string(d.Status))
	return cmp.Or(campaigns.ReasonMeaning(word), word)
}

// openedAnew is a case that goes on with a closed one, as though the customer had
// written now: their next words belong to it, and it has as long as that had. Where
// another is open by now it adds nothing to its note.
func openedAnew(ctx context.Context, tx *tx, c customers.Case, note string, now time.Time) (customers.Case, error) {
	span, timed, err := first(ctx, tx, column[int64], `
		SELECT due_at - COALESCE(clock_at, opened_at) FROM cases WHERE id = $1 AND due_at IS NOT NULL`, c.ID)
	again := customers.Case{
		Customer: c.Customer, Campaign: c.Campaign, Entry: c.Entry, Queue: c.Queue, Priority: c.Priority, Title: c.Title,
		Note: note, Why: customers.WhyReply, OpenedAt: now,
	}
	if timed {
		again.DueAt = now.Add(time.Duration(span) * time.Millisecond)
	}
	if err != nil {
		return again, err
	}
	_, goesOn, err := first(ctx, tx, column[int64], `
		SELECT id FROM cases WHERE customer = $1 AND closed_at IS NULL AND (why = $2 OR entry = $3 AND entry > 0) LIMIT 1`,
		c.Customer, customers.WhyReply, c.Entry)
	if goesOn { // whose note are newer words
		again.Note = ""
	}
	return again, err
}
