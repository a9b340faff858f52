package expressiontest

// The pools conditions and customers both draw from, so that they meet.
var (
	// words are texts a database could trip over.
	words = []string{
		"gold", "Gold", "go", "old", "silver", "Ünal", "ü", "größe", "groß", "O'Brien", `a"b`, `back\slash`,
		"100%", "a_b", "a?b", "$1", "de", "DE", "Köln", "line\nbreak", " ", "🙂", "😀x", "İstanbul", "k", "K", "\u212a",
	}
	patterns = []string{
		"^g", "old$", "(?i)gold", "(?i)k", `[A-Z]\D*`, `^.{2,4}$`, `\d+%`, "a.b", "^(go|De)*", `\.`, "[^a-z]", "ü|ö", `\s`, "^$", `\\`, `\p{Lu}`,
	}
	pyramids   = []string{"top", "big", "medium", "small", "inactive"}
	eventNames = []string{"Order Completed", "Product Viewed", "it's"}
	dates      = []string{"2025-12-31", "2026-01-01", "2026-05-01", "2026-06-15", "2026-06-15 12:30", "2026-06-14T14:30:00+02:00", "2027-01-01"}
	numbers    = []string{"0", "1", "2", "3", "5", "10", "0.5", "19.99", "100", "-1", "1e3", "0.1"}

	numberFields = []string{
		"orders.count", "orders.total", "orders.average", "orders.days_between", "orders.returned",
		"rfm.recency", "rfm.frequency", "rfm.monetary", "nps.score", "csat.last", "csat.average",
		"cases.open", "points.balance", "contacted.last_7d", "traits.shoe_size",
	}
	wholeFields = []string{"orders.count", "orders.returned", "rfm.recency", "points.balance", "cases.open", "days_since(created_at)"}
	textFields  = []string{"email", "phone", "first_name", "last_name", "locale", "country", "city", "zone", "kind", "tier", "traits.favourite"}
	timeFields  = []string{
		"born_on", "created_at", "orders.first_at", "orders.last_at", "cases.last_at", "contacted.last_at",
		"engagement.email_opened_at", "engagement.email_clicked_at", "engagement.sms_replied_at", "engagement.push_clicked_at",
		"traits.renewed_on",
	}
)
