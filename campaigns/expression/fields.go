package expression

import (
	"strings"
	"time"

	"rapport/customers"
)

// field is one row of the language's table: a value of the profile and where the
// database keeps it.
type field struct {
	path string
	typ  Type
	// reach bounds a number.
	reach reach
	// values is the closed list of what a text may be; nil when it is open.
	values []string
	// money is in minor units and divided by the workspace's scale.
	money bool
	sql   string
	read  func(*customers.Customer) any
}

// fieldValue is a field in an expression.
type fieldValue struct {
	leaf
	field
}

func (f fieldValue) kind() Type         { return f.typ }
func (f fieldValue) name() string       { return f.path }
func (f fieldValue) write(s *statement) { s.put(f.sql) }

func (f fieldValue) eval(m *Moment) any {
	if m.Customer == nil {
		return nil
	}
	return f.read(m.Customer)
}

type customer = customers.Customer

// fields is the table, by path.
var fields = byPath(
	textField("id", "c.id", func(c *customer) string { return c.ID }),
	textField("email", "c.email", func(c *customer) string { return c.Email }),
	textField("phone", "c.phone", func(c *customer) string { return c.Phone }),
	textField("first_name", "c.first_name", func(c *customer) string { return c.FirstName }),
	textField("last_name", "c.last_name", func(c *customer) string { return c.LastName }),
	textField("locale", "c.locale", func(c *customer) string { return c.Locale }),
	textField("country", "c.country", func(c *customer) string { return c.Country }),
	textField("city", "c.city", func(c *customer) string { return c.City }),
	textField("zone", "c.zone", func(c *customer) string { return c.Zone }),
	timeField("born_on", "c.born_on", func(c *customer) time.Time { return c.BornOn }),
	timeField("created_at", "c.created_at", func(c *customer) time.Time { return c.CreatedAt }),
	textField("kind", "c.kind", func(c *customer) string { return c.Kind }),
	field{path: "tags", typ: List, sql: "c.tags", read: func(c *customer) any { return c.Tags }},

	countField("orders.count", "c.orders_count", func(c *customer) int64 { return c.Orders.Count }),
	moneyField("orders.total", func(c *customer) int64 { return c.Orders.Total }, "c.orders_total"),
	field{path: "orders.average", typ: Number, reach: reach{-41, 51, false}, money: true, sql: averageOrderSQL, read: averageOrder},
	timeField("orders.first_at", "c.orders_first_at", func(c *customer) time.Time { return c.Orders.FirstAt }),
	timeField("orders.last_at", "c.orders_last_at", func(c *customer) time.Time { return c.Orders.LastAt }),
	field{path: "orders.days_between", typ: Number, reach: reach{-68, 60, false}, sql: daysBetweenOrdersSQL, read: daysBetweenOrders},
	countField("orders.returned", "c.orders_returned", func(c *customer) int64 { return c.Orders.Returned }),

	rankField("rfm.recency", "c.rfm_recency", func(c *customer) int64 { return c.RFM.Recency }),
	rankField("rfm.frequency", "c.rfm_frequency", func(c *customer) int64 { return c.RFM.Frequency }),
	rankField("rfm.monetary", "c.rfm_monetary", func(c *customer) int64 { return c.RFM.Monetary }),
	textField("pyramid", "c.pyramid", func(c *customer) string { return c.Pyramid }, "top", "big", "medium", "small", "inactive"),

	scoreField("nps.score", "c.nps_last", "c.nps_count", func(c *customer) customers.Score { return c.NPS }),
	textField("nps.group", npsGroupSQL, npsGroup, "promoter", "passive", "detractor"),
	scoreField("csat.last", "c.csat_last", "c.csat_count", func(c *customer) customers.Score { return c.CSAT }),
	field{path: "csat.average", typ: Number, reach: reach{-91, 51, false}, sql: averageScoreSQL, read: averageScore},
	countField("cases.open", "c.cases_open", func(c *customer) int64 { return c.Cases.Open }),
	timeField("cases.last_at", "c.cases_last_at", func(c *customer) time.Time { return c.Cases.LastAt }),

	field{path: "points.balance", typ: Number, reach: reachOfAmounts, sql: amountSQL("c.points"), read: func(c *customer) any { return number(float64(c.Points)) }},
	textField("tier", "c.tier", func(c *customer) string { return c.Tier }),

	timeField("contacted.last_at", "c.contacted_last_at", func(c *customer) time.Time { return c.Contacted.LastAt }),
	timeField("engagement.email_opened_at", "c.email_opened_at", func(c *customer) time.Time { return c.Engagement.EmailOpenedAt }),
	timeField("engagement.email_clicked_at", "c.email_clicked_at", func(c *customer) time.Time { return c.Engagement.EmailClickedAt }),
	timeField("engagement.sms_replied_at", "c.sms_replied_at", func(c *customer) time.Time { return c.Engagement.SMSRepliedAt }),
	timeField("engagement.push_clicked_at", "c.push_clicked_at", func(c *customer) time.Time { return c.Engagement.PushClickedAt }),
)

func byPath(rows ...field) map[string]field {
	table := make(map[string]field, len(rows))
	for _, row := range rows {
		table[row.path] = row
	}
	return table
}

func textField(path, column string, read func(*customer) string, values ...string) field {
	return field{
		path: path, typ: String, values: values,
		sql:  "NULLIF(" + column + ", '')",
		read: func(c *customer) any { return word(read(c)) },
	}
}

func timeField(path, column string, read func(*customer) time.Time) field {
	return field{path: path, typ: Time, sql: column, read: func(c *customer) any { return instant(read(c)) }}
}

// countField is a number of rows, which stays in range by itself.
func countField(path, column string, read func(*customer) int64) field {
	return field{
		path: path, typ: Number, reach: reachOfCounts,
		sql:  "CAST(" + column + " AS {real})",
		read: func(c *customer) any { return float64(read(c)) },
	}
}

func moneyField(path string, read func(*customer) int64, column string) field {
	return field{
		path: path, typ: Number, reach: reachOfAmounts, money: true,
		sql:  amountSQL(column),
		read: func(c *customer) any { return number(float64(read(c))) },
	}
}

func amountSQL(column string) string {
	return "CASE WHEN " + column + " BETWEEN -1000000000000000 AND 1000000000000000 THEN CAST(" + column + " AS {real}) END"
}

// rankField is 1 to 5, or not known.
func rankField(path, column string, read func(*customer) int64) field {
	return field{
		path: path, typ: Number, reach: reachOfCounts,
		sql: "CAST(NULLIF(" + column + ", 0) AS {real})",
		read: func(c *customer) any {
			if r := read(c); r != 0 {
				return float64(r)
			}
			return nil
		},
	}
}

func scoreField(path, last, asked string, read func(*customer) customers.Score) field {
	return field{
		path: path, typ: Number, reach: reachOfReals,
		sql: "CASE WHEN " + asked + " > 0 THEN " + realSQL(last) + " END",
		read: func(c *customer) any {
			if s := read(c); s.Count > 0 {
				return number(s.Last)
			}
			return nil
		},
	}
}

var averageOrderSQL = "(" + amountSQL("c.orders_total") + " / NULLIF(c.orders_count, 0))"

func averageOrder(c *customer) any {
	total, known := number(float64(c.Orders.Total)).(float64)
	if !known || c.Orders.Count == 0 {
		return nil
	}
	return total / float64(c.Orders.Count)
}

const day = 24 * time.Hour

const daysBetweenOrdersSQL = "(CAST(c.orders_last_at - c.orders_first_at AS {real}) / 86400000 / NULLIF(c.orders_count - 1, 0))"

// daysBetweenOrders is the average time between two orders, in days.
func daysBetweenOrders(c *customer) any {
	first, last := c.Orders.FirstAt, c.Orders.LastAt
	if first.IsZero() || last.IsZero() || c.Orders.Count == 1 {
		return nil
	}
	days := float64(last.UnixMilli()-first.UnixMilli()) / float64(day.Milliseconds())
	return days / float64(c.Orders.Count-1)
}

const npsGroupSQL = "CASE WHEN c.nps_count = 0 THEN NULL WHEN c.nps_last >= 9 THEN 'promoter' WHEN c.nps_last >= 7 THEN 'passive' ELSE 'detractor' END"

// npsGroup puts the last answer into Reichheld's groups: 9 and 10, 7 and 8, the
// rest.
func npsGroup(c *customer) string {
	switch {
	case c.NPS.Count == 0:
		return ""
	case c.NPS.Last >= 9:
		return "promoter"
	case c.NPS.Last >= 7:
		return "passive"
	}
	return "detractor"
}

var averageScoreSQL = "(" + realSQL("c.csat_sum") + " / NULLIF(c.csat_count, 0))"

func averageScore(c *customer) any {
	sum, known := number(c.CSAT.Sum).(float64)
	if !known || c.CSAT.Count == 0 {
		return nil
	}
	return sum / float64(c.CSAT.Count)
}

// groups are the first parts of fields that have several.
func groups() map[string][]string {
	members := map[string][]string{"contacted": {"last_7d"}}
	for path := range fields {
		if group, member, ok := strings.Cut(path, "."); ok {
			members[group] = append(members[group], member)
		}
	}
	return members
}
