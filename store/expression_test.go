package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rapport/campaigns/expression"
	"rapport/campaigns/expression/expressiontest"
	"rapport/customers"
	"rapport/store"
	"rapport/store/storetest"
	"rapport/store/storetest/fresh"
	"rapport/trust/bounds"
)

// A condition selects from the database exactly the customers it holds for in
// memory, whatever it asks and whatever is not known about them.
func TestConditionsSelectWhomTheyHoldFor(t *testing.T) {
	fresh.Each(t, func(t *testing.T, dsn string) {
		shop := settle(t, dsn, expressiontest.People(120, 120).Example(1))
		scope := expressiontest.Scope()
		rapid.Check(t, func(rt *rapid.T) {
			for _, source := range rapid.SliceOfN(expressiontest.Conditions(), 5, 5).Draw(rt, "conditions") {
				p, problems := expression.Compile(source, scope)
				if len(problems) > 0 {
					rt.Fatalf("%s: %v", source, problems)
				}
				shop.agree(rt, p)
			}
		})
	})
}

// The border of every field is asked for by name, so that none rests on chance:
// each selects some customers and leaves some.
func TestConditionsOnEveryField(t *testing.T) {
	sources := []string{
		`id > "c060"`, `email endsWith "@gold.example"`, `phone startsWith "+49"`, `first_name == nil`, `last_name in ["ü", "k"]`,
		`locale < "a"`, `country in ["de", "DE", "gold"]`, `city contains "ö"`, `zone != nil`, `born_on < "2000-01-01"`, `created_at >= "2026-05-01"`, `kind == "consumer"`,
		`"gold" in tags`, `tags contains "O'Brien"`, `traits.club`, `traits.shoe_size > 1`, `traits.favourite matches "(?i)^k$"`, `traits.renewed_on > "2026-01-01"`,
		`orders.count >= 3`, `orders.total > 19.98`, `orders.average == 1`, `days_since(orders.first_at) > 89`, `hours_since(orders.last_at) < 36`,
		`orders.days_between > 1.5`, `orders.returned > 0`, `rfm.recency > 3`, `rfm.frequency > 3`, `rfm.monetary == nil`, `pyramid in ["top", "big"]`,
		`nps.score >= 9`, `nps.group == "passive"`, `csat.last < 3`, `csat.average > 3.5`, `cases.open > 0`, `cases.last_at > now()`,
		`points.balance % 2 == 1`, `points.balance == nil`, `tier == "gold"`, `contacted.last_at <= now()`, `contacted.last_7d > 0`,
		`engagement.email_opened_at > "2026-06-14"`, `engagement.email_clicked_at != nil`, `engagement.sms_replied_at == nil`, `engagement.push_clicked_at < now()`,
		`consent("marketing", "sms")`, `consent("service", "call")`, `reachable("email")`, `reachable("sms")`, `reachable("call")`, `reachable("push")`,
		`did("Order Completed") > 0`, `did("Order Completed", "90d") > 0`, `did("it's", "2026-05-01", "2026-06-15") > 0`, `in_segment("regulars")`,
		`tier == nil ? orders.count > 2 : kind == "consumer"`, `days_to_anniversary(born_on) < 200`, `days_to_anniversary(created_at) > 300`, `not (tier > "g" and city < "k")`, `orders.total / orders.count < 10`,
	}
	fresh.Each(t, func(t *testing.T, dsn string) {
		shop := settle(t, dsn, expressiontest.People(120, 120).Example(2))
		for _, source := range sources {
			p, problems := expression.Compile(source, expressiontest.Scope())
			if len(problems) > 0 {
				t.Fatalf("%s: %v", source, problems)
			}
			if n := shop.agree(t, p); n == 0 || n == len(shop.people) {
				t.Errorf("%s holds for %d of %d customers", source, n, len(shop.people))
			}
		}
	})
}

// FuzzConditionsAgree shows that whatever compiles runs in a database without an
// error and selects whom it holds for.
func FuzzConditionsAgree(f *testing.F) {
	generated := expressiontest.Conditions()
	for seed := range 20 {
		f.Add(generated.Example(seed))
	}
	for _, source := range []string{
		`1 < orders.count <= 5`, `tier not in ["a"] ? nps.score > 3 : traits.club`, `points.balance % 7 - -1e15 > 1e-15`, `days_to_anniversary(born_on) == 0`,
		`traits["favourite"] matches "(?i)\bx|[^\x00]*$"`, `did("it's", "1w") * 0 / 0 == nil`, `"é" in tags`, `created_at < "0001-01-02" or now() > "9999-12-31"`,
	} {
		f.Add(source)
	}
	shop := settle(f, fresh.SQLite(f), expressiontest.People(40, 40).Example(3))
	scope := expressiontest.Scope()
	f.Fuzz(func(t *testing.T, source string) {
		defer bounds.Watch(t)()
		p, problems := expression.Compile(source, scope)
		if len(problems) == 0 {
			shop.agree(t, p)
		}
	})
}

// shop is a store with people in it, and the people as it loads them.
type shop struct {
	ctx    context.Context
	store  *store.Store
	ids    []string
	people map[string]*customers.Customer
}

// fataler is a test or one round of a property.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// agree judges a condition both ways and counts whom it holds for.
func (s shop) agree(t fataler, p *expression.Program) int {
	t.Helper()
	counts, err := s.store.Counts(s.ctx, s.ids, p.Counts(), expressiontest.Now)
	if err != nil {
		t.Fatal(err)
	}
	var held []string
	for _, id := range s.ids {
		if p.Holds(expression.Moment{Now: expressiontest.Now, Customer: s.people[id], Counts: counts[id]}) {
			held = append(held, id)
		}
	}
	where, args := p.SQL(s.store.Dialect(), expressiontest.Now)
	var selected []string
	for c, err := range s.store.Stream(s.ctx, where, args) {
		if err != nil {
			t.Fatalf("%s\n%s\n%v", p, where, err)
		}
		selected = append(selected, c.ID)
	}
	if !slices.Equal(held, selected) {
		t.Fatalf("%s\n%s %v\nholds for %v\nselects   %v", p, where, args, held, selected)
	}
	return len(held)
}

// settle puts people into a store through its own doors, and loads them.
func settle(t testing.TB, dsn string, people []expressiontest.Person) shop {
	t.Helper()
	ctx := t.Context()
	s := storetest.Open(t, dsn)
	var profiles []customers.Customer
	var blocks []customers.Suppression
	var events []customers.Event
	var cases []customers.Case
	for _, p := range people {
		profiles = append(profiles, p.Customer)
		blocks = append(blocks, p.Suppressions...)
		events = append(events, p.Events...)
		cases = append(cases, p.Cases...)
	}
	_, err := s.PutCustomers(ctx, expressiontest.Now, profiles)
	for _, write := range []func() error{
		func() error { return err },
		func() error { return s.Suppress(ctx, blocks) },
		func() error { _, err := s.Append(ctx, events); return err },
		func() error { return s.Casebook().Open(ctx, cases) },
		func() error { return contact(ctx, s, dsn, people) },
	} {
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	shop := shop{ctx: ctx, store: s}
	for _, p := range people {
		if p.Browser != nil {
			if err := s.Subscribe(ctx, p.Customer.ID, *p.Browser, expressiontest.Now); err != nil {
				t.Fatal(err)
			}
		}
		shop.ids = append(shop.ids, p.Customer.ID)
	}
	if shop.people, err = s.Load(ctx, shop.ids, expressiontest.Now); err != nil {
		t.Fatal(err)
	}
	return shop
}

// contact puts messages into the ledger that were taken at given moments, which
// its own doors do only at the end of a whole send.
func contact(ctx context.Context, s *store.Store, dsn string, people []expressiontest.Person) error {
	driver := "pgx"
	if s.Dialect() == expression.SQLite {
		driver, dsn = "sqlite", strings.TrimPrefix(dsn, "sqlite:")
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	entry := 0
	for _, p := range people {
		for _, at := range p.Contacts {
			entry++
			_, err := db.ExecContext(ctx, `
				INSERT INTO deliveries (entry, customer, campaign, version, step, channel, topic, template, status, rank, due_at, expires_at, ambiguous, planned_at, taken_at)
				VALUES ($1, $2, 'c', 1, '0', 'sms', 'service', 't', 'sent', 10, $3, $3, 'hold', $3, $3)`, entry, p.Customer.ID, at.UnixMilli())
			if err != nil {
				return fmt.Errorf("insert a delivery: %w", err)
			}
		}
	}
	return nil
}
