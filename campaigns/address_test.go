package campaigns

import (
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"rapport/channels"
	"rapport/customers"
)

func TestMailboxes(t *testing.T) {
	for address, want := range map[string]bool{
		"ann@shop.example": true, "a.b+tag@mail.shop.example": true, "jürgen@müller.example": true, "o'neil@shop.example": true,
		"": false, "ann": false, "ann@": false, "@shop.example": false, "ann@shop": false, "ann@shop..example": false,
		"ann@-shop.example": false, "a b@shop.example": false, "ann@@shop.example": false, "ann@sh@op.example": false,
		".ann@shop.example": false, "a..b@shop.example": false, "ann@shop.example\r\nBcc: x@y.example": false,
		"Ann <ann@shop.example>": false, "ann@shop.example,bob@shop.example": false,
		strings.Repeat("a", 65) + "@shop.example": false,
	} {
		if got := isMailbox(address); got != want {
			t.Errorf("mailbox %q: %v", address, got)
		}
	}
}

// The numbers are those that libphonenumber gives as examples of a kind.
func TestNobodyIsMadeToPayForANumber(t *testing.T) {
	for kind, payable := range map[phonenumbers.PhoneNumberType]bool{
		phonenumbers.MOBILE: true, phonenumbers.FIXED_LINE: true, phonenumbers.FIXED_LINE_OR_MOBILE: true, phonenumbers.VOIP: true, phonenumbers.TOLL_FREE: true,
		phonenumbers.PREMIUM_RATE: false, phonenumbers.SHARED_COST: false, phonenumbers.UAN: false, phonenumbers.PERSONAL_NUMBER: false,
		phonenumbers.PAGER: false, phonenumbers.VOICEMAIL: false,
	} {
		seen := 0
		for _, region := range []string{"AT", "BR", "CH", "DE", "FR", "GB", "IR", "IT", "RU", "US"} {
			example := phonenumbers.GetExampleNumberForType(region, kind)
			if example == nil {
				continue
			}
			number := phonenumbers.Format(example, phonenumbers.E164)
			if customers.IsE164(number) && phonenumbers.GetNumberType(example) == kind {
				seen++
				for _, ch := range []channels.Channel{channels.SMS, channels.Call} {
					if got := validAddress(&customers.Customer{Phone: number}, ch); got != payable {
						t.Errorf("a number of kind %d in %s by %s: %v", kind, region, ch, got)
					}
				}
			}
		}
		if seen == 0 {
			t.Errorf("there is no example of kind %d", kind)
		}
	}
}

func TestTheNumberSaysWhereATextGoes(t *testing.T) {
	for name, c := range map[string]struct {
		customer customers.Customer
		channel  channels.Channel
		want     string
	}{
		"number over profile":        {customers.Customer{Phone: "+33612345678", Country: "DE"}, channels.SMS, "FR"},
		"shared code":                {customers.Customer{Phone: "+14165550123", Country: "US"}, channels.Call, "CA"},
		"shared code, number unsure": {customers.Customer{Phone: "+15550001234", Country: "CA"}, channels.Call, "CA"},
		"nothing but the code":       {customers.Customer{Phone: "+15550001234"}, channels.Call, "US"},
		"satellite":                  {customers.Customer{Phone: "+881612345678", Country: "DE"}, channels.SMS, "001"},
		"e-mail goes by the profile": {customers.Customer{Phone: "+33612345678", Country: "DE"}, channels.Email, "DE"},
	} {
		if got := CountryOf(&c.customer, c.channel); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestPushNeedsKeys(t *testing.T) {
	whole := ann()
	broken := ann()
	broken.Browsers[0].Auth = ""
	if !validAddress(whole, channels.Push) || validAddress(broken, channels.Push) {
		t.Error("a subscription is valid with its keys and only with them")
	}
}
