package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rapport/accounts"
	"rapport/campaigns"
	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/recordings"
)

var _ customers.Eraser = (*Store)(nil)

// erasedFact tells that the suppression list holds veiled addresses, so that an
// installation without any looks for none.
const erasedFact = "erased people"

// errNoErasureKey says what is missing to know erased people again.
var errNoErasureKey = errors.New("people were erased and erasure_keys is not set, so their addresses could not be known again: set it as it was")

// Erase implements customers.Eraser. Its locks come in the order of Begin's: what a
// worker has begun to send is sent, what it has not begun it no longer holds.
func (s *Store) Erase(ctx context.Context, id, alias string, now time.Time) (gone customers.Erasure, err error) {
	err = s.write(ctx, func(tx *tx) error {
		if len(tx.erasureKeys) == 0 {
			return errors.New("erasure_keys is not set: without it an erased address could not be kept from being written to again")
		}
		gone = customers.Erasure{}
		e := eraser{tx: tx, id: id, alias: alias, now: now.UnixMilli(), gone: &gone}
		return e.erase(ctx)
	})
	if err != nil {
		return customers.Erasure{}, fmt.Errorf("erase customer %s: %w", id, err)
	}
	if s.dialect == expression.SQLite {
		_ = s.emptyLog(ctx) // they are erased; PrepareTimeline tries again, and tells
	}
	return gone, nil
}

// eraser is one erasure. After its first error it does nothing more.
type eraser struct {
	tx        *tx
	id, alias string
	now       int64
	gone      *customers.Erasure
	touched   int64 // rows
	err       error
}

func (e *eraser) erase(ctx context.Context) error {
	if err := e.tx.alone(ctx, erasing); err != nil {
		return err
	}
	e.messages(ctx)
	if e.err != nil {
		return e.err
	}
	if err := lockCustomers(ctx, e.tx, []string{e.id}); err != nil {
		return err
	}
	email, phone, earlier, err := e.addresses(ctx)
	if err != nil {
		return err
	}
	e.journeys(ctx)
	// Journeys are waited for: what one planned until then is among the messages.
	e.messages(ctx)
	for _, a := range reachedBy(email, phone, earlier) {
		e.veil(ctx, a)
	}
	e.words(ctx)
	e.timeline(ctx)
	e.do(ctx, "DELETE FROM order_lines WHERE order_id IN (SELECT o.id FROM orders o WHERE o.customer = $1)", e.id)
	e.gone.Orders = e.do(ctx, "DELETE FROM orders WHERE customer = $1", e.id)
	e.gone.Subscriptions = e.do(ctx, "DELETE FROM push_subscriptions WHERE customer = $1", e.id)
	e.handOn(ctx, email, "o.email = $2 AND k.channel = 'email'")
	e.handOn(ctx, phone, "o.phone = $2 AND k.channel IN ('sms', 'call')")
	for _, table := range []string{"consents", "earlier_addresses", "segment_members"} {
		e.do(ctx, "DELETE FROM "+table+" WHERE customer = $1", e.id)
	}
	e.do(ctx, "DELETE FROM customers WHERE id = $1", e.id)
	e.audit(ctx)
	if e.err == nil && e.touched == 0 {
		return customers.ErrUnknown
	}
	return e.err
}

// do runs a statement and returns how many rows it touched.
func (e *eraser) do(ctx context.Context, query string, args ...any) int64 {
	if e.err != nil {
		return 0
	}
	var n int64
	n, e.err = e.tx.exec(ctx, query, args...)
	e.touched += n
	return n
}

// addresses reads by what the customer can be reached and could be before, and who else
// can. Of whom there is no profile any more it knows none.
func (e *eraser) addresses(ctx context.Context) (email, phone string, earlier []reach, err error) {
	_, known, err := first(ctx, e.tx, func(r record) (none struct{}, err error) {
		return none, r.Scan(orZero(&email), orZero(&phone))
	}, "SELECT c.email, c.phone FROM customers c WHERE c.id = $1", e.id)
	if err != nil || !known {
		return "", "", nil, err
	}
	earlier, err = list(ctx, e.tx, func(r record) (before reach, err error) {
		err = r.Scan(&before.held, &before.text)
		before.earlier = true
		return before, err
	}, "SELECT a.held, a.address FROM earlier_addresses a WHERE a.customer = $1", e.id)
	if err != nil {
		return "", "", nil, err
	}
	e.gone.Twins, err = list(ctx, e.tx, column[string],
		"SELECT c.id FROM customers c WHERE c.email = $2 AND c.id <> $1 UNION SELECT c.id FROM customers c WHERE c.phone = $3 AND c.id <> $1 ORDER BY 1",
		e.id, email, phone)
	return email, phone, earlier, err
}

// reach is an address of the customer that is erased.
type reach struct {
	address
	held    string // in which column: email or phone
	earlier bool   // it is not in their profile any more
}

// reachedBy are a customer's addresses by channel, each once, in the order of
// putSuppressions.
func reachedBy(email, phone string, earlier []reach) (all []reach) {
	given := append([]reach{{address{text: email}, "email", false}, {address{text: phone}, "phone", false}}, earlier...)
	for _, a := range given {
		by := []channels.Channel{channels.Email}
		if a.held == "phone" {
			by = []channels.Channel{channels.Call, channels.SMS}
		}
		for _, a.channel = range by {
			if a.text != "" && !slices.ContainsFunc(all, func(other reach) bool { return other.address == a.address }) {
				all = append(all, a)
			}
		}
	}
	slices.SortFunc(all, func(a, b reach) int { return cmp.Or(cmp.Compare(a.channel, b.channel), cmp.Compare(a.text, b.text)) })
	return all
}

// handOn leaves the customer's noes to whoever shares the address they hold for: else
// they would be gone with the profile. A condition says who does, and by which channels. A
// yes dated ahead of the clock gives way, as in putConsents. What they said at an earlier
// address was left there when they left it (see noesLeft).
func (e *eraser) handOn(ctx context.Context, shared, to string) {
	if shared == "" {
		return
	}
	e.do(ctx, `
		INSERT INTO consents (customer, topic, channel, granted, at, source)
		SELECT o.id, k.topic, k.channel, 0, k.at, k.source FROM consents k, customers o
		WHERE k.customer = $1 AND k.granted = 0 AND k.source <> '`+customers.ByNoWord+`' AND o.id <> $1 AND `+to+`
		ON CONFLICT (customer, topic, channel) DO UPDATE SET granted = 0, at = excluded.at, source = excluded.source
		WHERE excluded.at >= consents.at OR consents.granted = 1 AND consents.at > $3`, e.id, shared, e.now)
}

// messages stops what is not begun and leaves of the rest what is counted.
func (e *eraser) messages(ctx context.Context) {
	if e.err != nil {
		return
	}
	if e.err = e.lock(ctx, "SELECT d.id FROM deliveries d WHERE d.customer = $1 ORDER BY d.id"); e.err != nil {
		return
	}
	e.do(ctx, "DELETE FROM inbox WHERE about <> 0 AND about IN (SELECT d.id FROM deliveries d WHERE d.customer = $1)", e.id)
	e.gone.Stopped += e.do(ctx, `
		UPDATE deliveries SET status = $2, rank = $3, reason = $4, settled_at = $5, lease_until = NULL, fence = NULL
		WHERE customer = $1 AND status IN ('planned', 'queued')`,
		e.id, string(deliveries.Skipped), deliveries.Skipped.Rank(), string(deliveries.Exited), e.now)
	e.gone.Messages += e.do(ctx, `
		UPDATE deliveries SET customer = $2, vars = '{}', content = NULL, zone = '', zone_from = '', ambiguous = $3 WHERE customer = $1`,
		e.id, e.alias, string(deliveries.Hold))
}

// lock keeps others from rows until the erasure is done.
func (e *eraser) lock(ctx context.Context, query string) error {
	_, err := list(ctx, e.tx, column[int64], query+e.tx.forUpdate("d"), e.id)
	return err
}

// journeys end, and forget what brought them about.
func (e *eraser) journeys(ctx context.Context) {
	e.do(ctx, `
		UPDATE entries SET state = $2, why = $3, ended_at = $4, wake_at = NULL, lease_until = NULL, revision = revision + 1
		WHERE customer = $1 AND `+asRead("state")+` = 'running'`, e.id, string(campaigns.Left), customers.Erased, e.now)
	e.gone.Journeys = e.do(ctx, `
		UPDATE entries SET customer = $2, cause = 'erased:' || CAST(id AS TEXT), key = '', journal = '{}' WHERE customer = $1`, e.id, e.alias)
}

// words takes what the customer said out of answers, cases and recordings. What
// was recorded counts as older than anything, so that it is deleted next, here and, where
// it may be, at the provider: also what was given up, or deleted here before.
func (e *eraser) words(ctx context.Context) {
	e.do(ctx, "UPDATE answers SET customer = $2, text = '' WHERE customer = $1", e.id, e.alias)
	e.do(ctx, `
		UPDATE cases SET customer = $2, title = $3, note = '', done = '', closed_at = COALESCE(closed_at, $4), waiting = 0 WHERE customer = $1`,
		e.id, e.alias, customers.Erased, e.now)
	e.gone.Recordings = e.do(ctx, `
		UPDATE recordings SET customer = $2, question = '', trouble = '', at = -1, due_at = $3, attempts = 0,
			state = CASE WHEN state = 'deleted' THEN 'deleted' ELSE 'kept' END WHERE customer = $1`, e.id, e.alias, e.now)
}

// audit lets what was done about the customer stand, under the alias. Where it is all that
// names the id there is nobody to erase.
func (e *eraser) audit(ctx context.Context) {
	touched := e.touched
	e.do(ctx, "UPDATE deeds SET about = $2 WHERE about = $1 AND about <> ''", accounts.AboutCustomer(e.id), accounts.AboutCustomer(e.alias))
	e.touched = touched
}

// withoutCustomer is a recording of somebody who was erased: nothing tells whose it is,
// and it is deleted next.
func withoutCustomer(r recordings.Recording, now time.Time) recordings.Recording {
	r.Customer, r.Question, r.Trouble, r.At = customers.Alias(""), "", "", time.UnixMilli(-1)
	if r.State == recordings.Waiting {
		r.State, r.DueAt = recordings.Kept, now
	}
	return r
}

// veiledBlock is a suppression that comes when its customer is erased already: the
// address is not kept, unless somebody else is reached by it.
func veiledBlock(ctx context.Context, tx *tx, b customers.Suppression) (customers.Suppression, error) {
	shared, err := reachesOthers(ctx, tx, address{b.Channel, b.Address}, "")
	if err != nil || shared {
		return b, err
	}
	if len(tx.erasureKeys) == 0 {
		return b, errNoErasureKey
	}
	b.Address = customers.Veil(tx.erasureKeys[0], b.Channel, b.Address)
	return b, setFact(ctx, tx, erasedFact, "yes")
}

// timeline deletes the lines, and by what they would be known again: what the shop
// tells once more of somebody who is back is news.
func (e *eraser) timeline(ctx context.Context) {
	if e.err != nil {
		return
	}
	var lines []string
	if lines, e.err = list(ctx, e.tx, column[string], "DELETE FROM events WHERE customer = $1 RETURNING key", e.id); e.err != nil {
		return
	}
	e.gone.Events = int64(len(lines))
	e.touched += e.gone.Events
	if e.tx.dialect != expression.Postgres || len(lines) == 0 {
		return
	}
	rows := newRows("number int, digest int").expect(len(lines))
	for _, key := range lines {
		of := fingerprintOf(key)
		rows.add(of.number, of.digest)
	}
	_, e.err = e.tx.execRows(ctx, rows, "DELETE FROM event_keys k USING {rows} AS v WHERE k.number = v.number AND k.digest = v.digest")
}

// veil suppresses an address without keeping it, for the reason there was. Whom else
// it reaches keeps theirs. An earlier one was given up: without a reason it may be anybody's
// next, and who has it by now has what is on the list for it, too.
func (e *eraser) veil(ctx context.Context, of reach) {
	if e.err != nil {
		return
	}
	a := of.address
	// Whoever suppresses the address at this moment is waited for, or waits (see
	// putVeiled): so a row of it is there, if only without a reason.
	var before string
	before, _, e.err = first(ctx, e.tx, column[string], `
		INSERT INTO suppressions (channel, address, reason, at) VALUES ($1, $2, '', $3)
		ON CONFLICT (channel, address) DO UPDATE SET at = suppressions.at RETURNING reason`, string(a.channel), a.text, e.now)
	if e.err != nil {
		return
	}
	reason := customers.Erased
	if before != "" && customers.Weight(before) > 0 {
		reason = before
	}
	var shared bool
	if shared, e.err = reachesOthers(ctx, e.tx, a, e.id); e.err != nil {
		return
	}
	if of.earlier && shared && before != "" {
		return
	}
	if !shared && a.channel == channels.Email {
		e.do(ctx, "DELETE FROM soft_bounces WHERE address = $1", a.text)
	}
	if !shared || before == "" {
		e.do(ctx, "DELETE FROM suppressions WHERE channel = $1 AND address = $2", string(a.channel), a.text)
	}
	if of.earlier && before == "" {
		return
	}
	e.do(ctx, "INSERT INTO suppressions (channel, address, reason, at) VALUES ($1, $2, $3, $4) ON CONFLICT (channel, address) DO NOTHING",
		string(a.channel), customers.Veil(e.tx.erasureKeys[0], a.channel, a.text), reason, e.now)
	if e.err == nil {
		e.err = setFact(ctx, e.tx, erasedFact, "yes")
	}
}

// reachesOthers reports whether anybody has an address but a customer, "" for nobody.
func reachesOthers(ctx context.Context, tx *tx, a address, but string) (others bool, err error) {
	held := "phone"
	if a.channel == channels.Email {
		held = "email"
	}
	_, others, err = first(ctx, tx, column[string], "SELECT c.id FROM customers c WHERE c."+held+" = $1 AND c.id <> $2 LIMIT 1", a.text, but)
	return others, err
}

// suppressErased suppresses the addresses among those of people that belong to
// somebody who was erased.
func suppressErased(ctx context.Context, tx *tx, people []customers.Customer) error {
	var given []address
	for i := range people {
		given = append(given, address{channels.Email, mailbox(people[i].Email)})
		phone := strings.TrimSpace(people[i].Phone)
		given = append(given, address{channels.SMS, phone}, address{channels.Call, phone})
	}
	found, err := erasedAmong(ctx, tx, given)
	if err != nil || len(found) == 0 {
		return err
	}
	blocks := make([]customers.Suppression, len(found))
	for i, f := range found {
		blocks[i] = customers.Suppression{Channel: f.channel, Address: f.text, Reason: f.reason, At: f.at}
	}
	return putSuppressions(ctx, tx, blocks)
}

// erasedAddress is one of somebody who was erased.
type erasedAddress struct {
	address
	veil   string // which stands for it on the suppression list
	reason string
	at     time.Time
	lone   bool // nobody has it now
}

// erasedAmong finds the addresses that belong to somebody who was erased; one that was
// veiled with several keys is found for each.
func erasedAmong(ctx context.Context, tx *tx, addresses []address) ([]erasedAddress, error) {
	_, erased, err := readFact(ctx, tx, erasedFact)
	if err != nil || !erased {
		return nil, err
	}
	if len(tx.erasureKeys) == 0 {
		return nil, errNoErasureKey
	}
	rows := newRows("channel text, veiled text, address text").expect(len(addresses) * len(tx.erasureKeys))
	for _, a := range addresses {
		for _, veil := range veilsOf(tx, a) {
			rows.add(a.channel, veil, a.text)
		}
	}
	if rows.len() == 0 {
		return nil, nil
	}
	return listRows(ctx, tx, rows, func(r record) (f erasedAddress, err error) {
		var had bool
		err = r.Scan(&f.channel, &f.text, &f.veil, &f.reason, asTime(&f.at), orZero(&had))
		f.lone = !had
		return f, err
	}, `
		SELECT s.channel, v.address, s.address, s.reason, s.at, CASE
			WHEN s.channel = 'email' AND EXISTS (SELECT 1 FROM customers c WHERE c.email = v.address) THEN 1
			WHEN s.channel <> 'email' AND EXISTS (SELECT 1 FROM customers c WHERE c.phone = v.address) THEN 1 ELSE 0 END
		FROM {rows} AS v JOIN suppressions s ON s.channel = v.channel AND s.address = v.veiled`)
}

// veilsOf is what may stand for an address on the suppression list, by each key;
// nothing for no address, and for what is no address of a customer's.
func veilsOf(tx *tx, a address) (veils []string) {
	if a.text == "" || a.channel == channels.Push {
		return nil
	}
	for _, key := range tx.erasureKeys {
		veils = append(veils, customers.Veil(key, a.channel, a.text))
	}
	return veils
}

// putVeiled lets blocks that were just put on the list count for people who were
// erased, and takes addresses off it that nobody else has: it is the veil that tells.
// Without a key a veil is not found, and then a STOP counts for more than its veil.
func putVeiled(ctx context.Context, tx *tx, put []customers.Suppression) error {
	if len(tx.erasureKeys) == 0 || len(put) == 0 {
		return nil
	}
	of := make(map[address]customers.Suppression, len(put))
	given := make([]address, len(put))
	for i, b := range put {
		given[i] = address{b.Channel, b.Address}
		of[given[i]] = b
	}
	found, err := erasedAmong(ctx, tx, given)
	if err != nil || len(found) == 0 {
		return err
	}
	var veiled []customers.Suppression
	lone := newRows("channel text, address text")
	for _, f := range found {
		b := of[f.address]
		b.Address = f.veil
		veiled = append(veiled, b)
		if f.lone {
			lone.add(f.channel, f.text)
		}
	}
	if _, err := blockAddresses(ctx, tx, veiled); err != nil || lone.len() == 0 {
		return err
	}
	_, err = tx.execRows(ctx, lone, `
		WITH v AS MATERIALIZED (SELECT channel, address FROM {rows} AS r)
		DELETE FROM suppressions WHERE `+tx.within("suppressions.channel", "SELECT v.channel FROM v")+" AND "+tx.within("suppressions.address", "SELECT v.address FROM v")+`
			AND EXISTS (SELECT 1 FROM v WHERE v.channel = suppressions.channel AND v.address = suppressions.address)`)
	return err
}
