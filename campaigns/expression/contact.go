package expression

import (
	"rapport/channels"
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

func (n consented) write(s *statement) {
	s.put("COALESCE((SELECT k.granted <> 0 FROM consents k WHERE k.customer = c.id AND k.topic = ")
	s.bind(n.topic)
	s.put(" AND k.channel = ")
	s.bind(string(n.channel))
	s.put("), ")
	literal{typ: Bool, value: n.byDefault}.write(s)
	s.put(")")
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
