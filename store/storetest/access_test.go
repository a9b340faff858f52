package storetest

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"rapport/accounts"
	"rapport/channels"
	"rapport/customers"
	"rapport/store"
	"rapport/store/storetest/fresh"
)

// toldOf is what somebody is told, by part.
func toldOf(t *testing.T, s *store.Store, id string) (told map[string][]map[string]any, text string) {
	t.Helper()
	var out bytes.Buffer
	if err := customers.WriteKept(t.Context(), &out, s, noon, id); err != nil {
		t.Fatal(err)
	}
	var document struct {
		Profiles []map[string]json.RawMessage
	}
	if err := json.Unmarshal(out.Bytes(), &document); err != nil || len(document.Profiles) != 1 {
		t.Fatalf("%v:\n%s", err, out.String())
	}
	told = map[string][]map[string]any{}
	for part, raw := range document.Profiles[0] {
		if part == "customer" {
			continue
		}
		var rows []map[string]any
		if err := json.Unmarshal(raw, &rows); err != nil {
			t.Fatalf("%s: %v", part, err)
		}
		told[part] = rows
	}
	return told, out.String()
}

// runIn runs a statement on a store's database, past the store.
func runIn(t *testing.T, dsn, statement string) {
	t.Helper()
	driver := "pgx"
	if path, is := strings.CutPrefix(dsn, "sqlite:"); is {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"
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

// fillIn adds to known what else there can be of somebody.
func fillIn(t *testing.T, s *store.Store, delivery int64) {
	t.Helper()
	for what, err := range map[string]error{
		"a soft bounce": s.Try(t.Context(), []customers.Trial{{Address: forgotten.Email, Message: "m9", At: noon}}),
		"a visit": func() error {
			_, err := s.Receive(t.Context(), "link", channels.Callback{
				Method: "GET", URL: "https://shop.example/c/TOKEN-that-acts", Header: map[string][]string{"User-Agent": {"quillmark's own browser"}}, ReceivedAt: noon, About: delivery,
			})
			return err
		}(),
		"another number": func() error {
			moved := forgotten
			moved.Phone = "+4915112340000"
			if _, err := s.PutCustomers(t.Context(), noon, []customers.Customer{moved}); err != nil {
				return err
			}
			_, err := s.PutCustomers(t.Context(), noon, []customers.Customer{forgotten})
			return err
		}(),
		"a look": s.Accounts().Note(t.Context(), accounts.Deed{At: noon, Account: "bea-the-agent", What: "opened", About: accounts.AboutCustomer(forgotten.ID)}),
	} {
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// Everything is told: what stands in any table, and what stands in many rows to the last.
func TestPeopleAreToldAllThatIsKeptAboutThem(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		s := erasable(t, dsn)
		had, _, _, _ := known(t, s)
		fillIn(t, s, had.ID)
		for _, statement := range []string{
			fmt.Sprintf("INSERT INTO answers (entry, ask, customer, delivery, scale, text, channel, at) VALUES (%d, 'csat', 'quillmark-1', %d, 'csat', 'my own words', 'email', 0)", had.Entry, had.ID),
			"INSERT INTO segment_members (segment, customer, since) VALUES ('vip', 'quillmark-1', 0)",
			fmt.Sprintf("INSERT INTO conversions (entry, event, at, value) VALUES (%d, 1, 0, 500)", had.Entry),
		} {
			runIn(t, dsn, statement)
		}
		var many []customers.Order
		for n := range 620 {
			many = append(many, order(fmt.Sprint("o-", n), forgotten.ID, noon, line(1, 1, 100)))
		}
		putOrders(t, s, many...)
		put(t, s, customers.Customer{ID: "c-twin", Phone: forgotten.Phone, FirstName: "Somebodyelse"}, customers.Customer{ID: "c-other", Email: "other@shop.example"})

		told, text := toldOf(t, s, forgotten.ID)
		for _, part := range []string{
			"profile", "earlier_addresses", "consents", "suppressions", "soft_bounces", "browsers", "segments", "orders", "order_lines", "timeline", "journeys", "conversions",
			"messages", "answers", "cases", "recordings", "callbacks", "audit",
		} {
			if len(told[part]) == 0 {
				t.Errorf("nothing is told of their %s", part)
			}
		}
		if len(told["orders"]) != 621 || len(told["order_lines"]) != 621 {
			t.Errorf("%d orders and %d lines of them are told, not 621", len(told["orders"]), len(told["order_lines"]))
		}
		for _, word := range append(telling, "quillmark's own browser", "2026-") {
			if !strings.Contains(text, word) {
				t.Errorf("nothing tells of %q", word)
			}
		}
		for _, word := range []string{"Somebodyelse", "other@shop.example", "TOKEN-that-acts", "bea-the-agent", "p256dh", `"auth"`, "lease_until"} {
			if strings.Contains(text, word) {
				t.Errorf("%q is told, too", word)
			}
		}
		twins, err := s.Twins(t.Context(), forgotten.ID)
		same(t, "twins", twins, []string{"c-twin"})
		if err != nil {
			t.Error(err)
		}

		if _, err := s.Erase(t.Context(), forgotten.ID, customers.Alias("x"), noon); err != nil {
			t.Fatal(err)
		}
		if err := s.Kept(t.Context(), forgotten.ID, func(part string, row []byte) error {
			t.Errorf("after the erasure %s has %s", part, row)
			return nil
		}); !errors.Is(err, customers.ErrUnknown) {
			t.Errorf("of who was erased is told: %v", err)
		}
	})
}
