package campaigns

import (
	"strconv"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// number is what a telephone number says by itself.
type number struct {
	code   int    // of its country or countries (+1); 0 where it is no number
	region string // its country; empty where the number alone does not tell
	costly bool
}

// readNumber takes a number apart and looks it up.
func readNumber(phone string) number {
	dialled, err := dialled(phone)
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

// dialled takes a number apart. One in E.164 form, as they are kept, comes apart
// by its digits: phonenumbers.Parse asks first whether it is a page of prose with
// a number somewhere in it, which takes longer than all the other gates together.
func dialled(phone string) (*phonenumbers.PhoneNumber, error) {
	if !isE164(phone) {
		return phonenumbers.Parse(phone, "")
	}
	for end := 2; end <= 4; end++ { // no country's code is the beginning of another's
		code, err := strconv.Atoi(phone[1:end])
		if err != nil || !plain(code) {
			continue
		}
		national := phone[end:]
		if national[0] == '0' || national[0] == '1' && code == 1 { // perhaps its national prefix
			break
		}
		digits, err := strconv.ParseUint(national, 10, 64)
		if err != nil {
			break
		}
		country := int32(code) //nolint:gosec // three digits
		return &phonenumbers.PhoneNumber{CountryCode: &country, NationalNumber: &digits}, nil
	}
	return phonenumbers.Parse(phone, "")
}

// plain reports whether the numbers behind a country's code are what is dialled:
// nothing is left out or put in between, but a national prefix of 0 (or 1 in
// North America), which no number there begins with.
func plain(code int) bool {
	switch code {
	case 1, 30, 31, 32, 33, 34, 41, 43, 44, 45, 46, 47, 48, 49, 61, 64, 351, 352, 353, 420, 421:
		return true
	}
	return false
}
