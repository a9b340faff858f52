package campaigns

import (
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"

	"rapport/customers"
)

// number is what a telephone number says by itself.
type number struct {
	code   int    // of its country or countries (+1); 0 where it is no number
	region string // its country; empty where the number alone does not tell
	costly bool
}

// readNumber takes a number apart and looks it up.
func readNumber(phone string) number {
	dialled, err := customers.ParsePhone(phone, "")
	if err != nil {
		return number{}
	}
	n := number{code: int(dialled.GetCountryCode()), costly: costly(dialled)}
	if region := phonenumbers.GetRegionCodeForNumber(dialled); region != "ZZ" {
		n.region = region
	}
	return n
}

// costly reports whether a number is of a kind that no customer has and whose
// owner earns by every message: premium rate, shared cost, universal access,
// follow-me numbers, pagers and mailboxes. Such numbers are put into forms for
// the money, also in countries where we write (toll fraud, SMS pumping).
func costly(n *phonenumbers.PhoneNumber) bool {
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST, phonenumbers.UAN, phonenumbers.PERSONAL_NUMBER,
		phonenumbers.PAGER, phonenumbers.VOICEMAIL:
		return true
	}
	return false
}

// numbers are those that were asked about lately: each message asks about its own half
// a dozen times, and looking one up takes longer than all the other gates together.
var numbers = numberBook{read: readNumber}

// numberBook keeps the numbers it was asked about last, at least pageLength of them and
// at most twice as many.
type numberBook struct {
	read func(phone string) number

	mu            sync.Mutex
	page, earlier map[string]number
}

// pageLength is more than a worker has in hand.
const pageLength = 2048

// of is what a number says. It is safe for concurrent use.
func (b *numberBook) of(phone string) number {
	if n, known := b.known(phone); known {
		return n
	}
	n := b.read(phone)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keep(phone, n)
	return n
}

func (b *numberBook) known(phone string) (number, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, known := b.page[phone]
	if known {
		return n, true
	}
	if n, known = b.earlier[phone]; known {
		b.keep(phone, n)
	}
	return n, known
}

func (b *numberBook) keep(phone string, n number) {
	if b.page == nil || len(b.page) >= pageLength {
		b.page, b.earlier = map[string]number{}, b.page
	}
	b.page[strings.Clone(phone)] = n // and nothing of the row it was read with
}
