package rehearsal_test

import (
	"testing"

	"rapport/campaigns"
)

// The example of the language's description, campaign and test as they stand
// there, around which only what they name is filled in.
func TestTheExampleOfTheLanguagePasses(t *testing.T) {
	w, problems := campaigns.Load(map[string][]byte{
		"rapport.yaml": []byte(`
workspace: shop
brand: {name: Shop, url: https://shop.example, address: "1 High Street, Berlin", support_phone: "+493012345678"}
locale: en
zone: Europe/Berlin
currency: EUR
topics: [{id: service, title: About your orders, default: in}]
senders:
  email: {from: "Shop <hello@shop.example>"}
  sms: {from: "+493012345678"}
  call: {from: "+493012345678"}
contact: {countries: {sms: [DE, AT], call: [DE]}}
`),
		"segments/s.yaml": []byte("segment: reachable-customers\nwhere: reachable(\"call\") or reachable(\"sms\")\n---\nsegment: open-complaint\nwhere: cases.open > 0\n"),
		"campaigns/after-delivery.yaml": []byte(`
campaign: after-delivery            # kebab-case id, unique in the workspace
title: Ask how the order went
owner: support                      # team that sees it and is told when it stops
topic: service                      # consent topic
state: live                         # draft | live | paused | archived
priority: 80                        # who wins when the contact policy lets only one through (0-100, default 50)

trigger:                            # exactly one of
  event: Order Delivered            #   an event lands on a timeline      (+ where:, delay:)
  # once: 2026-12-01 10:00          #   a broadcast                       (+ zone: customer | IANA name)
  # cron: "0 10 * * MON"            #   a recurring broadcast             (+ zone:)
  # segment: lapsed-gold            #   a customer enters (or leaves) it  (+ on: enter | leave)
  # manual: true                    #   support staff, CLI or API start it for one customer
  where: event.total >= 20

audience:
  segment: reachable-customers      # optional
  where: reachable("call")          # optional
  except: [open-complaint]

entry: {key: event.order_id, again: after 30d}     # again: never | always | after <duration>
exit:  [{event: Order Returned}, {when: not reachable("call")}]      # leave at once, even in the middle of a wait
goal:  {event: Order Completed, within: 14d, value: event.revenue}

contact:                            # narrows the workspace policy for this campaign
  hours: ["10:00-12:30", "15:00-19:00"]      # never at dinner
  days: weekdays
budget: 50 EUR per 1d
holdout: 5%                         # enters, is never contacted, is measured
rollout:
  stages: [5%, 25%, 100%]
  hold: 6h
  continue_if: [bounced < 3%, complained < 0.1%, unsubscribed < 1%, csat >= 3.5]
  otherwise: pause                  # and tell the owner

steps:
  - wait: 24h
  - ask: csat                       # id of the question; its answer is answers.csat
    by: call                        # call | sms | email | push | [in order of preference]
    template: satisfaction
    retry: {on: [busy, no_answer, machine], every: 4h, at_most: 2}
    answer_within: 2d
  - branch:
      - if: answers.csat.score <= 2
        then:
          - case: {queue: recovery, priority: high, due: 4h, title: "Unhappy with {{ event.order_id }}"}
          - sms: apology
      - if: answers.csat.score >= 5
        then:
          - wait: 3d
          - email: refer-a-friend
      - if: steps.csat.status == "unanswered"
        then:
          - ask: csat
            by: [sms, email]
            template: satisfaction-link
      - else: []
`),
		"tests/after-delivery.yaml": []byte(`
test: an unhappy customer gets a case and an apology, and no offer
campaign: after-delivery
start: 2026-12-01 11:00
customer: {id: c1, phone: "+4915112345678", country: DE, zone: Europe/Berlin, consents: [service/call, service/sms]}
script:
  - event: Order Delivered
    with: {order_id: A1, total: 50}
  - when: {call: satisfaction}       # when this message goes out …
    after: 20s
    answer: {score: 1}               # … the customer does this (answer, click, open, reply, bounce, complain, no_answer, unsubscribe)
expect:
  - {at: 2026-12-02 11:00, call: satisfaction}
  - {case: recovery}
  - {sms: apology}
  - {never: email}
`),
		"templates/call/satisfaction.yaml":         []byte("say: Hello\nask:\n  - {id: csat, say: How satisfied are you?, expect: digits 1-5}\nbye: Goodbye.\n"),
		"templates/sms/apology.liquid":             []byte("We are sorry.\n"),
		"templates/sms/satisfaction-link.liquid":   []byte("How satisfied are you? {{ links.survey }}\n"),
		"templates/email/satisfaction-link.liquid": []byte("---\nsubject: How was it?\n---\n<mj-text>{{ links.survey }}</mj-text>\n"),
		"templates/email/refer-a-friend.liquid":    []byte("---\nsubject: Tell a friend\n---\n<mj-text>Tell a friend</mj-text>\n"),
	})
	for _, p := range problems {
		t.Error(p)
	}
	if len(w.Tests) != 1 {
		t.Fatal("the test was not read")
	}
	passes(t, w, w.Tests[0])
}
