package intake_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"rapport/channels"
	"rapport/customers"
	"rapport/customers/intake"
	"rapport/store"
	"rapport/store/storetest"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// write makes a file that was last changed a day before now.
func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	yesterday := now.AddDate(0, 0, -1)
	if err := os.Chtimes(path, yesterday, yesterday); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T) *store.Store {
	t.Helper()
	return storetest.Open(t, storetest.SQLite(t))
}

// take imports and says what became of it; refusals stand without their file.
func take(t *testing.T, s customers.Registry, o intake.Options, paths ...string) (intake.Outcome, []string) {
	t.Helper()
	var refusals []string
	o.Refused = func(r intake.Refusal) { refusals = append(refusals, r.String()) }
	if o.Now.IsZero() {
		o.Now = now
	}
	report, err := intake.Import(t.Context(), s, paths, o)
	if err != nil {
		t.Fatal(err)
	}
	return report, refusals
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func load(t *testing.T, s *store.Store, id string) *customers.Customer {
	t.Helper()
	all, err := s.Load(t.Context(), []string{id}, now)
	if err != nil || all[id] == nil {
		t.Fatalf("customer %s: %v", id, err)
	}
	return all[id]
}

// However a text is written down, it is the same customer.
func TestEncodings(t *testing.T) {
	const text = "Kundennr;Vorname;Nachname;Ort\r\n7;Jürgen;Größe;Łódź\r\n"
	western := strings.ReplaceAll(text, "Łódź", "Köln")
	encoded := func(e encoding.Encoding, text string) []byte {
		raw, err := e.NewEncoder().Bytes([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	var zipped bytes.Buffer
	zip := gzip.NewWriter(&zipped)
	_, _ = zip.Write(encoded(unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM), text))
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	s := open(t)
	for i, c := range []struct {
		what, encoding, name, city string
		raw                        []byte
	}{
		{"UTF-8", "", "a.csv", "Łódź", []byte(text)},
		{"UTF-8 with a mark", "", "a.csv", "Łódź", []byte("\xef\xbb\xbf" + text)},
		{"UTF-16 LE with a mark", "", "a.csv", "Łódź", encoded(unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM), text)},
		{"UTF-16 BE with a mark", "", "a.csv", "Łódź", encoded(unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM), text)},
		{"UTF-16 LE", "", "a.csv", "Łódź", encoded(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), text)},
		{"UTF-16 BE", "", "a.csv", "Łódź", encoded(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), text)},
		{"UTF-16, zipped", "", "a.csv.gz", "Łódź", zipped.Bytes()},
		{"named", "Windows-1250", "a.csv", "Łódź", encoded(charmap.Windows1250, text)},
		{"Windows-1252", "", "a.csv", "Köln", encoded(charmap.Windows1252, western)},
		{"objects", "", "a.ndjson", "Köln", []byte(`{"userId":7,"firstName":"Jürgen","lastName":"Größe","town":"Köln"}`)},
	} {
		options := intake.Options{Kind: intake.Customers, Encoding: c.encoding, Map: map[string]string{"id": "Kundennr"}}
		if c.what == "objects" {
			options.Map = nil
		}
		report, refusals := take(t, s, options, write(t, c.name, c.raw))
		if report.Taken != 1 || len(refusals) > 0 || (report.Written.Added == 1) != (i == 0) {
			t.Errorf("%s: %+v, %q", c.what, report, refusals)
		}
		if got := load(t, s, "7"); got.FirstName != "Jürgen" || got.LastName != "Größe" || got.City != c.city {
			t.Errorf("%s: %s %s in %s", c.what, got.FirstName, got.LastName, got.City)
		}
	}
}

// A character that is cut in two by a buffer is still one.
func TestALongFileOfUTF8IsNotTakenForAnother(t *testing.T) {
	const beginning, buffer = "id,city\n1,", 64 << 10
	city := strings.Repeat("x", buffer-len(beginning)-1) + "é"
	s := open(t)
	take(t, s, intake.Options{Kind: intake.Customers}, write(t, "a.csv", []byte(beginning+city+"\n")))
	if got := load(t, s, "1").City; got != city {
		t.Errorf("the city ends in %q", got[len(got)-5:])
	}
}

// One mistake does not turn all names of a file into another encoding's.
func TestABrokenCharacterCostsItsCell(t *testing.T) {
	s := open(t)
	const people = "id;first_name;consent.news.email;country;phone\n" +
		"1;Jürgen;;;\n2;J\xc3rgen;no;;\n3;Jörg;;;\n\xff4;Ann;;;\n5;Zoë;;D\xff;030 1234567\n6;Søren \ufffd;;;\n7;Łucja;;;\n8;Ñandú;;;\n9;Šárka;;;\n10;Ólöf;;;\n"
	report, refusals := take(t, s, intake.Options{Kind: intake.Customers, Country: "DE"}, write(t, "a.csv", []byte(people)))
	const why = "this has characters that cannot be read in the file's encoding"
	same(t, "refusals", refusals, []string{
		`line 3, column first_name, value "J\xc3rgen": ` + why, `line 5, column id, value "\xff4": ` + why,
		`line 6, column country, value "D\xff": this is no country code; write two letters such as DE`,
		`line 6, column phone, value "030 1234567": this is no phone number of its country; write it as +49…, or name the country`,
		`line 7, column first_name, value "Søren �": ` + why,
	})
	same(t, "encoding", report.Inputs[0].Encoding, "utf-8")
	two := load(t, s, "2")
	same(t, "names", []string{load(t, s, "1").FirstName, two.FirstName, load(t, s, "6").FirstName}, []string{"Jürgen", "", ""})
	if two.Consented("news", channels.Email, true) {
		t.Error("a no beside a broken name was lost")
	}
	_, refusals = take(t, s, intake.Options{Kind: intake.Orders, Encoding: "utf-8"}, write(t, "a.csv", []byte("id,customer,date,total,status\n1,1,2022-01-01,5,cancell\xe9d\n2,1,2022-01-01,5,\n")))
	same(t, "of orders", refusals, []string{`line 2, column status, value "cancell\xe9d": ` + why})
	_, refusals = take(t, s, intake.Options{Kind: intake.Customers}, write(t, "a.ndjson", []byte("{\"id\":1,\"city\":\"\u00d6l\"}\n{\"id\":2,\"city\":\"Bo\xfen\"}\n{\"id\":3,\"city\":\"\\u0000\"}\n{\"id\":4,\"city\":\"Łódź\"}\n")))
	same(t, "of objects", refusals, []string{`line 2, column city, value "Bo�n": ` + why, `line 3, column city, value "\x00": ` + why})
}

// What was found out about a file is told: it may be wrong.
func TestHowAFileWasReadIsTold(t *testing.T) {
	paths := []string{
		write(t, "a.csv", []byte("id;dob;signup_date;consent_date;Ort\r\n1;13.02.1980;2020-03-04;;K\xf6ln\r\n;;;;\r\n")),
		write(t, "b.csv", []byte("id,dob\n2,02/13/1980\n3,")),
		write(t, "c.ndjson", []byte(`{"id":4}`)),
	}
	for _, dry := range []bool{true, false} {
		report, _ := take(t, open(t), intake.Options{Kind: intake.Customers, DryRun: dry}, paths...)
		same(t, "inputs", report.Inputs, []intake.Input{
			{File: paths[0], Encoding: "windows-1252", Separator: ";", Dates: map[string]intake.Order{"dob": intake.DMY, "signup_date": intake.YMD}, Rows: 2, Taken: 1},
			{
				File: paths[1], Encoding: "utf-8", Separator: ",", Dates: map[string]intake.Order{"dob": intake.MDY}, Rows: 2, Taken: 2,
				Warning: "line 3, the last, has no end: the file may be cut off there",
			},
			{File: paths[2], Encoding: "utf-8", Dates: map[string]intake.Order{}, Rows: 1, Taken: 1},
		})
	}
}

func TestImportingTwiceChangesNothing(t *testing.T) {
	s := open(t)
	const people = "CustomerKey,FirstName,EmailAddress,Phone,BirthDate,Created At,Tags,Income,News\n" +
		"1,Ann,Ann@Shop.example,030 1234567,04/25/30,2020-02-03,\"vip, old\",\"$90,000 \",yes\n" +
		"2,Bob,,,,,,,no\n"
	const lines = "OrderNumber,CustomerKey,OrderDate,OrderLineItem,OrderQuantity,Sales\n" +
		"o-1,1,01-02-22,1,2,10.5\no-1,1,01-02-22,2,1,5\no-2,3,01/13/2022,1,1,1000.4375\n"
	const products = "ProductKey,ProductSKU,ProductName,ProductPrice\n1,A-1,\"Tea, green\",33.6442\n2,,Cup,1\n"
	for round, want := range []struct{ people, orders, products customers.Tally }{
		{customers.Tally{Added: 2}, customers.Tally{Added: 2}, customers.Tally{Added: 2}},
		{customers.Tally{Unchanged: 2}, customers.Tally{Unchanged: 2}, customers.Tally{Unchanged: 2}},
	} {
		for _, c := range []struct {
			kind intake.Kind
			text string
			want customers.Tally
		}{{intake.Customers, people, want.people}, {intake.Orders, lines, want.orders}, {intake.Products, products, want.products}} {
			options := intake.Options{Kind: c.kind, Country: "de", Now: now.AddDate(0, 0, round)}
			if c.kind == intake.Customers {
				options.Map = map[string]string{"traits.income": "Income", "consent.news.email": "News"}
			}
			report, refusals := take(t, s, options, write(t, "a.csv", []byte(c.text)))
			same(t, string(c.kind), report.Written, c.want)
			same(t, "refusals", refusals, []string(nil))
		}
	}
	ann := load(t, s, "1")
	same(t, "Ann's address", []string{ann.Email, ann.Phone, ann.Country}, []string{"ann@shop.example", "+49301234567", "DE"})
	same(t, "her birthday", ann.BornOn, time.Date(1930, 4, 25, 0, 0, 0, 0, time.UTC))
	same(t, "her tags", ann.Tags, []string{"vip", "old"})
	same(t, "her traits", ann.Traits, map[string]any{"income": 90000.0})
	same(t, "her orders", ann.Orders, customers.OrderTotals{
		Count: 1, Total: 1550, FirstAt: time.Date(2022, 1, 2, 0, 0, 0, 0, time.UTC), LastAt: time.Date(2022, 1, 2, 0, 0, 0, 0, time.UTC),
	})
	if got := load(t, s, "3").Orders.Total; got != 100044 {
		t.Errorf("somebody known by an order only spent %d", got)
	}
	if ann.RFM.Monetary == 0 {
		t.Error("nobody was ranked")
	}
}

// What somebody said since is not undone by the shop's older file, however
// often it is imported.
func TestImportedConsentsDoNotOutlastANewerWord(t *testing.T) {
	s := open(t)
	options := intake.Options{Kind: intake.Customers, Map: map[string]string{"consent.news.email": "News"}}
	path := write(t, "a.csv", []byte("id,created,News\n1,2020-01-01,yes\n2,,1\n3,,no\n4,2020-01-01,maybe\n"))
	_, refusals := take(t, s, options, path)
	same(t, "refusals", refusals, []string{`line 5, column News, value "maybe": a consent is yes or no`})
	word := func(id string) bool { return load(t, s, id).Consented("news", channels.Email, id == "3") }
	if !word("1") || !word("2") || word("3") {
		t.Fatalf("taken as %v, %v, %v", word("1"), word("2"), word("3"))
	}
	var since []customers.Consent
	for id, in := range map[string]bool{"1": false, "2": false, "3": true} {
		since = append(since, customers.Consent{Customer: id, Topic: "news", Channel: channels.Email, In: in, At: now.Add(-time.Hour), Source: "form"})
	}
	if err := s.Consent(t.Context(), now, since); err != nil {
		t.Fatal(err)
	}
	options.Now = now.AddDate(0, 1, 0)
	report, _ := take(t, s, options, path)
	same(t, "tally", report.Written, customers.Tally{Unchanged: 4, OlderWords: 3})
	if word("1") || word("2") || !word("3") {
		t.Error("an old file undid what was said since")
	}
	dated := write(t, "b.csv", []byte("id,Consented At,News\n1,2026-11-22 11:30,yes\n"))
	take(t, s, options, dated)
	if !word("1") {
		t.Error("a newer word with its date does not count")
	}
}

// Nobody says anything later than now: the date is told and left out, and the next no
// counts.
func TestADateAfterNowIsNone(t *testing.T) {
	s := open(t)
	options := intake.Options{Kind: intake.Customers, Map: map[string]string{"consent.news.email": "News"}}
	_, refusals := take(t, s, options, write(t, "a.csv", []byte("id,created,opt_in_date,News\n"+
		"1,2020-01-01,2026-11-22 14:00,yes\n2,2031-01-01,,yes\n3,,2099-01-01,yes\n4,,2099-01-01,no\n")))
	const why = "this is after now; say with --dates and --zone how the file writes dates, or mend it"
	same(t, "refusals", refusals, []string{
		`line 2, column opt_in_date, value "2026-11-22 14:00": ` + why, `line 3, column created, value "2031-01-01": ` + why,
		`line 4, column opt_in_date, value "2099-01-01": ` + why, `line 5, column opt_in_date, value "2099-01-01": ` + why,
	})
	epoch, file := time.Unix(0, 0).UTC(), now.AddDate(0, 0, -1)
	for id, at := range map[string]time.Time{"1": time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), "2": epoch, "3": epoch, "4": file} {
		same(t, "the word of "+id, load(t, s, id).Consents, []customers.Consent{
			{Customer: id, Topic: "news", Channel: channels.Email, In: id != "4", At: at, Source: customers.ByImport},
		})
	}
	if created := load(t, s, "2").CreatedAt; !created.Equal(now) {
		t.Errorf("created at %v", created)
	}
	report, _ := take(t, s, options, write(t, "b.csv", []byte("id,News\n1,no\n2,no\n3,no\n4,no\n")))
	same(t, "tally", report.Written, customers.Tally{Changed: 3, Unchanged: 1})
	for _, id := range []string{"1", "2", "3"} {
		if load(t, s, id).Consented("news", channels.Email, true) {
			t.Errorf("the no of %s does not count", id)
		}
	}
}

// The date of an opt-in is that of the yes: a no is as old as the file, or as the column
// of its own says.
func TestANoIsNotAsOldAsTheYesBeforeIt(t *testing.T) {
	s := open(t)
	options := intake.Options{Kind: intake.Customers, Map: map[string]string{"consent.news.email": "News"}}
	yes := "id,opt_in_date,News\n1,2024-01-10,yes\n2,2024-01-10,yes\n3,2024-01-10,yes\n"
	take(t, s, options, write(t, "a.csv", []byte(yes)))
	report, _ := take(t, s, options, write(t, "b.csv", []byte("id,opt_in_date,unsubscribed_at,News\n"+
		"1,2023-12-01,,no\n2,2023-12-01,2024-03-01,no\n3,2023-12-01,2023-12-24,no\n")))
	same(t, "tally", report.Written, customers.Tally{Changed: 2, Unchanged: 1, OlderWords: 1})
	day := func(month time.Month, d int) time.Time { return time.Date(2024, month, d, 0, 0, 0, 0, time.UTC) }
	for id, at := range map[string]time.Time{"1": now.AddDate(0, 0, -1), "2": day(3, 1), "3": day(1, 10)} {
		word, _ := load(t, s, id).Word("news", channels.Email)
		if word.In != (id == "3") || !word.At.Equal(at) {
			t.Errorf("the word of %s is %+v", id, word)
		}
	}
	take(t, s, options, write(t, "c.csv", []byte("id,opt_in_date,opt_out_date,News\n3,2024-02-01,2023-12-24,no\n")))
	if word, _ := load(t, s, "3").Word("news", channels.Email); word.In || !word.At.Equal(day(2, 1)) {
		t.Errorf("a no older than the yes that its row tells of is %+v", word)
	}
}

// The country of a file reads its numbers, and is that of customers of whom none is known.
func TestTheCountryOfAFileOverwritesNone(t *testing.T) {
	s := open(t)
	options := intake.Options{Kind: intake.Customers, Country: "DE"}
	take(t, s, options, write(t, "a.csv", []byte("id,country\n1,AT\n2,UK\n3,\n4,Austria\n")))
	_, refusals := take(t, s, options, write(t, "b.csv", []byte("id,first_name,phone\n1,Ann,4915123456789\n2,Bob,\n4,Dan,492112345\n")))
	same(t, "refusals", refusals, []string{
		`line 4, column phone, value "492112345": this is one number with its country's code and another without; write it as +49…, or with its leading 0`,
	})
	for id, country := range map[string]string{"1": "AT", "2": "GB", "3": "DE", "4": "DE"} {
		same(t, "the country of "+id, load(t, s, id).Country, country)
	}
	same(t, "the number", load(t, s, "1").Phone, "+4915123456789")
}

func TestWhatIsEmptyIsTakenOffAProfileWhenTold(t *testing.T) {
	full := "id,email,phone,tags,traits.plan,city\n1,ann@shop.example,+493012345678,vip,gold,Bonn\n"
	fields := func(s *store.Store) string {
		c := load(t, s, "1")
		return fmt.Sprint(c.Email, " ", c.Phone, " ", c.Tags, " ", c.Traits["plan"], " ", c.City)
	}
	const kept = "ann@shop.example +493012345678 [vip] gold Bonn"
	for name, of := range map[string]struct {
		clears     []string
		file, text string
		want       string
	}{
		"empty cells say nothing":       {nil, "b.csv", "id,email,phone,tags,traits.plan,city\n1,,,,,\n", kept},
		"some clear":                    {[]string{"email", "traits.plan", "Labels"}, "b.csv", "id,email,phone,Labels,traits.plan,city\n1, ,,,,\n", " +493012345678 [] <nil> Bonn"},
		"what cannot be read does not":  {[]string{"email", "phone"}, "b.csv", "id,email,phone\n1,ann,12\n", kept},
		"null and [] remove":            {nil, "b.ndjson", `{"id":1,"email":null,"tags":[],"traits.plan":null,"city":""}` + "\n", " +493012345678 [] <nil> Bonn"},
		"of objects":                    {nil, "b.ndjson", `{"id":1,"traits":null,"city":null}` + "\n" + `{"id":2,"traits":{"plan":"x"}}` + "\n", "ann@shop.example +493012345678 [vip] <nil> "},
		"what is not said stays":        {[]string{"city", "phone"}, "b.ndjson", `{"id":1,"city":""}` + "\n" + `{"id":2,"phone":"+493012345679"}` + "\n", "ann@shop.example +493012345678 [vip] gold "},
		"a list without words is no []": {nil, "b.ndjson", `{"id":1,"tags":[{}]}` + "\n", kept},
	} {
		s := open(t)
		take(t, s, intake.Options{Kind: intake.Customers}, write(t, "a.csv", []byte(full)))
		options := intake.Options{Kind: intake.Customers, EmptyClears: of.clears}
		for range 2 {
			take(t, s, options, write(t, of.file, []byte(of.text)))
		}
		same(t, name, fields(s), of.want)
	}
}

func TestATraitIsTakenInByItsType(t *testing.T) {
	s := open(t)
	header := []string{"id", "plan", "zip", "income", "club", "mobile", "score", "since", "vip", "level"}
	options := intake.Options{
		Kind: intake.Customers, Map: map[string]string{"phone": ""},
		Traits: map[string]string{"score": "number", "since": "date", "vip": "bool", "level": "string"},
	}
	for _, name := range header[1:] {
		options.Map["traits."+name] = name
	}
	_, refusals := take(t, s, options, write(t, "a.tsv", []byte(strings.Join(header, "\t")+"\n"+
		"1\tgold\t01067\t$90,000 \tYes\t+49 30 123\t7 points\t01.02.2024\tja\t5\n"+
		"2\tNaN\t10115\t-1.5\tno\t030/12\thigh\tsoon\tperhaps\tInf\n"+
		"3\t\t\t\t\t\t\t13.02.2024\t\t\n")))
	same(t, "refusals", refusals, []string{
		`line 3, column score, value "high": this is no number, as the workspace declares it`,
		`line 3, column since, value "soon": this is no date, as the workspace declares it`,
		`line 3, column vip, value "perhaps": this is no bool, as the workspace declares it`,
	})
	day := func(d int) float64 { return float64(time.Date(2024, 2, d, 0, 0, 0, 0, time.UTC).UnixMilli()) }
	same(t, "of 1", load(t, s, "1").Traits, map[string]any{
		"plan": "gold", "zip": "01067", "income": 90000.0, "club": true, "mobile": "+49 30 123", "score": 7.0, "since": day(1), "vip": true, "level": "5",
	})
	same(t, "of 2", load(t, s, "2").Traits, map[string]any{
		"plan": "NaN", "zip": 10115.0, "income": -1.5, "club": false, "mobile": "030/12", "level": "Inf",
	})
	same(t, "of 3", load(t, s, "3").Traits, map[string]any{"since": day(13)})
}

// A column whose header is a field's own name needs no mapping, and one that means
// nothing is not passed over in silence.
func TestAColumnIsReadOrNamed(t *testing.T) {
	s := open(t)
	const text = "customer_id,email,consent.news.email,traits.plan,nonsense,fax,consent_at,traits.,Mail\n" +
		"1,a@shop.example,no,gold,x,no,no,x,\n2,b@shop.example,maybe,,,,,,\n"
	path := write(t, "a.csv", []byte(text))
	other := write(t, "b.ndjson", []byte(`{"id":"3","consent":{"news":{"email":true}},"nonsense":1,"pet":"cat"}`))
	report, refusals := take(t, s, intake.Options{Kind: intake.Customers}, path, other)
	same(t, "not read", report.NotRead, []string{"nonsense", "fax", "consent_at", "traits.", "Mail", "pet"})
	same(t, "refusals", refusals, []string{`line 3, column consent.news.email, value "maybe": a consent is yes or no`})
	one := load(t, s, "1")
	same(t, "traits", one.Traits, map[string]any{"plan": "gold"})
	if one.Consented("news", channels.Email, true) || !load(t, s, "2").Consented("news", channels.Email, true) || !load(t, s, "3").Consented("news", channels.Email, false) {
		t.Error("a word about news was not taken, or made up")
	}
	told := intake.Options{Kind: intake.Customers, DryRun: true, Map: map[string]string{"consent.news.email": "", "traits.plan": "nonsense"}}
	report, _ = take(t, nil, told, path)
	same(t, "not read, as told", report.NotRead, []string{"consent.news.email", "traits.plan", "fax", "consent_at", "traits.", "Mail"})
	told.Ignore = []string{"fax", "Mail", "email"}
	report, _ = take(t, nil, told, path)
	same(t, "not read, and not ignored", report.NotRead, []string{"consent.news.email", "traits.plan", "consent_at", "traits."})
	report, _ = take(t, nil, intake.Options{Kind: intake.Products, DryRun: true}, write(t, "a.csv", []byte("id,name,traits.x,price\n1,Tea,,2\n")))
	same(t, "a product's", report.NotRead, []string{"traits.x"})
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		what    string
		options intake.Options
		text    string
		taken   int
		want    []string
	}{
		{
			"customers",
			intake.Options{Kind: intake.Customers},
			"id,email,phone,country,tz,birthday\n,a@b.example,,,,\n2,nobody,12,Germany,Mars/Base,02/30/2020\n3,a@b.example,030 1234567,DE,Local,13/13/2020\n4,,,D1,,01/13/2020\n",
			3,
			[]string{
				`line 2, column id: the id is empty`,
				`line 3, column country, value "Germany": this is no country code; write two letters such as DE`,
				`line 3, column email, value "nobody": this is no e-mail address`,
				`line 3, column phone, value "12": this is no phone number of its country; write it as +49…, or name the country`,
				`line 3, column tz, value "Mars/Base": this is no time zone; IANA names look like Europe/Berlin`,
				`line 3, column birthday, value "02/30/2020": this is no date`,
				`line 4, column tz, value "Local": this is no time zone; IANA names look like Europe/Berlin`,
				`line 4, column birthday, value "13/13/2020": this is no date`,
				`line 5, column country, value "D1": this is no country code; write two letters such as DE`,
			},
		},
		{
			"customers of a country, and of one that nobody can read",
			intake.Options{Kind: intake.Customers, Country: "de"},
			"id,phone,country\n1,030 1234567,\n2,030 1234567,Austria\n3,+49 30 1234567,Austria\n",
			3,
			[]string{
				`line 3, column country, value "Austria": this is no country code; write two letters such as DE`,
				`line 3, column phone, value "030 1234567": this is no phone number of its country; write it as +49…, or name the country`,
				`line 4, column country, value "Austria": this is no country code; write two letters such as DE`,
			},
		},
		{
			"order lines",
			intake.Options{Kind: intake.Orders},
			"order id,customer id,date,line,qty,amount,status\n" +
				",c,2022-01-01,1,1,1,\no,,2022-01-01,1,1,1,\no,c,soon,1,1,1,\no,c,,1,1,1,\no,c,2022-01-01,1,1,free,\n" +
				"o,c,2022-01-01,one,1,1,\no,c,2022-01-01,1,1,1,eaten\no,c,2022-01-01,1,many,1,Returned\no,c,2022-01-01,2,2.0,1,\n",
			2,
			[]string{
				"line 2, column order id: the id is empty",
				"line 3, column customer id: the customer is empty",
				`line 4, column date, value "soon": the order has no date that can be read`,
				"line 5, column date: the order has no date that can be read",
				`line 6, column amount, value "free": this is no amount of money`,
				`line 7, column line, value "one": this is no line number; name another column, or none with --map line=`,
				`line 8, column status, value "eaten": the status is none of completed, returned, cancelled, or a usual word for one`,
				`line 9, column qty, value "many": this is no whole number`,
			},
		},
		{
			"whole orders",
			intake.Options{Kind: intake.Orders},
			"id,customer,date,total\n1,c,2022-01-01,\n2,c,2022-01-01,5\n",
			1,
			[]string{"line 2, column total: this is no amount of money"},
		},
		{
			"products",
			intake.Options{Kind: intake.Products},
			"id,name,price\n,Tea,1\n2,Cup,dear\n" + strings.Repeat("x", 256) + ",Pot,1\n",
			1,
			[]string{
				"line 2, column id: the id is empty", `line 3, column price, value "dear": this is no amount of money`,
				`line 4, column id, value "` + strings.Repeat("x", 256) + `": this is longer than 255 bytes`,
			},
		},
		{
			"the other dates, when told",
			intake.Options{Kind: intake.Customers, Dates: intake.DMY},
			"id,birthday\n1,13/01/2020\n2,01/13/2020\n",
			2,
			[]string{`line 3, column birthday, value "01/13/2020": this is no date`},
		},
	} {
		c.options.DryRun = true
		report, refusals := take(t, nil, c.options, write(t, "a.csv", []byte(c.text)))
		if !slices.Equal(refusals, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.what, refusals, c.want)
		}
		cells := 0
		for _, refusal := range c.want {
			if strings.HasSuffix(refusal, "the id is empty") || strings.Contains(c.what, "order") && !strings.Contains(refusal, "whole number") ||
				strings.HasSuffix(refusal, "the customer is empty") || strings.HasSuffix(refusal, "longer than 255 bytes") {
				continue
			}
			cells++
		}
		report.Inputs = nil
		same(t, c.what, report, intake.Outcome{
			Files: 1, Rows: report.Rows, Taken: c.taken, Refused: report.Rows - c.taken, Blanked: cells, NotRead: []string{},
		})
	}
}

// A consent to a topic that nobody knows would be kept and never asked about: it is a
// mistake, and nothing of any file is written before it is mended.
func TestAConsentToNoTopicIsAMistake(t *testing.T) {
	s := open(t)
	good := write(t, "good.csv", []byte("id,consent.news.email\n1,yes\n"))
	topics := []string{"news", "service"}
	for name, c := range map[string]struct {
		header string
		told   map[string]string
		want   string
	}{
		"by its name": {"id,consent.nwes.email", nil, `column "consent.nwes.email" is about the topic "nwes", which the workspace does not have; there are news, service (--map consent.nwes.email= leaves it out)`},
		"as told":     {"id,Newsletter", map[string]string{"consent.nwes.sms": "Newsletter"}, `column "Newsletter" is about the topic "nwes", which the workspace does not have; there are news, service (--map consent.nwes.sms= leaves it out)`},
	} {
		bad := write(t, "bad.csv", []byte(c.header+"\n2,no\n"))
		files := []string{good, bad}
		if c.told != nil {
			files = files[1:]
		}
		_, err := intake.Import(t.Context(), s, files, intake.Options{Kind: intake.Customers, Topics: topics, Map: c.told, Now: now})
		if err == nil || err.Error() != "import "+bad+": "+c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if who, err := s.Find(t.Context(), "1"); err == nil {
			t.Errorf("%s: written: %+v", name, who)
		}
	}
	left := intake.Options{Kind: intake.Customers, Topics: topics, Map: map[string]string{"consent.nwes.email": ""}}
	report, _ := take(t, s, left, good, write(t, "bad.csv", []byte("id,consent.nwes.email\n2,no\n")))
	same(t, "not read", report.NotRead, []string{"consent.nwes.email"})
	same(t, "taken", report.Taken, 2)
}

// A no is read however its header is written, or its file is not taken.
func TestAConsentIsReadOrItsFileRefused(t *testing.T) {
	s := open(t)
	options := intake.Options{Kind: intake.Customers, Topics: []string{"news"}}
	take(t, s, options, write(t, "a.csv", []byte("id,Consent.News.EMAIL\n1,no\n")))
	if load(t, s, "1").Consented("news", channels.Email, true) {
		t.Error("a no under a header in capitals was lost")
	}
	options.Map = map[string]string{"Consent.News.Sms": "Newsletter"}
	take(t, s, options, write(t, "a.csv", []byte("id,Newsletter\n1,no\n")))
	if load(t, s, "1").Consented("news", channels.SMS, true) {
		t.Error("a no of a field in capitals was lost")
	}
	options.Map = nil
	for _, header := range []string{
		"consent.news", "consent.news.fax", "consent-news-email", "Consent: news", "Accepts Email Marketing", "accepts_marketing", "Email Marketing Consent", "Newsletter?",
		"opt-in", "OptedOut", "Unsubscribed", "UNSUB_TIME", "Opt-Out Date", "is_subscribed", "Do not email", "Einwilligung", "SMS Consent",
	} {
		path := write(t, "a.csv", []byte("id,"+header+",city\n2,no,Bonn\n"))
		_, err := intake.Import(t.Context(), s, []string{path}, intake.Options{Kind: intake.Customers, Now: now})
		want := "import " + path + ": columns that look like consents are not read, and a no in one would be lost: \"" + header + "\"; --map consent.TOPIC.CHANNEL=COLUMN takes one, --ignore COLUMN leaves one out"
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %q", header, err, want)
		}
		report, _ := take(t, nil, intake.Options{Kind: intake.Customers, DryRun: true, Ignore: []string{header}}, path)
		same(t, header+", ignored", report.NotRead, []string{})
	}
	take(t, s, intake.Options{Kind: intake.Customers, Ignore: []string{"consent.news.email"}}, write(t, "a.csv", []byte("id,consent.news.email\n4,no\n")))
	if !load(t, s, "4").Consented("news", channels.Email, true) {
		t.Error("a column to ignore was read")
	}
	twice := write(t, "a.csv", []byte("id,consent.news.email,Consent.News.Email\n3,no,yes\n"))
	if _, err := intake.Import(t.Context(), s, []string{twice}, options); err == nil || !strings.Contains(err.Error(), `a no in one would be lost: "consent.news.email";`) {
		t.Errorf("of a consent in two columns one was lost: %v", err)
	}
	for _, header := range []string{"Email Marketing Consent Timestamp", "OPTIN_IP", "CONFIRM_TIME", "Options", "Subscription", "Marketing Channel"} {
		take(t, nil, intake.Options{Kind: intake.Customers, DryRun: true}, write(t, "a.csv", []byte("id,consent_date,"+header+"\n2,,x\n")))
	}
	take(t, nil, intake.Options{Kind: intake.Orders, DryRun: true}, write(t, "a.csv", []byte("id,customer,date,total,Accepts Marketing\n2,1,2022-01-01,5,no\n")))
}

func TestFilesThatCannotBeReadAtAll(t *testing.T) {
	for _, c := range []struct {
		what    string
		options intake.Options
		name    string
		text    string
		want    string
	}{
		{"a field nobody has", intake.Options{Kind: intake.Customers, Map: map[string]string{"e-mail": "Mail"}}, "a.csv", "id,Mail\n", `customers have no field "e-mail"; there are born_on, city, consented_at, country, created_at, email,`},
		{"traits of orders", intake.Options{Kind: intake.Orders, Map: map[string]string{"traits.x": "id"}}, "a.csv", "id\n", `orders have no field "traits.x"; there are amount, at,`},
		{"a consent for no channel", intake.Options{Kind: intake.Customers, Map: map[string]string{"consent.news.fax": "id"}}, "a.csv", "id\n", "tags, zone, traits.NAME, consent.TOPIC.CHANNEL"},
		{"a column that is not there", intake.Options{Kind: intake.Customers, Map: map[string]string{"email": "mail"}}, "a.csv", "id,E-Mail\n", `there is no column "mail" for email; the columns are id, E-Mail`},
		{"a field to clear that no column holds", intake.Options{Kind: intake.Customers, EmptyClears: []string{"phone"}}, "a.csv", "id,E-Mail\n", `no column holds "phone", which an empty cell is to clear; it has email, id`},
		{"a field that nothing clears", intake.Options{Kind: intake.Customers, EmptyClears: []string{"created"}}, "a.csv", "id,created\n", "created_at cannot be cleared by an empty cell; email, phone,"},
		{"no id", intake.Options{Kind: intake.Customers}, "a.csv", "who,city\n", "no column is known to be the id; say which with --map id=COLUMN (the columns are who, city)"},
		{"no money", intake.Options{Kind: intake.Orders}, "a.csv", "id,customer,date\n", "no column is known to be the amount of a line or the total of an order; say which with --map amount=COLUMN or --map total=COLUMN"},
		{"dates of two orders", intake.Options{Kind: intake.Customers}, "a.csv", "id,dob\n1,01/13/2020\n2,13/01/2020\n", "say which with --dates dmy or mdy, and the others are reported"},
		{"dates of no order", intake.Options{Kind: intake.Customers}, "a.csv", "id,dob\n1,01/02/2020\n", "can be read day first or month first; say which with --dates dmy or mdy"},
		{"nothing", intake.Options{Kind: intake.Customers}, "a.csv", "", "the file is empty; its first line should name the columns"},
		{"an encoding nobody knows", intake.Options{Kind: intake.Customers, Encoding: "ebcdic"}, "a.csv", "id\n", `encoding "ebcdic" is not known; name one of utf-8,`},
		{"an encoding nobody can tell", intake.Options{Kind: intake.Customers}, "a.csv", "id,name\n1,J\u00fcrgen\n2,J\xfcrgen\n", "it holds 1 characters of UTF-8 and 1 bytes of another encoding; say which it is with --encoding"},
		{"a workbook", intake.Options{Kind: intake.Customers}, "a.xlsx", "PK\x03\x04\x14", "this is a workbook of a spreadsheet, or a zip; save it as CSV"},
		{"an array", intake.Options{Kind: intake.Customers}, "a.json", "[{\"id\":1}]", "it holds an array; write one object a line"},
		{"an array over lines", intake.Options{Kind: intake.Customers}, "a.json", "\n[\n{\"id\":1},\n{\"id\":2}\n]\n", "it holds an array; write one object a line"},
		{"an object over lines", intake.Options{Kind: intake.Customers}, "a.json", "{\n\"id\": 1\n}\n", "no line of it is a JSON object; write each on one line"},
		{"half a zip", intake.Options{Kind: intake.Customers}, "a.csv.gz", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x01", "unexpected EOF"},
	} {
		c.options.DryRun, c.options.Now = true, now
		path := write(t, c.name, []byte(c.text))
		_, err := intake.Import(t.Context(), nil, []string{path}, c.options)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "import "+path+": ") {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
	if _, err := intake.Import(t.Context(), nil, []string{"nowhere.csv"}, intake.Options{Kind: intake.Customers}); err == nil {
		t.Error("a file that is not there was read")
	}
}

// Lines near each other are one order, wherever a batch ends; lines far from
// each other still make one order, each with its own number.
func TestOrdersThatBatchesSplit(t *testing.T) {
	const rows = 12_345
	for name, numbered := range map[string]bool{"numbered": true, "not numbered": false} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			var text strings.Builder
			text.WriteString("orderid,customerid,date,line,qty,amount\n")
			for i := range rows { // three lines an order, some apart from the others
				order := i / 3
				if i == 4_000 || i == 12_000 {
					order = 0
				}
				fmt.Fprintf(&text, "o-%d,c-%d,2022-01-01,%d,1,1.00\n", order, order%10, i+1)
			}
			options := intake.Options{Kind: intake.Orders}
			if !numbered {
				options.Map = map[string]string{"line": ""}
			}
			path := write(t, "a.csv", []byte(text.String()))
			first, _ := take(t, s, options, path)
			// o-0 was written before its last line came: once new, once changed.
			same(t, "first", first.Written, customers.Tally{Added: rows / 3, Changed: 1})
			again, _ := take(t, s, options, path)
			// Again it is first without its last line, and then with it.
			same(t, "again", again.Written, customers.Tally{Changed: 2, Unchanged: rows/3 - 1})
			var total int64
			for c, err := range s.Stream(t.Context(), "", nil) {
				if err != nil {
					t.Fatal(err)
				}
				total += c.Orders.Total
			}
			if total != rows*100 {
				t.Errorf("%d lines of 1.00 make %d", rows, total)
			}
		})
	}
}

func TestALaterRowOfAnOrderIsTheLaterWord(t *testing.T) {
	s := open(t)
	report, _ := take(t, s, intake.Options{Kind: intake.Orders}, write(t, "a.csv", []byte(
		"id,customer,date,total,status\n1,c,2022-01-01,5,completed\n1,c,2022-01-01,6,returned\n")))
	same(t, "tally", report.Written, customers.Tally{Added: 1})
	same(t, "orders", load(t, s, "c").Orders, customers.OrderTotals{Returned: 1})
}

// What a file does not say about a status stays what it was; what shops call a
// status counts as one.
func TestAnImportWithoutAStatusReturnsNothing(t *testing.T) {
	s := open(t)
	orders := func(text string) intake.Outcome {
		report, _ := take(t, s, intake.Options{Kind: intake.Orders}, write(t, "a.csv", []byte("id,customer,date,total,status\n"+text)))
		return report
	}
	orders("1,c,2022-01-01,5,\n2,c,2022-01-01,5,shipped\n3,c,2022-01-01,5,Canceled\n4,c,2022-01-01,5,partially_refunded\n")
	same(t, "orders", load(t, s, "c").Orders.Count, int64(3))
	orders("1,c,2022-01-01,5,Refunded\n")
	returned := load(t, s, "c").Orders
	same(t, "returned", []int64{returned.Count, returned.Returned}, []int64{2, 1})
	if r := orders("1,c,2022-01-01,5,pending\n"); r.Refused != 1 {
		t.Errorf("what is no order yet was taken: %+v", r)
	}
	take(t, s, intake.Options{Kind: intake.Orders}, write(t, "b.csv", []byte("id,customer,date,total\n1,c,2022-01-01,5\n3,c,2022-01-01,5\n")))
	same(t, "without a status", load(t, s, "c").Orders, returned)
}

// The lines of an order in one import are the order.
func TestAnImportGivesOrdersWhole(t *testing.T) {
	const header = "orderid,customerid,date,line,amount\n"
	unnumbered := map[string]string{"line": ""}
	for what, c := range map[string]struct {
		columns map[string]string
		before  []string // imported one after the other
		files   []string // imported together
		want    int64
	}{
		"a line that is missing from a corrected export": {nil, []string{"o,c,2022-01-01,1,40\no,c,2022-01-01,2,40\n"}, []string{"o,c,2022-01-01,1,40\n"}, 4000},
		"another numbering":                                {nil, []string{"o,c,2022-01-01,1,40\no,c,2022-01-01,2,40\n"}, []string{"o,c,2022-01-01,900001,40\no,c,2022-01-01,900002,40\n"}, 8000},
		"files that overlap":                               {nil, nil, []string{"o,c,2022-01-01,1,40\no,c,2022-01-01,2,40\n", "o,c,2022-01-01,1,40\no,c,2022-01-01,2,40\n"}, 8000},
		"files that overlap and number nothing":            {unnumbered, nil, []string{"o,c,2022-01-01,,40\no,c,2022-01-01,,40\n", "o,c,2022-01-01,,40\no,c,2022-01-01,,40\n"}, 8000},
		"an order that the end of a file cuts":             {nil, nil, []string{"o,c,2022-01-01,1,40\n", "o,c,2022-01-01,2,40\n"}, 8000},
		"a line that cannot be read":                       {nil, []string{"o,c,2022-01-01,1,40\no,c,2022-01-01,2,40\n"}, []string{"o,c,2022-01-01,1,30\no,c,2022-01-01,2,?\n"}, 7000},
		"a line that cannot be read, and none is numbered": {unnumbered, []string{"o,c,2022-01-01,,40\no,c,2022-01-01,,20\n"}, []string{"o,c,2022-01-01,,?\no,c,2022-01-01,,30\n"}, 7000},
	} {
		s := open(t)
		options := intake.Options{Kind: intake.Orders, Map: c.columns}
		for _, text := range c.before {
			take(t, s, options, write(t, "before.csv", []byte(header+text)))
		}
		var paths []string
		for i, text := range c.files {
			paths = append(paths, write(t, fmt.Sprint(i, ".csv"), []byte(header+text)))
		}
		for range 2 {
			take(t, s, options, paths...)
			if got := load(t, s, "c").Orders.Total; got != c.want {
				t.Errorf("%s: the order comes to %d, not %d", what, got, c.want)
			}
		}
	}
}

// A total that a file without lines corrects is what the order comes to.
func TestATotalCorrectsAnOrderWithLines(t *testing.T) {
	s := open(t)
	take(t, s, intake.Options{Kind: intake.Orders}, write(t, "a.csv", []byte("id,customer,date,line,amount\n1,c,2022-01-01,1,80\n")))
	report, _ := take(t, s, intake.Options{Kind: intake.Orders}, write(t, "b.csv", []byte("id,customer,date,total\n1,c,2022-01-01,60\n")))
	same(t, "tally", report.Written, customers.Tally{Changed: 1})
	same(t, "total", load(t, s, "c").Orders.Total, int64(6000))
}

func TestAmountsAreInTheirOwnCurrency(t *testing.T) {
	s := open(t)
	report, refusals := take(t, s, intake.Options{Kind: intake.Orders, Currency: "EUR"}, write(t, "a.csv", []byte(
		"id,customer,date,total,currency\n1,c,2022-01-01,10,usd\n2,c,2022-01-02,1000,JPY\n3,c,2022-01-03,5,EUR\n4,c,2022-01-04,5,\n5,c,2022-01-05,1,Taler\n")))
	same(t, "rows in another currency", report.Abroad, 2)
	same(t, "refused", refusals, []string{`line 6, column currency, value "Taler": this is no currency of ISO 4217, such as EUR`})
	c := load(t, s, "c")
	same(t, "orders and their total", []int64{c.Orders.Count, c.Orders.Total}, []int64{5, 1100})
	events, err := s.Of(t.Context(), "c", 10)
	if err != nil {
		t.Fatal(err)
	}
	var told []any
	for _, e := range events {
		told = append(told, e.Properties["total"], e.Properties["currency"])
	}
	same(t, "timeline", told, []any{10.0, "USD", 1000.0, "JPY", 5.0, "EUR", 5.0, "EUR", 1.0, "EUR"})
}

func TestADryRunOnlyLooks(t *testing.T) {
	s := open(t)
	var seen [][2]int64
	report, _ := take(t, s, intake.Options{
		Kind: intake.Customers, DryRun: true, Progress: func(done, total int64) { seen = append(seen, [2]int64{done, total}) },
	}, write(t, "a.csv", []byte("id\n1\n")), write(t, "b.csv", []byte("id\n2\n")))
	report.Inputs = nil
	same(t, "report", report, intake.Outcome{Files: 2, Rows: 2, Taken: 2, NotRead: []string{}})
	same(t, "progress", seen, [][2]int64{{5, 10}, {10, 10}})
	for _, err := range s.Stream(t.Context(), "", nil) {
		t.Fatalf("somebody is there: %v", err)
	}
}
