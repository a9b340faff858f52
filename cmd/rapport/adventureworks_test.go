package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"

	"rapport/campaigns"
	"rapport/customers/intake"
	"rapport/sandbox"
)

// adventureWorks is a real, dirty export that nobody of this project wrote.
const adventureWorks = "../../../shared/data/AdventureWorks_"

// TestABroadcastReachesExactlyWhomAnIndependentCountFinds takes the export in,
// sends a letter to whoever bought in 2023 at least twice and not in the last
// 60 days of the data, and compares whom the provider has it for with a count
// made here from the files.
func TestABroadcastReachesExactlyWhomAnIndependentCountFinds(t *testing.T) {
	if _, err := os.Stat(adventureWorks + "Customers.csv.gz"); err != nil {
		t.Skip("AdventureWorks: ../shared/data is not there")
	}
	end := time.Date(2023, time.July, 1, 0, 0, 0, 0, time.UTC) // the data ends on 30 June
	clock := &virtualClock{now: end}
	o := &options{data: t.TempDir()}
	play, err := stage(t.Context(), o, clock, 1, slog.New(slog.DiscardHandler), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer play.Close()
	for kind, files := range map[intake.Kind][]string{
		intake.Customers: {adventureWorks + "Customers.csv.gz"},
		intake.Orders:    {adventureWorks + "Sales_2022.csv.gz", adventureWorks + "Sales_2023.csv.gz"},
	} {
		report, err := intake.Import(t.Context(), play.Store, files, intake.Options{Kind: kind, Now: end})
		if err != nil || report.Refused > 0 {
			t.Fatalf("import %s: %v, %d refused", kind, err, report.Refused)
		}
	}
	edition, problems, err := play.Catalog.Apply(t.Context(), map[string][]byte{
		"rapport.yaml": mixed["rapport.yaml"],
		"campaigns/lapsing.yaml": []byte(`
campaign: lapsing
title: Bought twice this year and not lately
topic: service
state: live
trigger: {cron: "0 0 1 1 *"}
audience:
  where: did("Order Completed", "2023-01-01", "2024-01-01") >= 2 and days_since(orders.last_at) > 60
steps:
  - email: note
`),
		"templates/email/note.liquid": mixed["templates/email/note.liquid"],
	}, end)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	if _, err := play.Store.Runs().Occur(t.Context(), []campaigns.Run{{
		Campaign: "lapsing", Version: edition.Campaigns["lapsing"].Version, At: end, State: campaigns.RunEntering,
	}}, 16); err != nil {
		t.Fatal(err)
	}
	if _, err := play.settle(t.Context(), end); err != nil {
		t.Fatal(err)
	}
	reached := map[string]int{}
	raw, err := os.ReadFile(filepath.Join(o.data, "accepted.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(raw) {
		var m sandbox.Accepted
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatal(err)
		}
		reached[m.To]++
	}
	want := lapsing(t, end)
	if len(want) < 100 {
		t.Fatalf("the independent count finds only %d", len(want))
	}
	if diff := cmp.Diff(want, reached); diff != "" {
		t.Errorf("whom the letter reached (-independent count +provider):\n%s", diff)
	}
	t.Logf("%d customers were reached, each once", len(reached))
}

// lapsing counts by hand: two different orders in 2023, the last more than 60
// days before the end.
func lapsing(t *testing.T, end time.Time) map[string]int {
	t.Helper()
	orders, last := map[string]map[string]bool{}, map[string]time.Time{}
	for _, year := range []string{"2022", "2023"} {
		for _, row := range rowsOf(t, "Sales_"+year+".csv.gz") {
			at, err := time.Parse("01/02/2006", row["OrderDate"])
			if err != nil {
				if at, err = time.Parse("01-02-06", row["OrderDate"]); err != nil {
					t.Fatal(err)
				}
			}
			who := row["CustomerKey"]
			if orders[who] == nil {
				orders[who] = map[string]bool{}
			}
			if at.Year() == 2023 {
				orders[who][row["OrderNumber"]] = true
			}
			if at.After(last[who]) {
				last[who] = at
			}
		}
	}
	found := map[string]int{}
	for _, row := range rowsOf(t, "Customers.csv.gz") {
		who := row["CustomerKey"]
		if len(orders[who]) >= 2 && end.Sub(last[who]) >= 61*24*time.Hour {
			found[row["EmailAddress"]] = 1
		}
	}
	return found
}

func rowsOf(t *testing.T, name string) []map[string]string {
	t.Helper()
	file, err := os.Open(adventureWorks + name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	zipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(charmap.Windows1252.NewDecoder().Reader(zipped)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]map[string]string, len(records)-1)
	for i, record := range records[1:] {
		rows[i] = map[string]string{}
		for n, cell := range record {
			rows[i][records[0][n]] = cell
		}
	}
	return rows
}
