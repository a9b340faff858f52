package workers_test

import (
	"net/url"
	"slices"
	"strconv"
	"testing"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/webhooks"
)

// heed is a guest's word as our pages store it, put in force before they are
// told so; the inbox is read later.
func (s *shop) heed(link string, said url.Values) {
	s.t.Helper()
	said.Set("at", strconv.FormatInt(s.clock().UnixMilli(), 10))
	c := callback(link, said.Encode(), s.clock())
	_, err := s.store.Receive(s.ctx(), webhooks.OwnLinks, c)
	ok(s.t, err)
	ok(s.t, s.reader.Heed(s.ctx(), webhooks.OwnLinks, c))
}

// A message that is judged after the page has said so respects it, though it
// was queued before and nobody has read the inbox yet.
func TestAWordOnAPageHoldsForTheNextMessage(t *testing.T) {
	for what, c := range map[string]struct {
		link   func(d deliveries.Delivery, to string) string
		said   func(to string) url.Values
		reason deliveries.SkipReason
	}{
		"unsubscribed": {
			func(d deliveries.Delivery, _ string) string { return doorsOf(t).Unsubscribe(d.ID) },
			func(string) url.Values { return url.Values{} }, deliveries.NoConsent,
		},
		"chosen": {
			func(d deliveries.Delivery, _ string) string { return doorsOf(t).Preferences(d.ID) },
			func(string) url.Values { return url.Values{"no": {"service/email"}} }, deliveries.NoConsent,
		},
		"disowned": {
			func(d deliveries.Delivery, to string) string { return doorsOf(t).NotMe(d.ID, to) },
			func(to string) url.Values { return url.Values{"from": {to}} }, deliveries.Suppressed,
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := open(t, files)
			s.plan("ann", "Wrote")
			s.deliver()
			first := s.stands(deliveries.Sent, "")
			s.travel()
			s.plan("ann", "Wrote")
			queued := s.due()
			to := s.customer("ann").Email
			s.heed(c.link(first, to), c.said(to))
			ok(t, s.courier.Deliver(s.ctx(), queued))
			all := s.ledger()
			if second := all[len(all)-1]; second.Status != deliveries.Skipped || second.Reason != string(c.reason) {
				t.Errorf("the next message is %s (%s)", second.Status, second.Reason)
			}
			before := s.timeline("ann")
			ok(t, s.reader.Read(s.ctx()))
			if after := s.timeline("ann"); !slices.Equal(before, after) {
				t.Errorf("read again in its turn it adds %v", after[len(before):])
			}
		})
	}
}

// doorsOf are the addresses of a shop's pages.
func doorsOf(t *testing.T) deliveries.Addresses {
	t.Helper()
	return deliveries.Addresses{Base: publicURL, Signer: deliveries.NewSigner([]byte("0123456789abcdef0123456789abcdef"))}
}

// The campaign that wrote is gone from what can be read: its customer's no
// counts all the same.
func TestANoNeedsNoCampaign(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Wrote")
	s.deliver()
	d := s.stands(deliveries.Sent, "")
	s.apply(with(map[string]string{"campaigns/letter.yaml": ""}))
	s.heed(s.doors.Unsubscribe(d.ID), url.Values{})
	if s.customer("ann").Consented("service", channels.Email, true) {
		t.Error("the no is not heard")
	}
}
