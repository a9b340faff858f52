package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/recordings"
)

// Responses applies what came back to this store.
func (s *Store) Responses() campaigns.Responses { return responses{s} }

type responses struct{ store *Store }

// Apply implements campaigns.Responses. The entry that a new line belongs to is
// woken, whatever the line says. Of somebody who was erased since the response was
// made stays what settles the delivery, and what keeps them unwritten to. The order of
// its locks is that of Begin and Settle: deliveries, customers, lines, entries.
func (r responses) Apply(ctx context.Context, now time.Time, all []campaigns.Response) error {
	defer r.store.timed("respond")()
	if len(all) == 0 {
		return nil
	}
	err := r.store.write(ctx, func(tx *tx) error {
		held, erased, err := holdSpokenOf(ctx, tx, all)
		if err != nil {
			return err
		}
		var said, late []campaigns.Response
		for _, r := range all {
			if erased[r.Event.Customer] {
				late = append(late, r)
			} else {
				said = append(said, r)
			}
		}
		fresh, err := appendResponses(ctx, tx, said)
		if err != nil {
			return err
		}
		nameless, err := withoutCustomers(ctx, tx, now, late)
		if err != nil {
			return err
		}
		return followResponses(ctx, tx, now, held, append(fresh, nameless...))
	})
	if err != nil {
		return fmt.Errorf("apply %d responses: %w", len(all), err)
	}
	return nil
}

// holdSpokenOf locks, in the order of Begin and Settle, the deliveries that responses
// move, then the customers they change, and returns the deliveries and which customers
// were erased already. A customer whose delivery is locked cannot be erased meanwhile.
// Run it before inserting timeline lines: their unique key makes a second writer of the
// same line wait.
func holdSpokenOf(ctx context.Context, tx *tx, all []campaigns.Response) (held map[int64]*deliveries.Delivery, erased map[string]bool, err error) {
	var moved []int64
	for _, r := range all {
		if r.Progress != nil {
			moved = append(moved, r.Progress.ID)
		}
	}
	if len(moved) > 0 {
		if held, err = heldRows(ctx, tx, moved); err != nil {
			return nil, nil, err
		}
	}
	var locked []string
	for _, d := range held {
		if d.Case != 0 { // which waits again, if the answer did not arrive
			locked = append(locked, d.Customer)
		}
	}
	erased = map[string]bool{}
	for _, r := range all {
		_, sign := engagement[r.Event.Name]
		if sign || customers.Wrote(r.Event) || r.Progress == nil || !isOf(held[r.Progress.ID], r.Event.Customer) {
			erased[r.Event.Customer] = true // unless they are found
			locked = append(locked, r.Event.Customer)
		}
	}
	here, err := lockPresent(ctx, tx, locked)
	maps.DeleteFunc(erased, func(id string, _ bool) bool { return here.has(id) })
	return held, erased, err
}

// isOf reports whether a delivery is there and a customer's.
func isOf(d *deliveries.Delivery, customer string) bool {
	return d != nil && d.Customer == clean(customer)
}

// withoutCustomers is what stays of responses whose customers were erased: what became
// of their deliveries, stops, and recordings, which are to be deleted.
func withoutCustomers(ctx context.Context, tx *tx, now time.Time, late []campaigns.Response) ([]campaigns.Response, error) {
	stays := make([]campaigns.Response, len(late))
	for i, r := range late {
		stays[i] = campaigns.Response{
			Event: customers.Event{Delivery: r.Event.Delivery}, Progress: r.Progress, Machine: r.Machine, Release: r.Release, GoneEndpoint: r.GoneEndpoint,
		}
		if r.Recording != nil {
			forgotten := withoutCustomer(*r.Recording, now)
			stays[i].Recording = &forgotten
		}
		if r.Suppression != nil {
			block, err := veiledBlock(ctx, tx, *r.Suppression)
			if err != nil {
				return nil, err
			}
			stays[i].Suppression = &block
		}
	}
	return stays, nil
}

// appendResponses puts the lines on the timelines and returns the responses
// whose line is new.
func appendResponses(ctx context.Context, tx *tx, all []campaigns.Response) ([]campaigns.Response, error) {
	events := make([]customers.Event, len(all))
	for i, r := range all {
		events[i] = r.Event
	}
	isNew, err := appendEvents(ctx, tx, events)
	if err != nil {
		return nil, err
	}
	var fresh []campaigns.Response
	for i, r := range all {
		if isNew[i] {
			fresh = append(fresh, r)
		}
	}
	return fresh, nil
}

// followResponses writes what new lines bring about, of the deliveries that are held
// too.
func followResponses(ctx context.Context, tx *tx, now time.Time, held map[int64]*deliveries.Delivery, fresh []campaigns.Response) error {
	f := sortResponses(fresh)
	told, err := f.moveDeliveries(ctx, tx, now, held)
	if err != nil {
		return err
	}
	if err := keepAnswers(ctx, tx, f.answers); err != nil {
		return err
	}
	if err := wakeJourneys(ctx, tx, answerers(f.answers)); err != nil {
		return err
	}
	if err := noteEngagement(ctx, tx, fresh); err != nil {
		return err
	}
	if err := f.changePermissions(ctx, tx, now); err != nil {
		return err
	}
	unanswered, err := planAutomatic(ctx, tx, now, f.answered)
	if err != nil {
		return err
	}
	if err := openCases(ctx, tx, append(f.cases, unanswered...)); err != nil {
		return err
	}
	if err := addRecordings(ctx, tx, f.recordings); err != nil {
		return err
	}
	untold := slices.DeleteFunc(f.entries, func(entry int64) bool { return told[entry] })
	return wakeEntries(ctx, tx, now, untold, time.Time{})
}

// followUps is what responses bring about, by what it is written to.
type followUps struct {
	progress   []deliveries.Progress
	machines   map[int64]deliveries.Machine // by delivery
	answers    []campaigns.Answer
	blocks     []customers.Suppression
	releases   []customers.Suppression
	trials     []customers.Trial
	consents   []customers.Consent
	gone       []string             // endpoints
	answered   []campaigns.Response // that have a Reply
	cases      []customers.Case
	recordings []recordings.Recording
	entries    []int64
}

func sortResponses(all []campaigns.Response) followUps {
	f := followUps{machines: map[int64]deliveries.Machine{}}
	for _, r := range all {
		if r.Machine != 0 {
			f.machines[r.Event.Delivery] |= r.Machine
		}
		f.progress = appendPresent(f.progress, r.Progress)
		f.answers = appendPresent(f.answers, r.Answer)
		f.blocks = appendPresent(f.blocks, r.Suppression)
		f.releases = appendPresent(f.releases, r.Release)
		f.trials = appendPresent(f.trials, r.Trial)
		f.consents = append(f.consents, r.Consents...)
		f.cases = appendPresent(f.cases, r.Case)
		f.recordings = appendPresent(f.recordings, r.Recording)
		if r.Reply != nil {
			f.answered = append(f.answered, r)
		}
		if r.GoneEndpoint != "" {
			f.gone = append(f.gone, r.GoneEndpoint)
		}
		if r.Event.Entry != 0 {
			f.entries = append(f.entries, r.Event.Entry)
		}
	}
	return f
}

// moveDeliveries writes what became of deliveries, and returns the entries that were
// told of it.
func (f *followUps) moveDeliveries(ctx context.Context, tx *tx, now time.Time, held map[int64]*deliveries.Delivery) (told map[int64]bool, err error) {
	changes, err := advance(ctx, tx, now, held, f.progress)
	if err != nil {
		return nil, err
	}
	told = map[int64]bool{}
	for i := range changes {
		if changes[i].isNews() {
			told[changes[i].after.Entry] = true
		}
	}
	return told, noteMachines(ctx, tx, f.machines)
}

// changePermissions writes what customers may be sent from now on. Where a start and a
// stop come together, the later one counts; of the same moment the stop.
func (f *followUps) changePermissions(ctx context.Context, tx *tx, now time.Time) error {
	if err := unlessEmpty(ctx, tx, f.releases, releaseSuppressions); err != nil {
		return err
	}
	if err := unlessEmpty(ctx, tx, withoutTakenBack(f.blocks, f.releases), putSuppressions); err != nil {
		return err
	}
	if err := unlessEmpty(ctx, tx, f.trials, putTrials); err != nil {
		return err
	}
	if _, err := putConsents(ctx, tx, now, f.consents); err != nil {
		return err
	}
	return unlessEmpty(ctx, tx, f.gone, dropSubscriptions)
}

// withoutTakenBack leaves out the opt-outs that a later start takes back.
func withoutTakenBack(blocks, releases []customers.Suppression) []customers.Suppression {
	latest := map[address]time.Time{}
	for _, r := range releases {
		if of := (address{r.Channel, r.Address}); r.At.After(latest[of]) {
			latest[of] = r.At
		}
	}
	return slices.DeleteFunc(blocks, func(b customers.Suppression) bool {
		return b.Reason == channels.ReasonOptedOut && latest[address{b.Channel, b.Address}].After(b.At)
	})
}

// noteMachines adds what machines did to deliveries.
func noteMachines(ctx context.Context, tx *tx, did map[int64]deliveries.Machine) error {
	if len(did) == 0 {
		return nil
	}
	rows := newRows("id int, machine int")
	for _, id := range slices.Sorted(maps.Keys(did)) {
		rows.add(id, int(did[id]))
	}
	_, err := tx.execRows(ctx, rows, "UPDATE deliveries SET machine = deliveries.machine | v.machine FROM {rows} AS v WHERE deliveries.id = v.id")
	return err
}

// keepAnswers keeps the first answer to each ask and adds it to the customer's
// scores. A later one stands on the timeline only, unless it is the words of one
// that was recorded.
func keepAnswers(ctx context.Context, tx *tx, answers []campaigns.Answer) error {
	type ask struct {
		entry int64
		id    string
	}
	rows := newRows("n int, entry int, ask text, customer text, delivery int, scale text, score real, choice text, words text, channel text, at int")
	given := map[ask]campaigns.Answer{}
	for n, a := range answers {
		key := ask{a.Entry, clean(a.Ask)}
		if _, twice := given[key]; twice || a.Entry == 0 {
			continue
		}
		given[key] = a
		rows.add(n, a.Entry, a.Ask, a.Customer, a.Delivery, a.Scale, a.Score, a.Choice, a.Text, a.Channel, a.At)
	}
	if rows.len() == 0 {
		return nil
	}
	kept, err := listRows(ctx, tx, rows, func(r record) (campaigns.Answer, error) {
		var key ask
		err := r.Scan(&key.entry, &key.id)
		return given[key], err
	}, `
		INSERT INTO answers (entry, ask, customer, delivery, scale, score, choice, text, channel, at)
		SELECT v.entry, v.ask, v.customer, v.delivery, v.scale, v.score, v.choice, v.words, v.channel, v.at
		FROM {rows} AS v WHERE TRUE ORDER BY v.n
		ON CONFLICT (entry, ask) DO UPDATE SET text = excluded.text
			WHERE answers.delivery = excluded.delivery AND answers.score IS NULL AND answers.choice = '' AND answers.text = ''
				AND excluded.score IS NULL AND excluded.choice = '' AND excluded.text <> ''
		RETURNING entry, ask`)
	if err != nil {
		return err
	}
	slices.SortStableFunc(kept, func(a, b campaigns.Answer) int { return a.At.Compare(b.At) })
	if err := addScores(ctx, tx, kept, campaigns.CSAT5, "csat"); err != nil {
		return err
	}
	return addScores(ctx, tx, kept, campaigns.NPS, "nps")
}

// answerers lists who gave answers: a score may end any of their journeys.
func answerers(answers []campaigns.Answer) []string {
	who := make([]string, len(answers))
	for i, a := range answers {
		who[i] = a.Customer
	}
	return who
}

// addScores adds the answers on one scale to the columns that carry its name.
// The answers stand in the order in which they were given.
func addScores(ctx context.Context, tx *tx, answers []campaigns.Answer, scale campaigns.Scale, column string) error {
	scores := map[string]customers.Score{}
	for _, a := range answers {
		if a.Scale == scale && a.Score != nil {
			s := scores[a.Customer]
			scores[a.Customer] = customers.Score{Last: *a.Score, Sum: s.Sum + *a.Score, Count: s.Count + 1}
		}
	}
	if len(scores) == 0 {
		return nil
	}
	rows := newRows("customer text, latest real, total real, answers int")
	for _, customer := range slices.Sorted(maps.Keys(scores)) {
		rows.add(customer, scores[customer].Last, scores[customer].Sum, scores[customer].Count)
	}
	_, err := tx.execRows(ctx, rows, fmt.Sprintf(`
		UPDATE customers SET %[1]s_last = v.latest, %[1]s_sum = %[1]s_sum + v.total, %[1]s_count = %[1]s_count + v.answers
		FROM {rows} AS v WHERE customers.id = v.customer`, column))
	return err
}

// engagement names the columns that keep a customer's latest sign of life on a
// channel, by the event that is one.
var engagement = map[string]string{
	"email opened":  "email_opened_at",
	"email clicked": "email_clicked_at",
	"sms replied":   "sms_replied_at",
	"sms answered":  "sms_replied_at",
	"push clicked":  "push_clicked_at",
}

// noteEngagement moves on when customers last showed a sign of life. A machine's
// doing has another name and is none.
func noteEngagement(ctx context.Context, tx *tx, fresh []campaigns.Response) error {
	latest := map[string]map[string]time.Time{} // by column, then by customer
	note := func(column string, e customers.Event) {
		if latest[column] == nil {
			latest[column] = map[string]time.Time{}
		}
		if e.At.After(latest[column][e.Customer]) {
			latest[column][e.Customer] = e.At
		}
	}
	for _, r := range fresh {
		if column, sign := engagement[r.Event.Name]; sign {
			note(column, r.Event)
		}
		if customers.Wrote(r.Event) {
			note("wrote_at", r.Event)
		}
	}
	for _, column := range slices.Sorted(maps.Keys(latest)) {
		rows := newRows("customer text, at int")
		for _, customer := range slices.Sorted(maps.Keys(latest[column])) {
			rows.add(customer, latest[column][customer])
		}
		_, err := tx.execRows(ctx, rows, fmt.Sprintf(`
			UPDATE customers SET %[1]s = v.at FROM {rows} AS v
			WHERE customers.id = v.customer AND COALESCE(%[1]s, 0) < v.at`, column))
		if err != nil {
			return err
		}
	}
	return nil
}

// appendPresent appends what a pointer points to, if to anything.
func appendPresent[T any](all []T, one *T) []T {
	if one == nil {
		return all
	}
	return append(all, *one)
}

// unlessEmpty writes values where there are any.
func unlessEmpty[T any](ctx context.Context, tx *tx, values []T, write func(context.Context, *tx, []T) error) error {
	if len(values) == 0 {
		return nil
	}
	return write(ctx, tx, values)
}
