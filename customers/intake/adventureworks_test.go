package intake_test

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rapport/campaigns/expression"
	"rapport/customers"
	"rapport/customers/intake"
)

// The sales of a bicycle shop as a spreadsheet left them: two shapes of dates
// in one column, amounts with four decimals, "$90,000 " as an income.
func TestAdventureWorks(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "shared", "data")
	file := func(name string) string { return filepath.Join(folder, "AdventureWorks_"+name+".csv.gz") }
	if _, err := os.Stat(file("Customers")); err != nil {
		t.Skip("the AdventureWorks files are not in " + folder)
	}
	s := open(t)
	judged := time.Date(2023, 7, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		kind  intake.Kind
		files []string
		rows  int
		added int
	}{
		{intake.Customers, []string{file("Customers")}, 18_148, 18_148},
		{intake.Products, []string{file("Products")}, 293, 293},
		{intake.Orders, []string{file("Sales_2022"), file("Sales_2023")}, 53_416, 22_534},
	} {
		options := intake.Options{Kind: c.kind, Now: judged}
		if c.kind == intake.Customers {
			options.Map = map[string]string{"traits.income": "AnnualIncome"}
		}
		report, refusals := take(t, s, options, c.files...)
		if len(report.NotRead) == 0 {
			t.Errorf("%s: every column is said to be read", c.kind)
		}
		report.NotRead, report.Inputs = nil, nil
		same(t, string(c.kind), report, intake.Outcome{
			Files: len(c.files), Rows: c.rows, Taken: c.rows, Written: customers.Tally{Added: c.added},
		})
		same(t, "refusals", refusals, []string(nil))
	}
	expected := salesOf(t, file("Sales_2022"), file("Sales_2023"))
	t.Run("every order and every cent is on its customer", func(t *testing.T) {
		bought := 0
		for c, err := range s.Stream(t.Context(), "", nil) {
			if err != nil {
				t.Fatal(err)
			}
			want := expected[c.ID]
			if c.Orders.Count != int64(len(want.orders)) || c.Orders.Total != want.cents || !c.Orders.LastAt.Equal(want.last) {
				t.Errorf("customer %s: %+v, want %d orders of %d cents, the last on %s", c.ID, c.Orders, len(want.orders), want.cents, want.last)
			}
			if want.cents > 0 {
				bought++
			}
		}
		if bought != len(expected) {
			t.Errorf("%d customers bought, want %d", bought, len(expected))
		}
	})
	t.Run("an audience is who an independent count finds", func(t *testing.T) {
		program, problems := expression.Compile(
			`did("Order Completed", "2023-01-01", "2024-01-01") >= 2 and days_since(orders.last_at) > 60`, expression.Scope{Want: expression.Bool})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		where, args := program.SQL(s.Dialect(), judged)
		var found []string
		for c, err := range s.Stream(t.Context(), where, args) {
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, c.ID)
		}
		var want []string
		for id, sale := range expected {
			in2023 := 0
			for _, day := range sale.orders {
				if day.Year() == 2023 {
					in2023++
				}
			}
			if in2023 >= 2 && sale.last.AddDate(0, 0, 60).Before(judged) {
				want = append(want, id)
			}
		}
		slices.Sort(want)
		if len(want) == 0 || !slices.Equal(found, want) {
			t.Errorf("%d people, want %d", len(found), len(want))
		}
	})
	t.Run("what the profile says is read", func(t *testing.T) {
		jon := load(t, s, "11000")
		same(t, "profile", []any{jon.FirstName, jon.LastName, jon.Email, jon.BornOn, jon.Traits["income"]}, []any{
			"JON", "YANG", "jon24@adventure-works.com", time.Date(1900, 4, 8, 0, 0, 0, 0, time.UTC), 90000.0,
		})
	})
}

// sales is what one customer bought.
type sales struct {
	orders map[string]time.Time // the day, by order
	last   time.Time
	cents  int64
}

// salesOf counts the files without any of the code under test.
func salesOf(t *testing.T, paths ...string) map[string]sales {
	t.Helper()
	all := map[string]sales{}
	for _, path := range paths {
		for _, line := range linesOf(t, path) {
			layout := "01/02/2006"
			if len(line["OrderDate"]) == len("01-02-06") {
				layout = "01-02-06"
			}
			day, err := time.Parse(layout, line["OrderDate"])
			if err != nil {
				t.Fatal(err)
			}
			whole, fraction, _ := strings.Cut(line["Sales"], ".")
			tenThousandths, err := strconv.ParseInt(whole+(fraction + "0000")[:4], 10, 64)
			if err != nil || len(fraction) > 4 {
				t.Fatalf("amount %q", line["Sales"])
			}
			who := all[line["CustomerKey"]]
			if who.orders == nil {
				who.orders = map[string]time.Time{}
			}
			who.orders[line["OrderNumber"]] = day
			who.cents += (tenThousandths + 50) / 100
			if day.After(who.last) {
				who.last = day
			}
			all[line["CustomerKey"]] = who
		}
	}
	if len(all) == 0 {
		t.Fatal("nobody bought anything")
	}
	return all
}

// linesOf reads a zipped CSV file as cells by column.
func linesOf(t *testing.T, path string) []map[string]string {
	t.Helper()
	opened, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	unzipped, err := gzip.NewReader(opened)
	if err != nil {
		t.Fatal(err)
	}
	reader := csv.NewReader(unzipped)
	header, err := reader.Read()
	if err != nil {
		t.Fatal(err)
	}
	var lines []map[string]string
	for {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		line := map[string]string{}
		for i, name := range header {
			line[name] = cells[i]
		}
		lines = append(lines, line)
	}
}
