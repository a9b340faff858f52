package storetest

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rapport/accounts"
	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/recordings"
	"rapport/store"
	"rapport/store/storetest/fresh"
)

// forgotten is who is erased, and telling what would show that they are not.
var (
	forgotten = customers.Customer{
		ID: "quillmark-1", Email: "quillmark@shop.example", Phone: "+4915112349876", FirstName: "quillmark", Traits: map[string]any{"says": "my own words"},
	}
	telling = []string{"quillmark", "4915112349876", "secret-order", "my own words"}
)

func erasable(t *testing.T, dsn string) *store.Store {
	t.Helper()
	s := Open(t, dsn)
	s.ErasureKeys = [][]byte{[]byte("the key of this year, long enough"), []byte("the key of the year before")}
	return s
}

// known makes the store know all there can be of somebody: what they said and
// bought, a message they had, one being judged and one that waits.
func known(t *testing.T, s *store.Store) (had, judged, waiting deliveries.Delivery, fence deliveries.Fence) {
	t.Helper()
	who := forgotten
	put(t, s, who)
	begun := journey(who.ID, "event:secret-order")
	begun.Key, begun.Journal.Event = "secret-order", map[string]any{"order_id": "secret-order"}
	if _, err := s.Enter(t.Context(), []campaigns.Entry{begun}, always); err != nil {
		t.Fatal(err)
	}
	awake, err := s.Awake(t.Context(), noon, lease, 1)
	if err != nil || len(awake) != 1 {
		t.Fatal(awake, err)
	}
	move := journeyOf(t, s, awake[0])
	for i, ch := range []channels.Channel{channels.Email, channels.SMS, channels.Call} {
		d := message(ch)
		d.Step, d.DueAt, d.Vars = fmt.Sprint(i), noon.Add(time.Duration(i)*time.Hour), map[string]any{"order": "secret-order"}
		move.Plan = append(move.Plan, d)
	}
	apply(t, s, move)
	of := deliveriesOf(t, s, awake[0])
	had, judged, waiting = of[0], of[1], of[2]
	fence, claimed := claim(t, s)
	begin(t, s, fence, claimed, pass(1))
	settle(t, s, fence, deliveries.Outcome{ID: had.ID, Status: deliveries.Sent, ProviderID: "m1"})
	fence, claimed = claimAt(t, s, judged.DueAt)
	if len(claimed) != 1 {
		t.Fatalf("claimed %d", len(claimed))
	}
	for what, err := range map[string]error{
		"an event": func() error {
			_, err := s.Append(t.Context(), []customers.Event{{
				Customer: who.ID, Name: "sms replied", At: noon, ReceivedAt: noon, Key: "k1", Delivery: had.ID, Entry: had.Entry,
				Properties: map[string]any{"text": "my own words", "from": who.Phone},
			}})
			return err
		}(),
		"a browser":   s.Subscribe(t.Context(), who.ID, channels.PushSubscription{Endpoint: "https://push.example/quillmark", P256dh: "p", Auth: "a"}, noon),
		"a no":        s.Consent(t.Context(), noon, []customers.Consent{{Customer: who.ID, Topic: "news", Channel: channels.Email, At: noon, Source: "form"}}),
		"a complaint": s.Suppress(t.Context(), []customers.Suppression{{Channel: channels.Email, Address: who.Email, Reason: channels.ReasonComplained, At: noon}}),
		"a recording": s.Recordings().Add(t.Context(), []recordings.Recording{{
			ProviderID: "RE1", Customer: who.ID, Kind: recordings.Answer, Question: "secret-order", At: noon, State: recordings.Waiting, DueAt: noon,
		}}),
	} {
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	openCases(t, s, customers.Case{Customer: who.ID, Entry: had.Entry, Queue: "support", Priority: customers.Normal, Title: "quillmark is unhappy", Note: "my own words", Why: "reply", OpenedAt: noon, DueAt: noon})
	finished := opened(t, s, customers.Case{Customer: who.ID, Queue: "support", Priority: customers.Normal, Title: "closed", Why: "complaint", OpenedAt: noon})
	if err := s.Casebook().Close(t.Context(), finished, "kim", "my own words", noon, nil); err != nil {
		t.Fatal(err)
	}
	o := order("secret-order", who.ID, noon, line(1, 1, 100))
	putOrders(t, s, o)
	return had, judged, waiting, fence
}

func TestNothingTellsOfSomebodyWhoWasErased(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s := erasable(t, dsn)
		had, judged, waiting, fence := known(t, s)
		put(t, s, customers.Customer{ID: "c-twin", Phone: forgotten.Phone + "0"})

		gone, err := s.Erase(t.Context(), forgotten.ID, customers.Alias("x"), noon)
		if err != nil {
			t.Fatal(err)
		}
		if gone.Messages != 3 || gone.Stopped != 2 || gone.Journeys != 1 || gone.Orders != 1 || gone.Subscriptions != 1 || gone.Recordings != 1 || gone.Events == 0 {
			t.Errorf("gone: %+v", gone)
		}
		for where, text := range everything(t, dsn) {
			for _, word := range telling {
				if strings.Contains(strings.ReplaceAll(text, "49151123498760", ""), word) {
					t.Errorf("%s still says %q: %s", where, word, text)
				}
			}
		}
		if _, err := s.Find(t.Context(), forgotten.Email); !errors.Is(err, customers.ErrUnknown) {
			t.Errorf("found by the address: %v", err)
		}
		if d := stored(t, s, had.ID); d.Status != deliveries.Sent || d.Cost != 1 || d.ProviderID != "m1" {
			t.Errorf("what was sent is no longer counted: %+v", d)
		}
		for _, d := range []deliveries.Delivery{judged, waiting} {
			if d := stored(t, s, d.ID); d.Status != deliveries.Skipped {
				t.Errorf("by %s it is still %s", d.Channel, d.Status)
			}
		}
		verdicts := begin(t, s, fence, []deliveries.Delivery{judged}, pass(1))
		if verdicts[0].Go {
			t.Error("a worker that had the message already may send it")
		}
		if old, err := s.Recordings().KeptBefore(t.Context(), time.UnixMilli(0), 10); err != nil || len(old) != 1 {
			t.Errorf("%d recordings are to be deleted: %v", len(old), err)
		}
		if _, err := s.Erase(t.Context(), forgotten.ID, customers.Alias("y"), noon); !errors.Is(err, customers.ErrUnknown) {
			t.Errorf("erased twice: %v", err)
		}
	})
}

// Who was erased comes back with the shop's next export.
func TestErasedPeopleStaySuppressedWhenTheyAreImportedAgain(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s := erasable(t, dsn)
		known(t, s)
		if _, err := s.Erase(t.Context(), forgotten.ID, customers.Alias("x"), noon); err != nil {
			t.Fatal(err)
		}
		s.ErasureKeys = [][]byte{[]byte("a new one in the first place"), s.ErasureKeys[0]}
		back := customers.Customer{ID: "new-id", Email: " Quillmark@shop.example", Phone: forgotten.Phone}
		put(t, s, back, customers.Customer{ID: "c-other", Email: "other@shop.example"})
		want := map[channels.Channel]string{channels.Email: channels.ReasonComplained, channels.SMS: customers.Erased, channels.Call: customers.Erased}
		same(t, "suppressed", loaded(t, s, "new-id").Suppressed, want)
		same(t, "another's", loaded(t, s, "c-other").Suppressed, nil)

		if err := s.Release(t.Context(), channels.SMS, forgotten.Phone, noon.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if why := loaded(t, s, "new-id").Suppressed[channels.SMS]; why != "" {
			t.Errorf("who asks for texts again does not get any: %s", why)
		}
		s.ErasureKeys = nil
		if _, err := s.PutCustomers(t.Context(), noon, []customers.Customer{back}); err == nil || !strings.Contains(err.Error(), "erasure_keys is not set") {
			t.Errorf("without a key they were taken in: %v", err)
		}
	})
}

// What comes to be known of an address later, from a report or from its owner, is kept
// under the hash too, unless somebody has the address again.
func TestNothingThatIsLearnedLaterTellsOfAnErasedAddress(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s := erasable(t, dsn)
		put(t, s, forgotten)
		if _, err := s.Erase(t.Context(), forgotten.ID, customers.Alias("x"), noon); err != nil {
			t.Fatal(err)
		}
		word := func(ch channels.Channel, reason string, after time.Duration) customers.Suppression {
			return customers.Suppression{Channel: ch, Address: forgotten.Address(ch), Reason: reason, At: noon.Add(after)}
		}
		suppress(t, s, word(channels.Email, customers.Bounced, time.Hour), word(channels.SMS, channels.ReasonOptedOut, time.Hour), word(channels.Call, channels.ReasonComplained, time.Hour))
		for n := range customers.SoftBounceLimit {
			if err := s.Try(t.Context(), []customers.Trial{{Address: forgotten.Email, Message: fmt.Sprint(n), At: noon}}); err != nil {
				t.Fatal(err)
			}
		}
		untold(t, dsn, telling...)

		s.ErasureKeys = [][]byte{[]byte("a new one in the first place"), s.ErasureKeys[0]}
		release := func(after time.Duration) {
			t.Helper()
			for _, ch := range []channels.Channel{channels.Email, channels.SMS, channels.Call} {
				if err := s.Release(t.Context(), ch, forgotten.Address(ch), noon.Add(after)); err != nil {
					t.Fatal(err)
				}
			}
		}
		release(time.Minute) // from before they said stop, and read late
		put(t, s, forgotten)
		want := map[channels.Channel]string{channels.SMS: channels.ReasonOptedOut, channels.Call: channels.ReasonComplained}
		same(t, "suppressed", loaded(t, s, forgotten.ID).Suppressed, want)
		release(2 * time.Hour)
		put(t, s, forgotten) // as with every export of the shop
		delete(want, channels.SMS)
		same(t, "suppressed after a START", loaded(t, s, forgotten.ID).Suppressed, want)
		suppress(t, s, word(channels.Email, customers.Bounced, 3*time.Hour))
		want[channels.Email] = customers.Bounced
		same(t, "suppressed after a bounce", loaded(t, s, forgotten.ID).Suppressed, want)
	})
}

// What is on the list for an address that they had before is known to be theirs, unless
// somebody else has it by now.
func TestNothingTellsOfAnAddressThatWasGivenUp(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s := erasable(t, dsn)
		before := forgotten
		before.Email, before.Phone = "quillmark-before@shop.example", "+491511234987600"
		put(t, s, before)
		block := func(ch channels.Channel, address, reason string) customers.Suppression {
			return customers.Suppression{Channel: ch, Address: address, Reason: reason, At: noon}
		}
		suppress(t, s, block(channels.Email, before.Email, channels.ReasonComplained))
		between := forgotten
		between.Phone = "+4915100000001" // whose it is next
		put(t, s, between)
		put(t, s, forgotten, customers.Customer{ID: "c-next", Phone: between.Phone})
		suppress(t, s, block(channels.SMS, before.Phone, channels.ReasonOptedOut), block(channels.SMS, between.Phone, channels.ReasonOptedOut))
		if err := s.Try(t.Context(), []customers.Trial{{Address: before.Email, Message: "m1", At: noon}}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Erase(t.Context(), forgotten.ID, customers.Alias("x"), noon); err != nil {
			t.Fatal(err)
		}
		untold(t, dsn, telling...)
		same(t, "the next one's", loaded(t, s, "c-next").Suppressed, map[channels.Channel]string{channels.SMS: channels.ReasonOptedOut})

		back := customers.Customer{ID: "c-back", Email: before.Email, Phone: before.Phone}
		put(t, s, back)
		same(t, "who comes back by them", loaded(t, s, "c-back").Suppressed, map[channels.Channel]string{channels.Email: channels.ReasonComplained, channels.SMS: channels.ReasonOptedOut})
	})
}

// Who did what to somebody who was erased is known, and not to whom.
func TestTheAuditTellsNoIDOfWhoWasErased(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s := erasable(t, dsn)
		put(t, s, forgotten)
		for _, about := range []string{accounts.AboutCustomer(forgotten.ID), accounts.AboutCustomer("c-other"), "case 1"} {
			if err := s.Accounts().Note(t.Context(), accounts.Deed{At: noon, Account: "bea", What: "opened", About: about}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Erase(t.Context(), forgotten.ID, customers.Alias("x"), noon); err != nil {
			t.Fatal(err)
		}
		untold(t, dsn, telling...)
		noted, err := s.Accounts().Deeds(t.Context(), "bea", "", 10)
		if err != nil || len(noted) != 3 || noted[0].About != "case 1" || noted[1].About != "customer c-other" || noted[2].About != "customer erased:x" {
			t.Errorf("the audit has %+v, %v", noted, err)
		}
	})
}

func suppress(t *testing.T, s *store.Store, blocks ...customers.Suppression) {
	t.Helper()
	if err := s.Suppress(t.Context(), blocks); err != nil {
		t.Fatal(err)
	}
}

// A report that is being written down when its customer is erased.
func TestNothingTellsOfAnAddressThatIsSuppressedMeanwhile(t *testing.T) {
	dsn := fresh.Postgres(t) // SQLite has one writer
	s := erasable(t, dsn)
	put(t, s, forgotten)
	report, err := beside(t, dsn).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := report.ExecContext(t.Context(), "INSERT INTO suppressions (channel, address, reason, at) VALUES ('email', $1, 'bounced', 0)", forgotten.Email); err != nil {
		t.Fatal(err)
	}
	erased := make(chan struct{})
	together(t, 2, func(i int) (err error) {
		if i == 0 {
			defer close(erased)
			_, err = s.Erase(t.Context(), forgotten.ID, customers.Alias("x"), noon)
			return err
		}
		for !holds(t, report, "pg_backend_pid() = ANY (pg_blocking_pids(l.pid))") {
			select {
			case <-erased:
				t.Error("the erasure waited for nobody")
				return report.Commit()
			default:
			}
		}
		return report.Commit()
	})
	untold(t, dsn, telling...)
}

// Somebody else may have one of the addresses, and keeps what is known of that one.
func TestWhoSharesAnAddressKeepsNoOtherReadable(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s := erasable(t, dsn)
		put(t, s, forgotten, customers.Customer{ID: "c-twin", Email: forgotten.Email})
		suppress(t, s, customers.Suppression{Channel: channels.SMS, Address: forgotten.Phone, Reason: channels.ReasonOptedOut, At: noon})
		for n := range customers.SoftBounceLimit {
			if n == 1 {
				if _, err := s.Erase(t.Context(), forgotten.ID, customers.Alias("x"), noon); err != nil {
					t.Fatal(err)
				}
				untold(t, dsn, forgotten.Phone)
				same(t, "the twin's", loaded(t, s, "c-twin").Suppressed, nil)
			}
			if err := s.Try(t.Context(), []customers.Trial{{Address: forgotten.Email, Message: fmt.Sprint(n), At: noon}}); err != nil {
				t.Fatal(err)
			}
		}
		same(t, "the twin's after the last bounce", loaded(t, s, "c-twin").Suppressed, map[channels.Channel]string{channels.Email: customers.SoftBounces})
	})
}

// A no holds for the mailbox, whichever profile said it and whether or not it is left.
func TestANoOutlastsWhoSaidIt(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		s.ErasureKeys = [][]byte{[]byte("the key of this year, long enough")}
		put(t, s, forgotten, customers.Customer{ID: "c-mailbox", Email: forgotten.Email}, customers.Customer{ID: "c-number", Phone: forgotten.Phone}, customers.Customer{ID: "c-else", Email: "else@shop.example"})
		say := func(who, topic string, ch channels.Channel, in bool, at time.Time) customers.Consent {
			return customers.Consent{Customer: who, Topic: topic, Channel: ch, In: in, At: at, Source: customers.ByImport}
		}
		if err := s.Consent(t.Context(), noon.Add(time.Hour), []customers.Consent{
			say(forgotten.ID, "news", channels.Email, false, noon), say(forgotten.ID, "news", channels.SMS, false, noon), say(forgotten.ID, "offers", channels.Email, true, noon),
			say(forgotten.ID, "care", channels.Email, false, noon), say("c-mailbox", "care", channels.Email, true, noon.Add(time.Hour)),
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Erase(t.Context(), forgotten.ID, customers.Alias("x"), noon.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		for who, want := range map[string]map[string]bool{
			"c-mailbox": {"news email": false, "care email": true}, "c-number": {"news sms": false}, "c-else": {},
		} {
			said := map[string]bool{}
			for _, word := range loaded(t, s, who).Consents {
				said[word.Topic+" "+string(word.Channel)] = word.In
			}
			same(t, who, said, want)
		}
	})
}

// A yes that a clock ahead has dated holds against no no that is handed on, as against none
// that is said.
func TestANoThatIsHandedOnCountsOverAYesOfTomorrow(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s := erasable(t, dsn)
		put(t, s, forgotten, customers.Customer{ID: "c-mailbox", Email: forgotten.Email})
		if err := s.Consent(t.Context(), noon, []customers.Consent{
			{Customer: forgotten.ID, Topic: "news", Channel: channels.Email, At: noon, Source: customers.ByOneClick},
			{Customer: "c-mailbox", Topic: "news", Channel: channels.Email, In: true, At: noon, Source: customers.ByImport},
		}); err != nil {
			t.Fatal(err)
		}
		write(t, dsn, fmt.Sprintf("UPDATE consents SET at = %d WHERE customer = 'c-mailbox'", noon.Add(24*time.Hour).UnixMilli()))
		if _, err := s.Erase(t.Context(), forgotten.ID, customers.Alias("x"), noon); err != nil {
			t.Fatal(err)
		}
		same(t, "the twin's", loaded(t, s, "c-mailbox").Consents, []customers.Consent{
			{Customer: "c-mailbox", Topic: "news", Channel: channels.Email, At: noon, Source: customers.ByOneClick},
		})
	})
}

// Orders of somebody who was erased and is known again stand where all others do.
func TestOrdersThatComeBackAreOnTheTimeline(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		s.ErasureKeys = [][]byte{[]byte("the key of this year, long enough")}
		for range 2 {
			put(t, s, forgotten)
			putOrders(t, s, order("o-1", forgotten.ID, noon, line(1, 1, 100)))
			told, err := s.Of(t.Context(), forgotten.ID, 10)
			if err != nil || len(told) != 1 || loaded(t, s, forgotten.ID).Orders.Count != 1 {
				t.Errorf("%d orders, %d of them on the timeline, %v", loaded(t, s, forgotten.ID).Orders.Count, len(told), err)
			}
			if _, err := s.Erase(t.Context(), forgotten.ID, customers.Alias("x"), noon); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A journey that is walked on meanwhile plans its next message before the erasure
// ends it.
func TestNothingTellsOfWhatAJourneyPlannedMeanwhile(t *testing.T) {
	dsn := fresh.Postgres(t) // SQLite has one writer
	s := erasable(t, dsn)
	had, _, _, _ := known(t, s)
	walk, err := beside(t, dsn).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"UPDATE entries SET revision = revision + 1 WHERE id = $1",
		`INSERT INTO deliveries (entry, customer, campaign, version, step, channel, topic, template, vars, status, rank, due_at, expires_at, ambiguous, planned_at)
			SELECT entry, customer, campaign, version, '9', channel, topic, template, vars, 'planned', 0, due_at, expires_at, ambiguous, planned_at
			FROM deliveries WHERE entry = $1 AND step = '0'`,
	} {
		if _, err := walk.ExecContext(t.Context(), statement, had.Entry); err != nil {
			t.Fatal(err)
		}
	}
	var gone customers.Erasure
	together(t, 2, func(i int) (err error) {
		if i == 0 {
			gone, err = s.Erase(t.Context(), forgotten.ID, customers.Alias("x"), noon)
			return err
		}
		awaited(t, walk, "pg_backend_pid() = ANY (pg_blocking_pids(l.pid))")
		return walk.Commit()
	})
	if gone.Messages != 4 || gone.Stopped != 3 {
		t.Errorf("gone: %+v", gone)
	}
	untold(t, dsn, telling...)
	if found := deliveriesOf(t, s, had.Entry); len(found) != 4 || found[3].Status != deliveries.Skipped {
		t.Errorf("the journey's messages are %+v", found)
	}
}

// untold fails where a row of any table holds one of these words.
func untold(t *testing.T, dsn string, words ...string) {
	t.Helper()
	for where, text := range everything(t, dsn) {
		for _, word := range words {
			if strings.Contains(text, word) {
				t.Errorf("%s still says %q: %s", where, word, text)
			}
		}
	}
}

// On SQLite nothing is left in the file and the log beside it either, once nobody reads
// from before the erasure.
func TestTheFileTellsNothingOfSomebodyWhoWasErased(t *testing.T) {
	dsn := fresh.SQLite(t)
	s := erasable(t, dsn)
	var neighbours []customers.Customer
	for i := range 400 {
		neighbours = append(neighbours, customers.Customer{ID: fmt.Sprintf("%c-%d", 'a'+i%26, i), Email: fmt.Sprintf("%c-%d@shop.example", 'a'+i%26, i)})
	}
	put(t, s, neighbours[:200]...)
	known(t, s)
	put(t, s, neighbours[200:]...)
	path := strings.TrimPrefix(dsn, "sqlite:")
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	reading, err := db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := reading.QueryRowContext(t.Context(), "SELECT count(*) FROM customers").Scan(&n); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Erase(t.Context(), forgotten.ID, customers.Alias("x"), noon); err != nil {
		t.Fatal(err)
	}
	if err := reading.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := s.PrepareTimeline(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	unread(t, path)

	put(t, s, forgotten)
	if _, err := s.Erase(t.Context(), forgotten.ID, customers.Alias("y"), noon); err != nil {
		t.Fatal(err)
	}
	unread(t, path)
}

// unread fails where a database's file or the log beside it tells of who was erased.
func unread(t *testing.T, path string) {
	t.Helper()
	for _, name := range []string{path, path + "-wal"} {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range telling {
			if n := bytes.Count(raw, []byte(word)); n > 0 {
				t.Errorf("%s says %q %d times", filepath.Base(name), word, n)
			}
		}
	}
}

// What is read of somebody's, or written for them, before they are erased may come to
// the store after that.
func TestWhatComesLateOfSomebodyErasedLeavesNothing(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s := erasable(t, dsn)
		had, _, _, _ := known(t, s)
		if _, err := s.Erase(t.Context(), forgotten.ID, customers.Alias("x"), noon); err != nil {
			t.Fatal(err)
		}
		for what, write := range late(t, s, had) {
			if err := write(); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		untold(t, dsn, telling...)
		if d := stored(t, s, had.ID); d.Status != deliveries.Delivered {
			t.Errorf("what was sent before is %s", d.Status)
		}
		if old, err := s.Recordings().KeptBefore(t.Context(), time.UnixMilli(0), 10); err != nil || len(old) != 2 {
			t.Errorf("%d recordings are to be deleted: %v", len(old), err)
		}
		put(t, s, customers.Customer{ID: "new-id", Email: forgotten.Email, Phone: forgotten.Phone})
		want := map[channels.Channel]string{channels.Email: channels.ReasonComplained, channels.SMS: customers.Erased, channels.Call: customers.Erased}
		same(t, "suppressed", loaded(t, s, "new-id").Suppressed, want)
	})
}

// late is what may still be written of somebody, who had a message.
func late(t *testing.T, s *store.Store, had deliveries.Delivery) map[string]func() error {
	who := forgotten.ID
	said := func(key string) customers.Event {
		return customers.Event{
			Customer: who, Name: "sms replied", At: noon, ReceivedAt: noon, Key: key, Delivery: had.ID, Entry: had.Entry,
			Properties: map[string]any{"text": "my own words"},
		}
	}
	opened := customers.Case{Customer: who, Queue: "support", Priority: customers.Normal, Title: "Reply", Note: "my own words", Why: "reply", OpenedAt: noon}
	agreed := customers.Consent{Customer: who, Topic: "offers", Channel: channels.SMS, In: true, At: noon, Source: "sms"}
	score := 5.0
	return map[string]func() error{
		"a response": func() error {
			return s.Responses().Apply(t.Context(), noon, []campaigns.Response{{
				Event: said("late:1"), Progress: &deliveries.Progress{ID: had.ID, Status: deliveries.Delivered}, Case: &opened, Consents: []customers.Consent{agreed},
				Answer:      &campaigns.Answer{Entry: had.Entry, Ask: "csat", Customer: who, Delivery: had.ID, Scale: campaigns.CSAT5, Score: &score, Text: "my own words", Channel: channels.SMS, At: noon},
				Suppression: &customers.Suppression{Channel: channels.SMS, Address: forgotten.Phone, Reason: channels.ReasonOptedOut, At: noon},
				Trial:       &customers.Trial{Address: forgotten.Email, Message: "m1", At: noon},
				Reply:       &deliveries.Delivery{Customer: who, Step: "reply:1", Channel: channels.SMS, Template: "thanks", DueAt: noon, ExpiresAt: noon, PlannedAt: noon, Ambiguous: deliveries.Hold},
				Recording:   &recordings.Recording{ProviderID: "RE2", Customer: who, Kind: recordings.Answer, Question: "secret-order", At: noon, State: recordings.Waiting, DueAt: noon},
			}})
		},
		"a consent": func() error { return s.Consent(t.Context(), noon, []customers.Consent{agreed}) },
		"a browser": func() error { return s.Subscribe(t.Context(), who, browserOf("quillmark-2"), noon) },
		"a case":    func() error { return s.Casebook().Open(t.Context(), []customers.Case{opened}) },
		"what they did": func() error {
			_, err := s.Append(t.Context(), []customers.Event{said("late:2")})
			return err
		},
		"a journey": func() error {
			_, err := s.Enter(t.Context(), []campaigns.Entry{journey(who, "late:3")}, campaigns.Again{})
			return err
		},
	}
}

func browserOf(whose string) channels.PushSubscription {
	return channels.PushSubscription{Endpoint: "https://push.example/" + whose, P256dh: "p", Auth: "a"}
}

// Each waits for an erasure that is under way, and then finds nobody.
func TestWhatComesBesideAnErasureWaitsForIt(t *testing.T) {
	dsn := fresh.Postgres(t) // SQLite has one writer
	s := erasable(t, dsn)
	put(t, s, forgotten)
	for what, writes := range late(t, s, deliveries.Delivery{}) {
		erasure, err := beside(t, dsn).BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := erasure.ExecContext(t.Context(), "DELETE FROM customers WHERE id = $1", forgotten.ID); err != nil {
			t.Fatal(err)
		}
		var over atomic.Bool
		together(t, 2, func(i int) error {
			if i == 0 {
				defer over.Store(true)
				return writes()
			}
			for !over.Load() && !holds(t, erasure, "pg_backend_pid() = ANY (pg_blocking_pids(l.pid))") {
			}
			return erasure.Commit()
		})
		untold(t, dsn, telling...)
		if t.Failed() {
			t.Fatal(what)
		}
		write(t, dsn, "DELETE FROM suppressions") // else it is theirs again with them
		put(t, s, forgotten)
	}
}

// Whom a condition selects nobody holds, so that these wait for an erasure as a whole.
// It has ended their journeys when they begin.
func TestWhoIsSelectedBesideAnErasureDoesNotComeBack(t *testing.T) {
	selects := map[string]func(*store.Store, campaigns.Shard) error{
		"an audience": func(s *store.Store, all campaigns.Shard) error {
			_, err := s.Runs().EnterShard(t.Context(), all, campaigns.Intake{Campaign: weekly("always", 0)}, noon)
			return err
		},
		"a watched segment": func(s *store.Store, _ campaigns.Shard) error {
			richness(t, s).look(noon)
			return nil
		},
	}
	for what, enters := range selects {
		t.Run(what, func(t *testing.T) {
			dsn := fresh.Postgres(t) // SQLite has one writer
			s := erasable(t, dsn)
			put(t, s, forgotten, customers.Customer{ID: "c-other"})
			putOrders(t, s, order("secret-order", forgotten.ID, noon, line(1, 1, 100)))
			richness(t, s).look(noon)
			points(t, s, forgotten.ID, 10)
			occur(t, s, 1, campaigns.Run{Campaign: "weekly", Version: 1, At: noon})
			all := pending(t, s)[0]
			hold, err := beside(t, dsn).BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := hold.ExecContext(t.Context(), "SELECT id FROM orders WHERE id = 'secret-order' FOR UPDATE"); err != nil {
				t.Fatal(err)
			}
			underWay := make(chan struct{})
			var over atomic.Bool
			together(t, 3, func(i int) error {
				switch i {
				case 0:
					_, err := s.Erase(t.Context(), forgotten.ID, customers.Alias("x"), noon)
					return err
				case 1:
					defer over.Store(true)
					<-underWay
					return enters(s, all)
				}
				awaited(t, hold, "pg_backend_pid() = ANY (pg_blocking_pids(l.pid))")
				close(underWay)
				for !over.Load() && !holds(t, hold, "l.locktype = 'advisory'") {
				}
				return hold.Commit()
			})
			untold(t, dsn, telling...)
		})
	}
}

// An import holds somebody whose turn comes later while another in it is waited for.
func TestOrdersBesideAnErasureGoWithIt(t *testing.T) {
	dsn := fresh.Postgres(t)
	s := erasable(t, dsn)
	put(t, s, forgotten, customers.Customer{ID: "a-first"})
	hold, err := beside(t, dsn).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hold.ExecContext(t.Context(), "SELECT id FROM customers WHERE id = 'a-first' FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	together(t, 2, func(i int) error {
		if i == 0 {
			_, err := s.PutOrders(t.Context(), noon, []customers.Order{order("o-1", "a-first", noon, line(1, 1, 100)), order("secret-order", forgotten.ID, noon, line(1, 1, 100))})
			return err
		}
		awaited(t, hold, "pg_backend_pid() = ANY (pg_blocking_pids(l.pid))")
		if _, err := s.Erase(t.Context(), forgotten.ID, customers.Alias("x"), noon); err != nil {
			return err
		}
		return hold.Commit()
	})
	untold(t, dsn, telling...)
	if c := loaded(t, s, "a-first"); c.Orders.Count != 1 {
		t.Errorf("the other has %d orders", c.Orders.Count)
	}
}

// Somebody gets another address while they are erased: the one before is not kept under
// their id.
func TestAnAddressThatChangesBesideAnErasureGoesWithIt(t *testing.T) {
	dsn := fresh.Postgres(t) // SQLite has one writer
	s := erasable(t, dsn)
	next := customers.Customer{ID: forgotten.ID, Email: "next@shop.example", Phone: "+4915100000001"}
	none := customers.Customer{ID: forgotten.ID, Removed: []string{"email", "phone"}}
	imports := func(c customers.Customer) func() error {
		return func() error {
			_, err := s.PutCustomers(t.Context(), noon, []customers.Customer{c})
			return err
		}
	}
	for what, writes := range map[string]func() error{
		"an import":       imports(next),
		"one that clears": imports(none),
		"identify":        func() error { return only(s.Take(t.Context(), noon, []customers.Message{identify("i-1", next)})) },
	} {
		put(t, s, forgotten)
		erasure, err := beside(t, dsn).BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, statement := range []string{"SELECT id FROM customers WHERE id = $1 FOR UPDATE", "DELETE FROM earlier_addresses WHERE customer = $1"} {
			if _, err := erasure.ExecContext(t.Context(), statement, forgotten.ID); err != nil {
				t.Fatal(err)
			}
		}
		together(t, 2, func(i int) error {
			if i == 0 {
				return writes()
			}
			awaited(t, erasure, "pg_backend_pid() = ANY (pg_blocking_pids(l.pid))")
			if _, err := erasure.ExecContext(t.Context(), "DELETE FROM customers WHERE id = $1", forgotten.ID); err != nil {
				return err
			}
			return erasure.Commit()
		})
		untold(t, dsn, telling...)
		if t.Failed() {
			t.Fatal(what)
		}
	}
}

// Two give somebody another address at once: the first of them is an earlier one, too.
func TestAnAddressOfAMomentIsKept(t *testing.T) {
	dsn := fresh.Postgres(t) // SQLite has one writer
	s := erasable(t, dsn)
	put(t, s, forgotten)
	other, err := beside(t, dsn).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(t.Context(), "SELECT id FROM customers WHERE id = $1 FOR NO KEY UPDATE", forgotten.ID); err != nil {
		t.Fatal(err)
	}
	together(t, 2, func(i int) error {
		if i == 0 {
			_, err := s.PutCustomers(t.Context(), noon, []customers.Customer{{ID: forgotten.ID, Email: "next@shop.example"}})
			return err
		}
		awaited(t, other, "pg_backend_pid() = ANY (pg_blocking_pids(l.pid))")
		if _, err := other.ExecContext(t.Context(), "UPDATE customers SET email = 'moment@shop.example' WHERE id = $1", forgotten.ID); err != nil {
			return err
		}
		return other.Commit()
	})
	same(t, "kept", texts(t, beside(t, dsn), "SELECT address FROM earlier_addresses"), [][]string{{"moment@shop.example"}})
}

// Older versions left words behind under an id that has no profile.
func TestWhatIsLeftWithoutAProfileCanBeErased(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s := erasable(t, dsn)
		had, _, _, _ := known(t, s)
		write(t, dsn, "DELETE FROM customers")
		write(t, dsn, "DELETE FROM suppressions")
		gone, err := s.Erase(t.Context(), forgotten.ID, customers.Alias("x"), noon)
		if err != nil || gone.Events == 0 || gone.Orders != 1 || gone.Messages != 3 {
			t.Errorf("gone: %+v, %v", gone, err)
		}
		untold(t, dsn, telling...)
		if d := stored(t, s, had.ID); d.Status != deliveries.Sent {
			t.Errorf("what was sent is %s", d.Status)
		}
		if _, err := s.Erase(t.Context(), forgotten.ID, customers.Alias("y"), noon); !errors.Is(err, customers.ErrUnknown) {
			t.Errorf("erased twice: %v", err)
		}
		appended(t, s, customers.Event{Customer: "ghost", Name: "Seen", Key: "ghost's", At: noon, ReceivedAt: noon})
		write(t, dsn, "DELETE FROM customers WHERE id = 'ghost'")
		if gone, err := s.Erase(t.Context(), "ghost", customers.Alias("z"), noon); err != nil || gone.Events != 1 {
			t.Errorf("of whom one line told: %+v, %v", gone, err)
		}
	})
}

// write does to a store's database what no program does any more.
func write(t *testing.T, dsn, statement string) {
	t.Helper()
	driver := "pgx"
	if path, is := strings.CutPrefix(dsn, "sqlite:"); is {
		driver, dsn = "sqlite", "file:"+path
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// everything is every row of every table, in words.
func everything(t *testing.T, dsn string) map[string]string {
	t.Helper()
	driver, tables := "pgx", "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
	if path, is := strings.CutPrefix(dsn, "sqlite:"); is {
		driver, dsn, tables = "sqlite", "file:"+path+"?mode=ro", "SELECT name FROM sqlite_master WHERE type = 'table'"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	all := map[string]string{}
	for _, table := range texts(t, db, tables) {
		rows, err := db.QueryContext(t.Context(), `SELECT * FROM "`+table[0]+`"`)
		if err != nil {
			t.Fatal(err)
		}
		for n, row := range scanned(t, rows) {
			all[fmt.Sprintf("%s, row %d", table[0], n)] = strings.Join(row, " | ")
		}
	}
	return all
}

func texts(t *testing.T, db *sql.DB, query string) [][]string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	return scanned(t, rows)
}

func scanned(t *testing.T, rows *sql.Rows) (all [][]string) {
	t.Helper()
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		cells, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		row := make([]string, len(cells))
		for i, cell := range cells {
			if raw, is := cell.([]byte); is {
				cell = string(raw)
			}
			row[i] = fmt.Sprint(cell)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
