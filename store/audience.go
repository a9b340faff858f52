package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/expression"
	"rapport/campaigns/zones"
	"rapport/customers"
)

// EnterShard implements campaigns.Runs. Of several profiles of one person in
// the audience the one with the smallest id enters; the others are kept as
// entries that finished at once with the reason, and are not counted. An entry
// by holdout enters and is counted, as is one that waits for its stage.
func (r runs) EnterShard(ctx context.Context, shard campaigns.Shard, in campaigns.Intake, now time.Time) (entered int64, err error) {
	defer r.store.timed("enter_shard")()
	err = r.store.write(ctx, func(tx *tx) error {
		entered = 0
		if err := tx.unlessAlone(ctx, erasing); err != nil {
			return err
		}
		open, err := openShard(ctx, tx, shard)
		if err != nil || !open {
			return err
		}
		i := newIntake(shard, in, now)
		if err := i.readClocks(ctx, tx); err != nil {
			return err
		}
		twins, added, err := i.insert(ctx, tx)
		if err != nil {
			return err
		}
		entered = added - twins
		keptOut, err := i.keptOut(ctx, tx, added)
		if err != nil {
			return err
		}
		// Last, for no stage opens from here on until the shard is entered.
		if err := i.draw(ctx, tx); err != nil {
			return err
		}
		return closeShard(ctx, tx, shard, entered, keptOut, now)
	})
	if err != nil {
		return 0, fmt.Errorf("enter shard %d of run %d: %w", shard.Number, shard.Run, err)
	}
	return entered, nil
}

// openShard keeps a shard from others and reports whether it is still to enter.
func openShard(ctx context.Context, tx *tx, shard campaigns.Shard) (bool, error) {
	_, open, err := first(ctx, tx, column[int64],
		"SELECT s.number FROM run_shards s WHERE s.run = $1 AND s.number = $2 AND s.done_at IS NULL"+tx.forUpdate("s"), shard.Run, shard.Number)
	return open, err
}

// audienceQuery is everybody in some of the store's shards whom a condition
// over customers, aliased c, selects for a campaign.
type audienceQuery struct {
	campaign string
	where    string
	args     []any // of where, then of the whole
	from, to int   // shards, to exclusive
	now      time.Time
}

// arg adds an argument and gives its placeholder.
func (q *audienceQuery) arg(value any) string {
	q.args = append(q.args, value)
	return "$" + strconv.Itoa(len(q.args))
}

// members is the condition for who belongs, of customers aliased c.
func (q *audienceQuery) members() string { return q.inShards() + " AND (" + q.where + ")" }

func (q *audienceQuery) inShards() string {
	return "c.shard >= " + q.arg(q.from) + " AND c.shard < " + q.arg(q.to)
}

// sql is the relation v of customer, campaign, key, entered_at, twin and more
// columns of the customer, aliased c. The condition stands in it twice: for who
// belongs, and for whether a profile of the same person with a smaller id
// belongs too.
func (q *audienceQuery) sql(more ...string) string {
	columns, outer := "c.id, c.person", "m.id AS customer"
	for n, expression := range more {
		columns += fmt.Sprintf(", %s AS more%d", expression, n)
		outer += fmt.Sprintf(", m.more%d", n)
	}
	return `(
			SELECT ` + outer + `, CAST(` + q.arg(q.campaign) + ` AS TEXT) AS campaign, '' AS key,
				CAST(` + q.arg(q.now.UnixMilli()) + ` AS BIGINT) AS entered_at,
				EXISTS (SELECT 1 FROM customers c WHERE c.person = m.person AND c.id < m.id AND (` + q.where + `)) AS twin
			FROM (SELECT ` + columns + ` FROM customers c WHERE ` + q.members() + `) AS m
		) AS v`
}

// intake takes one shard of an audience in.
type intake struct {
	campaigns.Intake
	shard  campaigns.Shard
	now    time.Time
	clocks *rowset // when the run begins at each place; nil: at once
}

func newIntake(shard campaigns.Shard, in campaigns.Intake, now time.Time) *intake {
	in.Where = cmp.Or(in.Where, "TRUE")
	return &intake{Intake: in, shard: shard, now: now}
}

func (i *intake) audience() *audienceQuery {
	return &audienceQuery{
		campaign: i.Campaign.ID, where: i.Where, args: slices.Clone(i.Args), now: i.now,
		from: i.shard.Number * customers.Shards / i.shard.Of, to: (i.shard.Number + 1) * customers.Shards / i.shard.Of,
	}
}

// cause is what makes the entries of a run unique.
func (i *intake) cause() string { return "run:" + strconv.FormatInt(i.shard.Run, 10) }

// insert enters everybody in the shard whom the audience's condition selects, awake
// since the run's moment where nobody's own clock is asked. The audience is made
// before it is written, so that whether somebody is a second profile is found out
// once; how many there are is counted afterwards, which spares the database handing
// every entry back.
func (i *intake) insert(ctx context.Context, tx *tx) (twins, added int64, err error) {
	rule, err := mayEnterRun(i.Campaign.Entry.Again, i.shard.At)
	if err != nil {
		return 0, 0, err
	}
	q := i.audience()
	with := "WITH v AS MATERIALIZED (SELECT * FROM " + q.sql() + ")"
	start := "CAST(" + q.arg(campaigns.DueSince(i.shard.At, i.now).UnixMilli()) + " AS BIGINT)"
	if i.clocks != nil {
		// Who came between the two looks at the customers goes by the last clock.
		q = i.audience()
		with = "WITH clocks AS MATERIALIZED (SELECT r.place, r.start FROM {rows} AS r), v AS MATERIALIZED (SELECT v.*, k.start FROM " +
			q.sql(place) + " LEFT JOIN clocks AS k ON k.place = v.more0)"
		start = "COALESCE(v.start, (SELECT MAX(start) FROM clocks), v.entered_at)"
	}
	query := with + `
		INSERT INTO entries (campaign, version, run, customer, cause, state, arrived_at, wake_at, entered_at, ended_at, why)
		SELECT v.campaign, ` + q.arg(i.Campaign.Version) + `, ` + q.arg(i.shard.Run) + `, v.customer, ` + q.arg(i.cause()) + `,
			CASE WHEN v.twin THEN 'finished' ELSE 'running' END, v.entered_at,
			CASE WHEN NOT v.twin THEN ` + start + ` END, v.entered_at,
			CASE WHEN v.twin THEN v.entered_at END, CASE WHEN v.twin THEN 'duplicate_person' ELSE '' END
		FROM v WHERE ` + rule + ` ORDER BY v.customer ON CONFLICT DO NOTHING`
	args := q.args
	if i.clocks != nil {
		if query, args, err = i.clocks.bind(tx.dialect, query, args); err != nil {
			return 0, 0, err
		}
	}
	if added, err = judgedExec(ctx, tx, query, args...); err != nil {
		return 0, 0, err
	}
	twins, err = i.twins(ctx, tx)
	return twins, added, err
}

// twins counts the second profiles that the shard set aside.
func (i *intake) twins(ctx context.Context, tx *tx) (int64, error) {
	q := i.audience()
	q.args = nil
	twins, _, err := first(ctx, tx, column[int64], `
		SELECT COUNT(*) FROM entries e JOIN customers c ON c.id = e.customer
		WHERE e.run = `+q.arg(i.shard.Run)+` AND e.why = 'duplicate_person' AND `+q.inShards(), q.args...)
	return twins, err
}

// place is all that tells whose clock a customer goes by, as one text.
var place = "COALESCE(c.zone, '') || '|' || COALESCE(c.phone_zone, '') || '|' || COALESCE(c.country, '') || '|' || COALESCE(" + askedNumber + ", '')"

// askedNumber is the number where the other columns leave it open whose clock a
// customer goes by (campaigns.Workspace.ZoneOf): where they tell nothing, or of two
// countries. It is left out everywhere else, so that places are few.
var askedNumber = "CASE WHEN c.zone IS NULL AND (c.country IS NULL) = (c.phone_zone IS NULL) AND COALESCE(c.country || ' ' || c.phone_zone, '') NOT IN (" +
	zonesWithin() + ") THEN c.phone END"

// zonesWithin lists all zones with their country before them, as SQL.
func zonesWithin() string {
	var all []string
	for zone, country := range zones.Places() {
		all = append(all, "'"+country+" "+zone+"'")
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// readClocks finds out when the run begins at each place of the shard's customers,
// where it does not begin at once for everybody, and leaves out those places for
// which a late run comes too late. The rule is asked once for each place.
func (i *intake) readClocks(ctx context.Context, tx *tx) error {
	if i.Start == nil {
		return nil
	}
	q := i.audience()
	q.args = nil
	i.clocks = newRows("place text, start int")
	var past []string
	err := eachRow(ctx, tx, func(r record) error {
		var at string
		var c customers.Customer
		if err := r.Scan(&at, orZero(&c.Zone), orZero(&c.PhoneZone), orZero(&c.Country), orZero(&c.Phone)); err != nil {
			return err
		}
		start := i.Start(&c)
		i.clocks.add(at, start)
		if start.Before(i.shard.Since) {
			past = append(past, at)
		}
		return nil
	}, "SELECT DISTINCT "+place+", c.zone, c.phone_zone, c.country, "+askedNumber+" FROM customers c WHERE "+q.inShards(), q.args...)
	if err != nil || len(past) == 0 {
		return err
	}
	return i.leaveOut(tx.dialect, past)
}

// leaveOut takes the customers at some places out of the audience.
func (i *intake) leaveOut(d expression.Dialect, places []string) error {
	list, err := json.Marshal(places)
	if err != nil {
		return err
	}
	each := "SELECT value FROM json_each($%d)"
	if d == expression.Postgres {
		each = "SELECT jsonb_array_elements_text(CAST($%d AS jsonb))"
	}
	i.Where = "(" + i.Where + ") AND " + place + " NOT IN (" + fmt.Sprintf(each, len(i.Args)+1) + ")"
	i.Args = append(slices.Clone(i.Args), string(list))
	return nil
}

// draw marks those newcomers whom the campaign never contacts, and lets those
// wait whose stage has not come. Whoever opens that stage finds them.
func (i *intake) draw(ctx context.Context, tx *tx) error {
	c := i.Campaign
	if c.Holdout <= 0 && c.Rollout == nil {
		return nil
	}
	share := 1.0
	if c.Rollout != nil {
		open, err := openStages(ctx, tx, c, []int64{i.shard.Run}, i.now, tx.forShare("s"))
		if err != nil {
			return err
		}
		share = open[i.shard.Run]
	}
	held, outside := newRows("id int"), newRows("id int")
	q := i.audience()
	q.args = nil
	err := eachRow(ctx, tx, func(r record) error {
		var entry int64
		var person string
		var kept *int64
		err := r.Scan(&entry, &person, &kept)
		switch {
		case kept == nil && campaigns.InHoldout(c.ID, person, c.Holdout), kept != nil && *kept == 1:
			held.add(entry)
		case share < 1 && !campaigns.InStage(c.ID, person, share):
			outside.add(entry)
		}
		return err
	}, "SELECT v.id, c.person, "+i.keptSide(q)+" FROM customers c JOIN entries v ON v.campaign = "+q.arg(c.ID)+" AND v.cause = "+q.arg(i.cause())+
		" AND v.customer = c.id AND v.state = 'running' WHERE "+q.inShards(), q.args...)
	if err != nil {
		return err
	}
	if held.len() > 0 {
		if _, err := tx.execRows(ctx, held, "UPDATE entries SET holdout = 1 WHERE "+tx.among("id")); err != nil {
			return err
		}
	}
	if outside.len() == 0 {
		return nil
	}
	_, err = tx.execRows(ctx, outside, "UPDATE entries SET wake_at = NULL WHERE "+tx.among("id"))
	return err
}

// keptSide is keptSide of an occurrence's entries.
func (i *intake) keptSide(q *audienceQuery) string {
	if i.Campaign.Holdout <= 0 {
		return "CAST(NULL AS BIGINT)"
	}
	return keptSide("CAST("+q.arg(i.Campaign.Holdout)+" AS DOUBLE PRECISION)", " AND p.id < v.id")
}

// keptOut counts who belongs and was not added. Where nobody entered the
// campaign before, nobody can be kept out, and nothing is counted.
func (i *intake) keptOut(ctx context.Context, tx *tx, added int64) (int64, error) {
	_, earlier, err := first(ctx, tx, column[int64], `
		SELECT 1 WHERE EXISTS (SELECT 1 FROM entries WHERE campaign = $1 AND cause < $2)
			OR EXISTS (SELECT 1 FROM entries WHERE campaign = $1 AND cause > $2)`, i.Campaign.ID, i.cause())
	if err != nil || !earlier {
		return 0, err
	}
	q := i.audience()
	belong, err := judged(ctx, tx, column[int64], "SELECT COUNT(*) FROM customers c WHERE "+q.members(), q.args...)
	if err != nil {
		return 0, err
	}
	return max(0, belong[0]-added), nil
}

func closeShard(ctx context.Context, tx *tx, shard campaigns.Shard, entered, keptOut int64, now time.Time) error {
	if _, err := tx.exec(ctx, "UPDATE run_shards SET done_at = $3 WHERE run = $1 AND number = $2", shard.Run, shard.Number, now.UnixMilli()); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `
		UPDATE runs SET shards_left = shards_left - 1, entered = entered + $2, kept_out = kept_out + $3,
			state = CASE WHEN shards_left <= 1 THEN 'entered' ELSE state END
		WHERE id = $1`, shard.Run, entered, keptOut)
	return err
}
