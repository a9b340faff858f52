package intake_test

import (
	"os"
	"path/filepath"
	"testing"

	"rapport/customers/intake"
	"rapport/trust/bounds"
)

// FuzzImport holds that of any file every row is taken or refused with a place and
// words.
func FuzzImport(f *testing.F) {
	for kind, seeds := range [][]string{
		{
			"id,email,phone,country,birthday,consented_at,tags\n1,a@b.c,+4930123456,de,1980-02-30,01.02.2022,\"a, b\"\n2,,,,,,\n",
			"Kundennr;Vorname;Ort\r\n7;J\xfcrgen;\"K\xf6ln\n\"\r\n", "{\"id\":7,\"email\":\"A@B.C\",\"tags\":[\"x\"]}\n{\"id\":null}\n[]\n", "\xff\xfei\x00d\x00\n\x001\x00",
		},
		{
			"order id,customer id,date,line,product,quantity,sales\n1,1,13/1/2022,1,p,2.0,\"$1,234.50\"\n1,1,13/1/2022,2,p,1,1.234,5\n",
			"id\tuserid\tat\ttotal\tcurrency\n1\t1\t2022-01-02T15:04:05+01:00\t99\tEUR\n", "{\"id\":1,\"customer\":2,\"at\":\"2022-01-02\",\"total\":1e300}\n",
		},
		{"id,name,price\np,Shoe,\"1.234,56\"\n", "ProductKey|ProductSKU|ProductName|ProductPrice\n1|a|b|-0\n"},
		{"channel,address,reason,at\nemail,A@B.CD,bounced,2026-01-02\nsms,0151 12345678,opted_out,\nfax,1,,\n"},
	} {
		for _, seed := range seeds {
			f.Add([]byte(seed), uint8(kind), false)
			f.Add([]byte(seed), uint8(kind), true)
		}
	}
	folder := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte, kind uint8, lines bool) {
		defer bounds.Watch(t)()
		path := filepath.Join(folder, "a.csv")
		if lines {
			path = filepath.Join(folder, "a.ndjson")
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		kinds := []intake.Kind{intake.Customers, intake.Orders, intake.Products, intake.Suppressions}
		refused := 0
		report, err := intake.Import(t.Context(), nil, []string{path}, intake.Options{
			Kind: kinds[int(kind)%len(kinds)], Country: "DE", Traits: map[string]string{"since": "date", "size": "number", "club": "bool"},
			Now: now, DryRun: true, Refused: func(r intake.Refusal) {
				if r.Line < 1 || r.Why == "" || r.String() == "" {
					t.Errorf("a refusal without a place or words: %+v", r)
				}
				if !r.RowTaken {
					refused++
				}
			},
		})
		if err == nil && (report.Taken+report.Refused != report.Rows || report.Refused != refused) {
			t.Errorf("%+v, and %d refusals", report, refused)
		}
	})
}
