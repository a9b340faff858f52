package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"rapport/campaigns"
)

var _ campaigns.Entries = (*Store)(nil)

// entryColumns are what scanEntry reads, of a table named e.
const entryColumns = `e.id, e.campaign, e.version, e.run, e.customer, e.key, e.cause, e.state, e.holdout, e.position,
	e.arrived_at, e.wake_at, e.journal, e.entered_at, e.ended_at, e.why, e.revision`

func scanEntry(r record, e *campaigns.Entry) error {
	return r.Scan(&e.ID, &e.Campaign, &e.Version, &e.Run, &e.Customer, &e.Key, &e.Trigger, &e.State, &e.Holdout, &e.Position,
		asTime(&e.ArrivedAt), asTime(&e.WakeAt), asJSON(&e.Journal), asTime(&e.EnteredAt), asTime(&e.EndedAt), &e.Why, &e.Revision)
}

// Enter implements campaigns.Entries. An entry without a state runs, and one
// that runs without a time to wake is looked at at once.
func (s *Store) Enter(ctx context.Context, entries []campaigns.Entry, again campaigns.Again) ([]bool, error) {
	defer s.timed("enter")()
	var entered []cause
	err := s.write(ctx, func(tx *tx) (err error) {
		var who []string
		for _, e := range entries {
			who = append(who, e.Customer)
		}
		here, err := keepPresent(ctx, tx, who)
		if err != nil {
			return err
		}
		known := slices.DeleteFunc(slices.Clone(entries), func(e campaigns.Entry) bool { return !here.has(e.Customer) })
		entered, err = insertEntries(ctx, tx, known, again)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("enter %d customers: %w", len(entries), err)
	}
	return matching(entries, entered), nil
}

// insertEntries adds entries inside a transaction and returns the causes of those
// that the rule let in.
func insertEntries(ctx context.Context, tx *tx, entries []campaigns.Entry, again campaigns.Again) ([]cause, error) {
	rule, err := mayEnter(again)
	if err != nil {
		return nil, err
	}
	rows := newRows(`n int, campaign text, version int, run int, customer text, key text, cause text, state text, holdout int,
		position text, arrived_at int, wake_at int, journal json, entered_at int, ended_at int, why text`)
	for n, e := range entries {
		e.State = cmp.Or(e.State, campaigns.Running)
		if e.WakeAt.IsZero() && e.State == campaigns.Running {
			e.WakeAt = e.EnteredAt
		}
		if e.ArrivedAt.IsZero() {
			e.ArrivedAt = e.EnteredAt
		}
		rows.add(n, e.Campaign, e.Version, e.Run, e.Customer, e.Key, e.Trigger, e.State, e.Holdout,
			e.Position, e.ArrivedAt, e.WakeAt, inJSON(e.Journal), e.EnteredAt, e.EndedAt, e.Why)
	}
	return listRows(ctx, tx, rows, scanCause, `
		INSERT INTO entries (campaign, version, run, customer, key, cause, state, holdout, position, arrived_at,
			wake_at, journal, entered_at, ended_at, why)
		SELECT v.campaign, v.version, v.run, v.customer, v.key, v.cause, CASE WHEN v.twin THEN 'finished' ELSE v.state END,
			COALESCE(CASE WHEN n.holdout > 0 THEN `+keptSide("n.holdout", "")+` END, v.holdout), v.position, v.arrived_at, CASE WHEN NOT v.twin THEN v.wake_at END, v.journal, v.entered_at,
			CASE WHEN v.twin THEN v.entered_at ELSE v.ended_at END, CASE WHEN v.twin THEN 'duplicate_person' ELSE v.why END
		FROM (SELECT v.*, v.cause NOT LIKE 'manual:%' AND (`+twinInBatch+" OR "+twinRunning+`) AS twin
			FROM {rows} AS v LEFT JOIN customers me ON me.id = v.customer WHERE `+rule+`) AS v
			LEFT JOIN campaign_versions n ON n.campaign = v.campaign AND n.version = v.version
		WHERE TRUE ORDER BY v.n
		ON CONFLICT DO NOTHING RETURNING campaign, cause, customer`)
}

// keptSide is the SQL for which side of the holdout (1, 0) a new entry v keeps from the
// customer's latest one in the campaign, NULL where there is nothing to keep: whoever is
// held out stays so until the share is made smaller, whoever is not until it is made
// larger. An address that changed draws nobody anew. share is SQL for the new share, and
// earlier more that is asked of the latest entry, p.
func keptSide(share, earlier string) string {
	return `(SELECT CASE WHEN p.holdout = 1 AND ` + share + ` > 0 AND ` + share + ` >= COALESCE(k.holdout, 0) THEN 1
				WHEN p.holdout = 0 AND k.holdout > 0 AND ` + share + ` <= k.holdout THEN 0 END
			FROM entries p LEFT JOIN campaign_versions k ON k.campaign = p.campaign AND k.version = p.version
			WHERE p.customer = v.customer AND p.campaign = v.campaign AND p.why <> 'duplicate_person'` + earlier + ` ORDER BY p.id DESC LIMIT 1)`
}

// KeptSide tells which side of the holdout a customer's next entry by a version keeps
// from their latest one in the campaign; nil where the lot is drawn.
func (s *Store) KeptSide(ctx context.Context, campaign string, version int, customer string) (*bool, error) {
	rows := newRows("campaign text, version int, customer text")
	rows.add(campaign, version, customer)
	var sides []int
	err := s.read(ctx, func(tx *tx) (err error) {
		sides, err = listRows(ctx, tx, rows, column[int], "SELECT COALESCE("+keptSide("n.holdout", "")+`, -1) FROM {rows} AS v
			JOIN campaign_versions n ON n.campaign = v.campaign AND n.version = v.version`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look up a side of the holdout of %s: %w", campaign, err)
	}
	if len(sides) == 0 || sides[0] < 0 {
		return nil, nil
	}
	held := sides[0] == 1
	return &held, nil
}

// Another profile of one person takes no part where the first does: it ends where
// it begins, for the record. Whom an agent named by hand is meant.
const (
	twinInBatch = `FIRST_VALUE(v.customer) OVER (
		PARTITION BY v.campaign, v.key, COALESCE(me.person, v.customer) ORDER BY v.n) <> v.customer`
	twinRunning = `EXISTS (SELECT 1 FROM customers o, entries r WHERE o.person = me.person AND o.id <> me.id
		AND r.customer = o.id AND r.campaign = v.campaign AND r.key = v.key AND r.state = 'running')`
)

// handOver enters customers into the campaigns that moves hand them over to.
// One who is not taken is so marked.
func handOver(ctx context.Context, tx *tx, moves []campaigns.Move) error {
	var admissions []campaigns.NewEntry
	var from []int // the move, by admission
	asked := newRows("n int, campaign text, cause text, customer text")
	for i, m := range moves {
		for _, a := range m.Enter {
			a.Entry.Customer = m.Entry.Customer
			asked.add(len(admissions), a.Entry.Campaign, a.Entry.Trigger, a.Entry.Customer)
			admissions, from = append(admissions, a), append(from, i)
		}
	}
	if len(admissions) == 0 {
		return nil
	}
	if err := admit(ctx, tx, admissions); err != nil {
		return err
	}
	refused, err := listRows(ctx, tx, asked, column[int], `
		SELECT v.n FROM {rows} AS v WHERE NOT EXISTS (SELECT 1 FROM entries e
			WHERE e.campaign = v.campaign AND e.cause = v.cause AND e.customer = v.customer AND e.why <> 'duplicate_person')
		ORDER BY v.n`)
	if err != nil || len(refused) == 0 {
		return err
	}
	journals := newRows("entry int, notes json")
	for _, n := range refused {
		entry := moves[from[n]].Entry
		journals.add(entry.ID, inJSON(entry.Journal.NotEntered(admissions[n].Step)))
	}
	_, err = tx.execRows(ctx, journals, "UPDATE entries SET journal = v.notes FROM {rows} AS v WHERE id = v.entry")
	return err
}

// admit enters customers inside a transaction, each by the rule of its campaign.
func admit(ctx context.Context, tx *tx, admissions []campaigns.NewEntry) error {
	byRule := map[campaigns.Again][]campaigns.Entry{}
	var rules []campaigns.Again // in order of appearance
	for _, a := range admissions {
		if _, known := byRule[a.Again]; !known {
			rules = append(rules, a.Again)
		}
		byRule[a.Again] = append(byRule[a.Again], a.Entry)
	}
	for _, rule := range rules {
		if _, err := insertEntries(ctx, tx, byRule[rule], rule); err != nil {
			return fmt.Errorf("enter %s: %w", byRule[rule][0].Campaign, err)
		}
	}
	return nil
}

// mayEnter is the SQL that says, of a new entry v, whether the customer may
// enter once more. While an entry runs no second one does, whatever it says:
// that is a unique index.
func mayEnter(again campaigns.Again) (string, error) {
	const earlier = `NOT EXISTS (SELECT 1 FROM entries p
		WHERE p.customer = v.customer AND p.campaign = v.campaign AND p.key = v.key`
	switch again.Mode {
	case "always", "":
		return "TRUE", nil
	case "never":
		return earlier + ")", nil
	case "after":
		return fmt.Sprintf("%s AND COALESCE(p.ended_at, p.entered_at) > v.entered_at - %d)", earlier, again.After.Milliseconds()), nil
	}
	return "", fmt.Errorf("%q is no rule for entering again", again.Mode)
}

// mayEnterRun is mayEnter of an occurrence: from one to the next counts, however long
// the journeys between took.
func mayEnterRun(again campaigns.Again, at time.Time) (string, error) {
	if again.Mode != "after" {
		return mayEnter(again)
	}
	return fmt.Sprintf(`NOT EXISTS (SELECT 1 FROM entries p LEFT JOIN runs o ON o.id = p.run
		WHERE p.customer = v.customer AND p.campaign = v.campaign AND p.key = v.key AND COALESCE(o.at, p.ended_at, p.entered_at) > %d)`,
		again.RunsSince(at).UnixMilli()), nil
}

// cause is what makes an entry unique.
type cause struct{ campaign, trigger, customer string }

func scanCause(r record) (c cause, err error) {
	err = r.Scan(&c.campaign, &c.trigger, &c.customer)
	return c, err
}

// matching says which of the entries asked for were added. Of two with the
// same cause it was the first.
func matching(asked []campaigns.Entry, added []cause) []bool {
	fresh := make(map[cause]bool, len(added))
	for _, c := range added {
		fresh[c] = true
	}
	flags := make([]bool, len(asked))
	for i, e := range asked {
		c := cause{clean(e.Campaign), clean(e.Trigger), clean(e.Customer)}
		flags[i] = fresh[c]
		delete(fresh, c)
	}
	return flags
}

// Awake implements campaigns.Entries. Those that were to wake first come first; the
// last comers have their part, as in Due.
func (s *Store) Awake(ctx context.Context, now time.Time, lease time.Duration, limit int) (ids []int64, err error) {
	defer s.timed("awake")()
	type waking struct{ id, at int64 }
	var awake []waking
	scan := func(r record) (w waking, err error) {
		err = r.Scan(&w.id, &w.at)
		return w, err
	}
	err = s.write(ctx, func(tx *tx) error {
		awake = nil
		return inTurns(limit, "e.wake_at, e.id", "e.wake_at DESC, e.id DESC", func(order string, limit int) (int, error) {
			leased, err := list(ctx, tx, scan, `
				UPDATE entries SET lease_until = $3 WHERE `+tx.within(tx.place(), `
					SELECT e.`+tx.place()+` FROM entries e
					WHERE e.state = 'running' AND e.wake_at IS NOT NULL AND e.wake_at <= $1 AND (e.lease_until IS NULL OR e.lease_until <= $1)
					ORDER BY `+order+` LIMIT $2`+tx.forUpdateOfFree("e"))+`
				RETURNING id, wake_at`,
				now.UnixMilli(), limit, now.Add(lease).UnixMilli())
			awake = append(awake, leased...)
			return len(leased), err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("lease entries that are awake: %w", err)
	}
	slices.SortFunc(awake, func(a, b waking) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id)) })
	for _, w := range awake {
		ids = append(ids, w.id)
	}
	return ids, nil
}

// wakeEntries lets entries be looked at at once, because there is news. It
// counts as a change: a move that was judged without the news is refused. An
// entry before its first step waits for its own time; nothing is news to it. It is
// asked of the row and not of the condition, which would not wait for a move that is
// just taking it to its first step. Until a moment they are left to the caller; the
// zero time leaves a lease as it is.
func wakeEntries(ctx context.Context, tx *tx, now time.Time, ids []int64, until time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.execRows(ctx, numbers(distinct(ids)), `
		UPDATE entries SET wake_at = CASE WHEN position = '' THEN wake_at ELSE $1 END,
			revision = CASE WHEN position = '' THEN revision ELSE revision + 1 END,
			lease_until = CASE WHEN position = '' THEN lease_until ELSE COALESCE(CAST($2 AS BIGINT), lease_until) END
		WHERE `+tx.among("id")+" AND "+asRead("state")+" = 'running'", now.UnixMilli(), instant(until))
	return err
}

// LetGo implements campaigns.Entries.
func (s *Store) LetGo(ctx context.Context, until time.Time, ids []int64) error {
	err := s.write(ctx, func(tx *tx) error {
		_, err := tx.execRows(ctx, numbers(distinct(ids)), "UPDATE entries SET lease_until = NULL WHERE "+tx.among("id")+
			" AND "+asRead("state")+" = 'running' AND lease_until = $1", until.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("let go of %d entries: %w", len(ids), err)
	}
	return nil
}

// PutOff implements campaigns.Entries.
func (s *Store) PutOff(ctx context.Context, now, until time.Time, ids []int64) error {
	err := s.write(ctx, func(tx *tx) error {
		_, err := tx.execRows(ctx, numbers(distinct(ids)), "UPDATE entries SET wake_at = $1 WHERE "+tx.among("id")+
			" AND "+asRead("state")+" = 'running' AND wake_at <= $2", until.UnixMilli(), now.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("put %d entries off: %w", len(ids), err)
	}
	return nil
}

// Leave implements campaigns.Entries.
func (s *Store) Leave(ctx context.Context, now time.Time, ids []int64, why string) error {
	_, err := s.leave(ctx, now, ids, why)
	if err != nil {
		return fmt.Errorf("end %d entries: %w", len(ids), err)
	}
	return nil
}

// leave ends running entries and returns how many it ended.
func (s *Store) leave(ctx context.Context, now time.Time, ids []int64, why string) (left int, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	err = s.write(ctx, func(tx *tx) error {
		ended, err := listRows(ctx, tx, numbers(distinct(ids)), column[int64], `
			UPDATE entries SET state = 'left', ended_at = $1, why = $2, wake_at = NULL, lease_until = NULL, revision = revision + 1
			WHERE `+tx.among("id")+` AND `+asRead("state")+` = 'running' RETURNING id`, now.UnixMilli(), clean(why))
		if err != nil {
			return err
		}
		left = len(ended)
		return dropPlanned(ctx, tx, now, ended, nil)
	})
	return left, err
}

// RunningOf implements campaigns.News.
func (s *Store) RunningOf(ctx context.Context, people []string) (running []campaigns.Entry, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		running, err = listRowsInto(ctx, tx, keys(distinct(people)), scanEntry, `
			SELECT `+entryColumns+` FROM entries e
			WHERE `+tx.among("e.customer")+" AND "+asRead("e.state")+" = 'running' ORDER BY e.id")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the running entries of %d customers: %w", len(people), err)
	}
	return running, nil
}

// EntriesOf lists a customer's entries into a campaign, oldest first, whatever
// their state.
func (s *Store) EntriesOf(ctx context.Context, campaign, customer string) (ids []int64, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		ids, err = list(ctx, tx, column[int64],
			"SELECT id FROM entries WHERE customer = $1 AND campaign = $2 ORDER BY id", customer, campaign)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list entries of a customer in %s: %w", campaign, err)
	}
	return ids, nil
}
