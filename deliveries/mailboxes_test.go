package deliveries_test

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rapport/channels"
	"rapport/deliveries"
)

var mailing = deliveries.Addresses{
	Base: "https://news.shop.example", Mail: "reply.shop.example", Signer: deliveries.NewSigner(oldKey),
}

var uses = []channels.MailboxUse{channels.MailReply, channels.MailBounce, channels.MailStop}

func TestAMailboxSurvivesWhatServersDoToIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		delivery := rapid.Int64Range(1, math.MaxInt64).Draw(t, "delivery")
		use := rapid.SampledFrom(uses).Draw(t, "use")
		address := mailing.Box(use, delivery)
		if local, _, _ := strings.Cut(address, "@"); len(local) > 64 {
			t.Fatalf("%s is %d characters long", local, len(local))
		}
		half := len(address) / 2
		for _, written := range []string{address, strings.ToUpper(address), strings.ToUpper(address[:half]) + address[half:]} {
			if box, known := mailing.Mailbox(written); !known || box != (channels.Mailbox{Use: use, Delivery: delivery}) {
				t.Fatalf("%s is read as %+v, %v", written, box, known)
			}
		}
	})
}

func TestOnlyAddressesWeMadeAreOurs(t *testing.T) {
	genuine := mailing.Box(channels.MailReply, 812)
	local, domain, _ := strings.Cut(genuine, "@")
	for _, made := range []string{
		"", "@", genuine + ".evil.example", local, local + "@shop.example", "stop-" + strings.TrimPrefix(genuine, "reply-"),
		"x" + genuine, local + "a@" + domain, local[:len(local)-1] + "@" + domain, "hello@" + domain, "reply-@" + domain,
	} {
		if box, known := mailing.Mailbox(made); known {
			t.Errorf("%q is taken for %+v", made, box)
		}
	}
	silent := mailing
	silent.Mail = ""
	if silent.Box(channels.MailReply, 1) != "" {
		t.Error("an address is made where no mail comes")
	}
}

func TestAMessageIDNamesItsDelivery(t *testing.T) {
	id := mailing.MessageID(812)
	if got := mailing.DeliveryOf("<" + id + ">"); got != 812 {
		t.Errorf("%s is of delivery %d", id, got)
	}
	reply, _, _ := strings.Cut(strings.TrimPrefix(mailing.Box(channels.MailReply, 812), "reply-"), "@")
	for _, other := range []string{"", "<>", "x@y", "1" + id, reply + "@news.shop.example"} {
		if got := mailing.DeliveryOf(other); got != 0 {
			t.Errorf("%q is of delivery %d", other, got)
		}
	}
	silent := mailing
	silent.Mail = ""
	if id := silent.MessageID(1); !strings.HasSuffix(id, "@news.shop.example") {
		t.Errorf("without a domain for mail the id is %s", id)
	}
}
