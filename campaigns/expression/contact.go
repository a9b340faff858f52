package expression

import (
	"rapport/channels"
	"rapport/customers"
)

// consented is consent(topic, channel).
type consented struct {
	leaf
	topic     string
	channel   channels.Channel
	byDefault bool
}

func (consented) kind() Type   { return Bool }
func (consented) name() string { return "consent" }

func (n consented) eval(m *Moment) any {
	if m.Customer == nil {
		return n.byDefault
	}
	return m.Customer.Consented(n.topic, n.channel, n.byDefault)
}

// write says what customers.Customer.Word does.
func (n consented) write(s *statement) {
	topic, channel := s.hold(n.topic), s.hold(string(n.channel))
	about := func(row string) string { return row + ".topic = " + topic + " AND " + row + ".channel = " + channel }
	s.put("(COALESCE((SELECT k.granted <> 0 FROM consents k WHERE k.customer = c.id AND ", about("k"), "), ")
	literal{typ: Bool, value: n.byDefault}.write(s)
	stands := " AND x.granted = 0 AND x.channel = " + channel + " AND NOT EXISTS (" +
		"SELECT 1 FROM consents k WHERE k.customer = c.id AND k.granted <> 0 AND k.at > x.at AND " + about("k") + ")"
	everything := "'" + customers.EveryTopic + "'"
	s.put(") AND NOT EXISTS (SELECT 1 FROM consents x WHERE x.customer = c.id AND x.topic = ", everything, stands, ")")
	if address := n.shared(); address != "" {
		s.put(" AND NOT EXISTS (SELECT 1 FROM customers o JOIN consents x ON x.customer = o.id AND x.source <> '", customers.ByNoWord,
			"' AND x.topic IN (", topic, ", ", everything, ") WHERE o.", address, " = NULLIF(c.", address, ", '') AND o.id <> c.id", stands, ")")
	}
	s.put(")")
}

// shared is the address of the channel that several profiles may have, as its column is
// called; "" where each has its own.
func (n consented) shared() string {
	switch n.channel {
	case channels.Email:
		return "email"
	case channels.SMS, channels.Call:
		return "phone"
	}
	return ""
}

// reachable is reachable(channel): an address that is not suppressed.
type reachable struct {
	leaf
	channel channels.Channel
}

func (reachable) kind() Type   { return Bool }
func (reachable) name() string { return "reachable" }

func (n reachable) eval(m *Moment) any {
	return m.Customer != nil && m.Customer.Reachable(n.channel)
}

// write speaks of the latest browser for push, as Customer.Address does.
func (n reachable) write(s *statement) {
	address := map[channels.Channel]string{
		channels.Email: "NULLIF(c.email, '')",
		channels.SMS:   "NULLIF(c.phone, '')",
		channels.Call:  "NULLIF(c.phone, '')",
		channels.Push:  "(SELECT p.endpoint FROM push_subscriptions p WHERE p.customer = c.id ORDER BY p.at DESC, p.endpoint LIMIT 1)",
	}[n.channel]
	s.put("(", address, " IS NOT NULL AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.channel = ")
	s.bind(string(n.channel))
	s.put(" AND s.address = ", address, "))")
}
