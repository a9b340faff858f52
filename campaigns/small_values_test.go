package campaigns

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// parsing is one row of a table of small values: wrong rows name a word of the
// mend.
type parsing[T comparable] struct {
	text string
	want T
	mend string
}

func checkParsing[T comparable](t *testing.T, parse func(string) (T, *mistake), rows []parsing[T]) {
	t.Helper()
	for _, row := range rows {
		got, problem := parse(row.text)
		switch {
		case row.mend == "" && problem != nil:
			t.Errorf("%q: %s; %s", row.text, problem.message, problem.mend)
		case row.mend == "" && got != row.want:
			t.Errorf("%q: got %v, want %v", row.text, got, row.want)
		case row.mend != "" && problem == nil:
			t.Errorf("%q was taken as %v", row.text, got)
		case row.mend != "" && !strings.Contains(problem.mend, row.mend):
			t.Errorf("%q: the mend is %q, want %q in it", row.text, problem.mend, row.mend)
		}
	}
}

func TestDurations(t *testing.T) {
	checkParsing(t, parseDuration, []parsing[time.Duration]{
		{text: "90s", want: 90 * time.Second},
		{text: "15m", want: 15 * time.Minute},
		{text: "24h", want: 24 * time.Hour},
		{text: "3d", want: 72 * time.Hour},
		{text: "2w", want: 14 * 24 * time.Hour},
		{text: "1d12h", want: 36 * time.Hour},
		{text: "1w1d1h1m1s", want: 8*24*time.Hour + time.Hour + time.Minute + time.Second},
		{text: "007d", want: 7 * 24 * time.Hour},
		{text: "3660d", want: maxDuration},
		{text: "", mend: "write a duration"},
		{text: "24", mend: "24h for hours, 24m for minutes or 24d for days"},
		{text: "12h1d", mend: "begin with the longer unit"},
		{text: "1d 12h", mend: "write 1d12h"},
		{text: "1 day", mend: "write 1d"},
		{text: "24 Hours", mend: "write 24h"},
		{text: "90 sec", mend: "write 90s"},
		{text: "2 months", mend: "60d"},
		{text: "1y", mend: "365d"},
		{text: "3M", mend: "90d"},
		{text: "1 mos", mend: "30d"},
		{text: "0s", mend: "write a duration"},
		{text: "0d0h", mend: "write a duration"},
		{text: "-3d", mend: "write a duration"},
		{text: "1.5d", mend: "write a duration"},
		{text: "3661d", mend: "write a duration"},
		{text: "99999999999999999999w", mend: "write a duration"},
		{text: "15250284452471w", mend: "write a duration"}, // overflows to a small one
		{text: "٣d", mend: "write a duration"},
		{text: "3d\n", mend: "write a duration"},
	})
}

func TestTimesOfDay(t *testing.T) {
	checkParsing(t, parseClock, []parsing[ClockTime]{
		{text: "10:00", want: 600},
		{text: "9:05", want: 545},
		{text: "00:00", want: 0},
		{text: "23:59", want: 1439},
		{text: "24:00", mend: "24-hour clock"},
		{text: "25:00", mend: "24-hour clock"},
		{text: "10:60", mend: "24-hour clock"},
		{text: "10", mend: "24-hour clock"},
		{text: "10:00:00", mend: "24-hour clock"},
		{text: "10am", mend: "24-hour clock"},
		{text: "-1:00", mend: "24-hour clock"},
	})
}

func TestSpansOfHours(t *testing.T) {
	checkParsing(t, parseWindow, []parsing[Window]{
		{text: "09:30-12:00", want: Window{570, 720}},
		{text: "09:30 - 12:00", want: Window{570, 720}},
		{text: "22:00-02:00", want: Window{1320, 120}},
		{text: "00:00-24:00", want: Window{0, 1440}},
		{text: "18:00-24:00", want: Window{1080, 1440}},
		{text: "24:00-02:00", mend: "24-hour clock"},
		{text: "10:00-10:00", mend: "00:00-24:00"},
		{text: "10:00", mend: "09:30-12:00"},
		{text: "9-12", mend: "24-hour clock"},
		{text: "09:00-12:00-14:00", mend: "24-hour clock"},
	})
}

func TestInstants(t *testing.T) {
	checkParsing(t, parseInstant, []parsing[LocalTime]{
		{text: "2026-12-01", want: LocalTime{Year: 2026, Month: time.December, Day: 1}},
		{text: "2026-12-01 10:05", want: LocalTime{2026, time.December, 1, 10, 5}},
		{text: "2026-12-01T10:05", want: LocalTime{2026, time.December, 1, 10, 5}},
		{text: "2028-02-29", want: LocalTime{Year: 2028, Month: time.February, Day: 29}},
		{text: "2026-02-29", mend: "write it as"},
		{text: "2026-13-01", mend: "write it as"},
		{text: "2026-00-10", mend: "write it as"},
		{text: "2026-04-31 10:00", mend: "write it as"},
		{text: "2026-12-01 24:00", mend: "24-hour clock"},
		{text: "2026-12-01 10:00 Europe/Berlin", mend: "write it as"},
		{text: "1.12.2026", mend: "write it as 2026-12-01"},
	})
}

func TestDayWords(t *testing.T) {
	checkParsing(t, parseDays, []parsing[Days]{
		{text: "mon", want: 1 << time.Monday},
		{text: "weekdays", want: 0b0111110},
		{text: "weekend", want: 0b1000001},
		{text: "any", want: 0},
		{text: "Monday", mend: "write mon"},
		{text: "thurs", mend: "write thu"},
		{text: "someday", mend: "weekdays"},
	})
}

func TestShares(t *testing.T) {
	checkParsing(t, parseShare, []parsing[float64]{
		{text: "10%", want: 0.1},
		{text: "0.5 %", want: 0.005},
		{text: "0%", want: 0},
		{text: "100%", want: 1},
		{text: "101%", mend: "0% to 100%"},
		{text: "-1%", mend: "percent sign"},
		{text: "0.1", mend: "percent sign"},
		{text: "ten%", mend: "percent sign"},
	})
}

func TestBudgets(t *testing.T) {
	checkParsing(t, parseBudget("EUR"), []parsing[Budget]{
		{text: "50 EUR per 1d", want: Budget{Amount: 5000, Per: 24 * time.Hour}},
		{text: "0.07 EUR per 15m", want: Budget{Amount: 7, Per: 15 * time.Minute}},
		{text: "99.5  EUR  per  2w", want: Budget{Amount: 9950, Per: 14 * 24 * time.Hour}},
		{text: "50 USD per 1d", mend: "write 50 EUR per 1d"},
		{text: "50 eur per 1d", mend: "write 50 EUR per 1d"},
		{text: "50 EUR", mend: "50 EUR per 1d"},
		{text: "50€ per 1d", mend: "50 EUR per 1d"},
		{text: "-5 EUR per 1d", mend: "50 EUR per 1d"},
		{text: "1.005 EUR per 1d", mend: "50 EUR per 1d"},
		{text: "1,000 EUR per 1d", mend: "50 EUR per 1d"},
		{text: "99999999999999999999 EUR per 1d", mend: "50 EUR per 1d"},
		{text: "50 EUR per day", mend: "write a duration"},
	})
	checkParsing(t, parseBudget("JPY"), []parsing[Budget]{
		{text: "5000 JPY per 1d", want: Budget{Amount: 5000, Per: 24 * time.Hour}},
		{text: "5000.5 JPY per 1d", mend: "50 EUR per 1d"},
	})
	checkParsing(t, parseBudget("KWD"), []parsing[Budget]{
		{text: "1.5 KWD per 1d", want: Budget{Amount: 1500, Per: 24 * time.Hour}},
	})
}

func TestDecimals(t *testing.T) {
	checkParsing(t, parseDecimal, []parsing[float64]{
		{text: "5", want: 5},
		{text: "-1.5", want: -1.5},
		{text: "0.08", want: 0.08},
		{text: "0", want: 0},
		{text: "010", mend: "write 10"},
		{text: "0o10", mend: "write digits"},
		{text: "0x10", mend: "write digits"},
		{text: "1e3", mend: "write digits"},
		{text: "1_000", mend: "write digits"},
		{text: "+5", mend: "write digits"},
		{text: ".5", mend: "write digits"},
		{text: ".inf", mend: "write digits"},
		{text: strings.Repeat("9", 400), mend: "smaller"},
	})
}

func TestSchedules(t *testing.T) {
	checkParsing(t, parseCron, []parsing[string]{
		{text: "0 10 * * MON", want: "0 10 * * MON"},
		{text: "*/15 9-17 1,15 JAN-MAR 1-5", want: "*/15 9-17 1,15 JAN-MAR 1-5"},
		{text: "0 0 29 2 *", want: "0 0 29 2 *"},
		{text: "TZ=Europe/Berlin 0 10 * * *", mend: "zone:"},
		{text: "CRON_TZ=UTC 0 10 * * *", mend: "zone:"},
		{text: "TZ=", mend: "zone:"},
		{text: "@every 1h", mend: "five fields"},
		{text: "0 10 * *", mend: "minute, hour, day, month, weekday"},
		{text: "0 0 10 * * *", mend: "minute, hour, day, month, weekday"},
		{text: "60 10 * * *", mend: "0 to 59"},
		{text: "0 10 * * MONDAY", mend: "SUN to SAT"},
		{text: "0 10 0 * *", mend: "1 to 31"},
		{text: "0 10 * FEBR *", mend: "JAN to DEC"},
		{text: "0 0 31 2 *", mend: "a day that the month has"},
	})
}

func TestTagsAndAgain(t *testing.T) {
	checkParsing(t, parseTag, []parsing[TagChange]{
		{text: "+vip", want: TagChange{"vip", true}},
		{text: "-lapsed_2", want: TagChange{"lapsed_2", false}},
		{text: "vip", mend: "write +vip or -vip"},
		{text: "+Gold Member", mend: "+gold-member"},
		{text: "+", mend: "such as +"},
	})
	checkParsing(t, parseAgain, []parsing[Again]{
		{text: "never", want: Again{Mode: "never"}},
		{text: "always", want: Again{Mode: "always"}},
		{text: "after 30d", want: Again{"after", 30 * 24 * time.Hour}},
		{text: "after", mend: "never, always or after 30d"},
		{text: "30d", mend: "never, always or after 30d"},
		{text: "after a month", mend: "write a duration"},
	})
}

func TestNamesOfTheWorld(t *testing.T) {
	checkParsing(t, parseCountry, []parsing[string]{
		{text: "DE", want: "DE"},
		{text: "NO", want: "NO"},
		{text: "UK", mend: "write GB"},
		{text: "de", mend: "write DE"},
		{text: "Germany", mend: "DE"},
		{text: "EU", mend: "DE"},
		{text: "419", mend: "DE"},
	})
	checkParsing(t, parseCurrency, []parsing[string]{
		{text: "EUR", want: "EUR"},
		{text: "usd", mend: "write USD"},
		{text: "Euro", mend: "EUR"},
	})
	checkParsing(t, parseLocale, []parsing[string]{
		{text: "fa-IR", want: "fa-IR"},
		{text: "en", want: "en"},
		{text: "english!", mend: "such as en"},
	})
	for text, mend := range map[string]string{"Berlin": "Europe/Berlin", "Europe/Berln": "Europe/Berlin", "Europe/Köln": "that has the same time", "Europe/Vienna ": "Europe/Vienna", "Amerika/New_York": "America/New_York", "Local": "such as Europe/Berlin", "": "such as", "../x": "such as"} {
		if _, problem := parseZone(text); problem == nil || !strings.Contains(problem.mend, mend) {
			t.Errorf("zone %q: %+v, want a mend with %q", text, problem, mend)
		}
	}
}

// A share that is reached exactly is neither more nor less than it is written.
func TestAShareIsWhatADivisionGives(t *testing.T) {
	for tenths := range 1001 {
		text := strconv.Itoa(tenths/10) + "." + strconv.Itoa(tenths%10) + "%"
		share, problem := parseShare(text)
		if problem != nil || share != float64(tenths)/1000 {
			t.Errorf("%s is read as %v, want %v", text, share, float64(tenths)/1000)
		}
	}
}

func TestMoneyIsWrittenByItsCurrency(t *testing.T) {
	for _, c := range []struct {
		currency string
		minor    float64
		want     string
	}{
		{"EUR", 1250, "12.50 EUR"}, {"JPY", 1250, "1250 JPY"}, {"BHD", 1250, "1.250 BHD"}, {"", 1250, "12.50"}, {"EUR", 7.6, "0.08 EUR"},
	} {
		if got := (&Workspace{Currency: c.currency}).Money(c.minor); got != c.want {
			t.Errorf("%v of %q is %q, want %q", c.minor, c.currency, got, c.want)
		}
	}
}
