package storetest

import (
	"fmt"
	"testing"
	"time"

	"rapport/customers"
	"rapport/store"
)

func tell(t *testing.T, s *store.Store, messages ...customers.Message) {
	t.Helper()
	if _, err := s.Take(t.Context(), noon, messages); err != nil {
		t.Fatal(err)
	}
}

// only is what failed, for whom the number of repetitions is nothing.
func only(_ int, err error) error { return err }

func identify(key string, c customers.Customer) customers.Message {
	return customers.Message{Key: key, Person: c}
}

func bought(key string, o customers.Order) customers.Message {
	o.Announced = true
	return customers.Message{Key: key, Person: customers.Customer{ID: o.Customer}, Order: &o, Event: &customers.Event{
		Customer: o.Customer, Name: "Order Completed", At: o.At, Key: key, ProviderKey: "order:" + o.ID, Live: true,
	}}
}

func TestMessagesThatComeAgainAreCounted(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		who := identify("i-1", customers.Customer{ID: "c-1", FirstName: "Ann"})
		seen := customers.Message{Person: customers.Customer{ID: "c-1"}, Event: &customers.Event{Customer: "c-1", Name: "Seen", At: noon, Key: "t-1", Live: true}}
		order := bought("t-2", order("o-1", "c-1", noon, line(1, 1, 8000)))
		unnamed := customers.Message{Person: customers.Customer{ID: "c-1", City: "Bremen"}}
		for _, c := range []struct {
			past     bool
			says     []customers.Message
			repeated int
		}{
			{false, []customers.Message{who, seen, order, who, unnamed}, 1},
			{false, []customers.Message{who, seen, order, unnamed}, 3},
			{true, []customers.Message{seen, order}, 2},
			{false, []customers.Message{identify("i-2", customers.Customer{ID: "c-1"}), seen}, 1},
		} {
			take := s.Take
			if c.past {
				take = s.TakePast
			}
			if repeated, err := take(t.Context(), noon, c.says); repeated != c.repeated || err != nil {
				t.Errorf("of %d messages (past: %t) %d are told as repeated, want %d (%v)", len(c.says), c.past, repeated, c.repeated, err)
			}
		}
	})
}

func TestAMessageThatComesAgainIsNotBelievedOverWhatCameSince(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		old := identify("i-1", customers.Customer{ID: "c-1", Email: "old@shop.example", FirstName: "Ann"})
		seen := customers.Message{
			Person: customers.Customer{ID: "c-1", Locale: "de"}, Event: &customers.Event{Customer: "c-1", Name: "Seen", At: noon, Key: "t-1", Live: true},
		}
		first := bought("t-2", order("o-1", "c-1", noon, line(1, 1, 8000)))
		tell(t, s, old, seen, first)
		tell(t, s, identify("i-2", customers.Customer{ID: "c-1", Email: "new@shop.example", Locale: "en"}), identify("i-2", customers.Customer{ID: "c-1", Email: "twice@shop.example"}))
		back := order("o-1", "c-1", noon, line(1, 1, 8000))
		back.Status = "returned"
		putOrders(t, s, back)
		returned := customers.OrderTotals{Returned: 1}
		same(t, "returned", loaded(t, s, "c-1").Orders, returned)

		tell(t, s, old, seen, first)
		c := loaded(t, s, "c-1")
		same(t, "profile", []string{c.Email, c.FirstName, c.Locale}, []string{"new@shop.example", "Ann", "en"})
		same(t, "orders", c.Orders, returned)
		tell(t, s, bought("t-3", order("o-1", "c-1", noon, line(1, 1, 9000)))) // another message, and no word about the return
		same(t, "orders", loaded(t, s, "c-1").Orders, returned)
		same(t, "events", completed(t, s, "c-1"), []string{"t-2"})

		small, large := bought("t-4", order("o-2", "c-1", noon, line(1, 1, 8000))), bought("t-5", order("o-2", "c-1", noon, line(1, 1, 9000)))
		tell(t, s, small)
		tell(t, s, large)
		tell(t, s, small)
		same(t, "what was said last", loaded(t, s, "c-1").Orders.Total, int64(9000))

		// What is forgotten is new again.
		if err := s.ForgetMessages(t.Context(), noon.Add(time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		tell(t, s, old)
		same(t, "when its key is forgotten", loaded(t, s, "c-1").Email, "old@shop.example")
	})
}

func TestWhatIsKnownOfTheErasedIsNewsWhenTheyAreBack(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		s.ErasureKeys = [][]byte{[]byte("a key for erasure, of 32 bytes ..")}
		message := identify("i-1", customers.Customer{ID: "c-1", FirstName: "Ann"})
		tell(t, s, message)
		if _, err := s.Erase(t.Context(), "c-1", customers.Alias("x"), noon); err != nil {
			t.Fatal(err)
		}
		tell(t, s, message)
		same(t, "name", loaded(t, s, "c-1").FirstName, "Ann")
	})
}

// Requests about the same customer at once wait for each other, and none for ever.
func TestMessagesOfOneCustomerMayComeAtOnce(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		together(t, 8, func(i int) error {
			id := fmt.Sprint("o-", i/2) // each twice
			seen := customers.Message{
				Person: customers.Customer{ID: "c-1", Locale: "de"}, Event: &customers.Event{Customer: "c-1", Name: "Seen", At: noon, Key: fmt.Sprint("seen:", i), Live: true},
			}
			return only(s.Take(t.Context(), noon, []customers.Message{seen, bought("t-"+id, order(id, "c-1", noon, line(1, 1, 100)))}))
		})
		same(t, "orders", []int64{loaded(t, s, "c-1").Orders.Count, loaded(t, s, "c-1").Orders.Total}, []int64{4, 400})
		same(t, "events", len(completed(t, s, "c-1")), 4)
	})
}

func TestThePastFillsOnlyWhatIsEmpty(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		put(t, s, customers.Customer{ID: "c-1", Email: "today@shop.example", Traits: map[string]any{"plan": "gold"}, CreatedAt: ago(time.Hour)})
		putOrders(t, s, order("o-1", "c-1", noon, line(1, 1, 100)))
		_, err := s.TakePast(t.Context(), noon, []customers.Message{
			identify("i-1", customers.Customer{
				ID: "c-1", Email: "before@shop.example", FirstName: "Ann", Phone: "+49301234567", CreatedAt: ago(48 * time.Hour),
				Traits: map[string]any{"plan": "basic", "club": true, "taken_off": nil},
			}),
			identify("i-2", customers.Customer{ID: "c-2", Email: "bob@shop.example", CreatedAt: ago(48 * time.Hour)}),
			bought("t-1", order("o-1", "c-1", noon, line(1, 1, 900))), bought("t-2", order("o-2", "c-1", noon, line(1, 1, 30))),
		})
		if err != nil {
			t.Fatal(err)
		}
		c := loaded(t, s, "c-1")
		same(t, "profile", []string{c.Email, c.FirstName, c.Phone, c.PhoneZone}, []string{"today@shop.example", "Ann", "+49301234567", "Europe/Berlin"})
		same(t, "traits", c.Traits, map[string]any{"plan": "gold", "club": true})
		same(t, "since", c.CreatedAt, ago(48*time.Hour))
		same(t, "orders", []int64{c.Orders.Count, c.Orders.Total}, []int64{2, 130})
		same(t, "somebody new", []any{loaded(t, s, "c-2").Email, loaded(t, s, "c-2").CreatedAt}, []any{"bob@shop.example", ago(48 * time.Hour)})
	})
}

// A short word about an order takes no lines off it, in whatever request it comes.
func TestAWordAboutAnOrderWithoutItsLinesLeavesThem(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		for _, apart := range []bool{true, false} {
			id := fmt.Sprint("o-", apart)
			full, lean := order(id, "c-"+id, noon, line(1, 1, 8000)), order(id, "c-"+id, noon)
			full.Whole, lean.Whole = true, true
			messages := []customers.Message{bought("t-1"+id, full), bought("t-2"+id, lean)}
			if apart {
				tell(t, s, messages[0])
				tell(t, s, messages[1])
			} else {
				tell(t, s, messages...)
			}
			same(t, "the order", loaded(t, s, "c-"+id).Orders.Total, int64(8000))
			putOrders(t, s, order(id, "c-"+id, noon, line(2, 1, 50)))
			same(t, "with a line more", loaded(t, s, "c-"+id).Orders.Total, int64(8050))
		}
	})
}

// What holds up a request may go on to take what the request is about: of orders and
// customers, and of customers, the request has none before its turn.
func TestMessagesTakeOrdersBeforeCustomersAndThoseInOrder(t *testing.T) {
	const (
		lock  = "SELECT id FROM customers WHERE id = $1 FOR UPDATE"
		meet  = "INSERT INTO customers (id, shard, person, created_at, updated_at) VALUES ($1, 0, $1, 0, 0) ON CONFLICT DO NOTHING"
		buy   = "INSERT INTO orders (id, customer, at, currency, total, status) VALUES ($1, 'c-1', 0, 'EUR', 0, 'completed')"
		known = "SELECT id FROM orders WHERE id = $1 FOR UPDATE"
	)
	seen := func(who string) customers.Message {
		return customers.Message{Person: customers.Customer{ID: who}, Event: &customers.Event{Customer: who, Name: "Seen", At: noon, Key: "seen:" + who, Live: true}}
	}
	for what, c := range map[string]struct {
		holds, held   string // first
		wants, wanted string // when the request waits for that
		messages      []customers.Message
	}{
		"an event before an order":   {lock, "c-1", lock, "c-2", []customers.Message{seen("c-1"), bought("t-2", order("o-2", "c-2", noon))}},
		"an event after a profile":   {lock, "c-1", lock, "c-2", []customers.Message{identify("i-1", customers.Customer{ID: "c-1", Locale: "de"}), seen("c-2")}},
		"a browser before an event":  {lock, "c-1", lock, "c-2", []customers.Message{{Key: "a-1", Person: customers.Customer{ID: "c-1"}, Visitor: "anonymous:1"}, identify("i-2", customers.Customer{ID: "c-2", Locale: "de"})}},
		"a known order of a new one": {known, "o-1", meet, "c-9", []customers.Message{bought("t-3", order("o-1", "c-9", noon))}},
		"a new order of a known one": {buy, "o-3", lock, "c-2", []customers.Message{bought("t-4", order("o-3", "c-2", noon))}},
		"a new order of a new one":   {buy, "o-3", meet, "c-9", []customers.Message{bought("t-4", order("o-3", "c-9", noon))}},
	} {
		t.Run(what, func(t *testing.T) {
			dsn := Postgres(t)
			s := Open(t, dsn)
			put(t, s, customers.Customer{ID: "c-1"}, customers.Customer{ID: "c-2"})
			putOrders(t, s, order("o-1", "c-1", noon, line(1, 1, 100)))
			hold, err := beside(t, dsn).BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := hold.ExecContext(t.Context(), c.holds, c.held); err != nil {
				t.Fatal(err)
			}
			together(t, 2, func(i int) error {
				if i == 0 {
					return only(s.Take(t.Context(), noon, c.messages))
				}
				defer func() { _ = hold.Rollback() }()
				awaited(t, hold, "pg_backend_pid() = ANY (pg_blocking_pids(l.pid))")
				// Sooner than the server would look for a deadlock and end one of the two.
				if _, err := hold.ExecContext(t.Context(), "SET LOCAL lock_timeout = 100"); err != nil {
					return err
				}
				_, err := hold.ExecContext(t.Context(), c.wants, c.wanted)
				return err
			})
		})
	}
}

// What is older than the timeline is known by its message: it still fills the profile, once.
func TestAnEventOlderThanTheTimelineTellsOfItsCustomer(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		if _, err := s.ForgetTimeline(t.Context(), ago(time.Hour), 100); err != nil {
			t.Fatal(err)
		}
		seen := func(key, name string) customers.Message {
			return customers.Message{
				Person: customers.Customer{ID: "c-1", FirstName: name},
				Event:  &customers.Event{Customer: "c-1", Name: "Seen", At: ago(2 * time.Hour), Key: "segment:" + key},
			}
		}
		tell(t, s, seen("m-1", "Ann"), seen("m-1", "Twice"))
		same(t, "at first", loaded(t, s, "c-1").FirstName, "Ann")
		tell(t, s, seen("m-2", "Bea"))
		tell(t, s, seen("m-1", "Ann"))
		same(t, "when it comes again", loaded(t, s, "c-1").FirstName, "Bea")
		if events, err := s.Of(t.Context(), "c-1", 10); err != nil || len(events) != 0 {
			t.Errorf("on the timeline: %v, %v", events, err)
		}
	})
}

// What an export told of an order before its event came keeps no journey from beginning.
func TestALiveEventTakesThePlaceOfALineThatCameBefore(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		imported := order("o-1", "c-1", noon.Add(-time.Hour), line(1, 1, 8000))
		putOrders(t, s, imported)
		past := bought("h-1", order("o-2", "c-1", noon.Add(-time.Hour), line(1, 1, 5000)))
		past.Event.Live = false
		if _, err := s.TakePast(t.Context(), noon, []customers.Message{past}); err != nil {
			t.Fatal(err)
		}
		same(t, "news", newsOf(t, s), []string(nil))

		first, second := bought("t-1", imported), bought("t-2", *past.Order)
		first.Event.Properties = map[string]any{"coupon": "SPRING"}
		first.Event.At = noon.Add(-30 * time.Minute)
		visit := customers.Message{
			Person: customers.Customer{ID: "c-1"}, Event: &customers.Event{Customer: "c-1", Name: "Checkout Started", At: noon.Add(-40 * time.Minute), Key: "v-1", Live: true},
		}
		tell(t, s, visit) // told after the import, and before the order
		if err := s.Seen(t.Context(), []int64{unheard(t, s)[0].ID}); err != nil {
			t.Fatal(err)
		}
		tell(t, s, first, second)
		same(t, "news", newsOf(t, s), []string{"t-1", "t-2"})
		lines, err := s.Of(t.Context(), "c-1", 10)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		ids := map[string]int64{}
		for _, l := range lines {
			names, ids[l.Key] = append(names, l.Name), l.ID
		}
		same(t, "lines", names, []string{"Order Completed", "Checkout Started", "Order Completed"}) // by when they happened
		last := lines[len(lines)-1]
		same(t, "what the shop told", last.Properties, map[string]any{"coupon": "SPRING"})
		if !last.At.Equal(first.Event.At) || ids["t-1"] < ids["v-1"] || ids["t-2"] < ids["v-1"] {
			t.Errorf("the lines are as late as the shop told them: %+v", lines)
		}

		// Once they were heard, they are nothing new any more, by whatever message.
		if err := s.Seen(t.Context(), []int64{ids["t-1"], ids["t-2"]}); err != nil {
			t.Fatal(err)
		}
		putOrders(t, s, imported)
		tell(t, s, first, bought("t-3", *past.Order))
		again := past
		if _, err := s.TakePast(t.Context(), noon, []customers.Message{again}); err != nil {
			t.Fatal(err)
		}
		same(t, "news", newsOf(t, s), []string(nil))
		same(t, "events", completed(t, s, "c-1"), []string{"t-2", "t-1"})
	})
}

// The same message that came as history is known by its key.
func TestAMessageThatCameAsHistoryIsNoNews(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		m := bought("t-1", order("o-1", "c-1", noon.Add(-time.Hour), line(1, 1, 8000)))
		past := m
		event := *m.Event
		event.Live, past.Event = false, &event
		if _, err := s.TakePast(t.Context(), noon, []customers.Message{past}); err != nil {
			t.Fatal(err)
		}
		tell(t, s, m)
		same(t, "news", newsOf(t, s), []string(nil))
	})
}

// A refund names its own time and who gave it in, and moves the order to neither.
func TestAWordAfterwardsEndsAnOrderWhereItStands(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		tell(t, s, bought("t-1", order("o-1", "c-1", noon.Add(-time.Hour), line(1, 1, 8000))))
		refund := func(key, id string) customers.Message {
			return customers.Message{
				Key: key, Person: customers.Customer{ID: "c-2"},
				Order: &customers.Order{ID: id, Customer: "c-2", At: noon, Status: "returned", Unpriced: true, Announced: true, Afterwards: true},
				Event: &customers.Event{Customer: "c-2", Name: "Order Refunded", At: noon, Key: key, Live: true},
			}
		}
		tell(t, s, refund("r-1", "o-1"))
		same(t, "the order", loaded(t, s, "c-1").Orders, customers.OrderTotals{Returned: 1})
		same(t, "who gave it in", loaded(t, s, "c-2").Orders, customers.OrderTotals{})
		same(t, "line", completed(t, s, "c-1"), []string{"t-1"})

		// What comes before its order says how it ended, and nothing else of it.
		tell(t, s, refund("r-2", "o-2"))
		tell(t, s, bought("t-2", order("o-2", "c-1", noon.Add(-time.Minute), line(1, 1, 5000))))
		same(t, "both", loaded(t, s, "c-1").Orders, customers.OrderTotals{Returned: 2})
		same(t, "who gave them in", loaded(t, s, "c-2").Orders, customers.OrderTotals{})

		// In one request too, and of what is over.
		tell(t, s, bought("t-3", order("o-3", "c-1", noon.Add(-time.Hour), line(1, 1, 8000))), refund("r-3", "o-3"))
		same(t, "three", loaded(t, s, "c-1").Orders, customers.OrderTotals{Returned: 3})
		tell(t, s, bought("t-4", order("o-4", "c-1", noon.Add(-time.Hour), line(1, 1, 8000))))
		if _, err := s.TakePast(t.Context(), noon, []customers.Message{refund("r-4", "o-4")}); err != nil {
			t.Fatal(err)
		}
		same(t, "four", loaded(t, s, "c-1").Orders, customers.OrderTotals{Returned: 4})
	})
}

// A part that is given back returns no order.
func TestAPartThatIsGivenBackReturnsNoOrder(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		refund := func(key string, amount float64) customers.Message {
			return customers.Message{
				Key: key, Person: customers.Customer{ID: "c-1"},
				Order: &customers.Order{ID: "o-1", Customer: "c-1", At: noon, Status: "returned", Refunded: &amount, Unpriced: true, Announced: true, Afterwards: true},
				Event: &customers.Event{Customer: "c-1", Name: "Order Refunded", At: noon, Key: key, Live: true},
			}
		}
		placed := bought("t-1", order("o-1", "c-1", noon.Add(-time.Hour), line(1, 1, 8000)))
		tell(t, s, refund("r-1", 10)) // before its order
		same(t, "of nothing known", loaded(t, s, "c-1").Orders, customers.OrderTotals{})
		tell(t, s, placed)
		tell(t, s, refund("r-2", 10))
		same(t, "a part", loaded(t, s, "c-1").Orders.Count, 1)
		tell(t, s, refund("r-3", 80))
		same(t, "all", loaded(t, s, "c-1").Orders, customers.OrderTotals{Returned: 1})
	})
	Each(t, func(t *testing.T, s *store.Store) {
		part := 10.0
		placed := bought("t-1", order("o-1", "c-1", noon.Add(-time.Hour), line(1, 1, 8000)))
		tell(t, s, placed, customers.Message{
			Key: "r-1", Person: customers.Customer{ID: "c-1"},
			Order: &customers.Order{ID: "o-1", Customer: "c-1", At: noon, Status: "returned", Refunded: &part, Unpriced: true, Announced: true, Afterwards: true},
			Event: &customers.Event{Customer: "c-1", Name: "Order Refunded", At: noon, Key: "r-1", Live: true},
		})
		same(t, "a part, in one request", loaded(t, s, "c-1").Orders.Count, 1)
	})
}

// newsOf are the keys of the events that journeys have not heard of.
func newsOf(t *testing.T, s *store.Store) (keys []string) {
	t.Helper()
	for _, e := range unheard(t, s) {
		keys = append(keys, e.Key)
	}
	return keys
}

func unheard(t *testing.T, s *store.Store) []customers.Event {
	t.Helper()
	news, err := s.Pending(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	return news
}

// The event of an order that was cancelled before it came is called so, where it takes a
// line's place too.
func TestALiveEventOfACancelledOrderIsCalledSo(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		imported := order("o-1", "c-1", noon.Add(-time.Hour), line(1, 1, 8000))
		putOrders(t, s, imported)
		imported.Status = "cancelled"
		putOrders(t, s, imported)
		imported.Status = ""
		tell(t, s, bought("t-1", imported))
		news := unheard(t, s)
		if len(news) != 1 || news[0].Name != customers.OrderCancelled || news[0].Key != "t-1" {
			t.Errorf("news: %+v", news)
		}
	})
}
