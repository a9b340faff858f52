package campaigns

import (
	"strconv"
	"testing"
)

// A message asks about its number again and again; a broadcast asks about millions.
func TestANumberIsLookedUpOnceInAWhile(t *testing.T) {
	looked := map[string]int{}
	book := numberBook{read: func(phone string) number {
		looked[phone]++
		return number{code: len(phone)}
	}}
	for i := range 5 * pageLength {
		phone := "+" + strconv.Itoa(100_000+i)
		for range 3 {
			if got := book.of(phone); got.code != len(phone) {
				t.Fatalf("%s: %+v", phone, got)
			}
		}
		book.of("+1") // somebody who is written to all the time
		book.of("+" + strconv.Itoa(100_000+max(i-pageLength/3, 0)))
		if kept := len(book.page) + len(book.earlier); kept > 2*pageLength {
			t.Fatalf("%d numbers are kept, at most %d should be", kept, 2*pageLength)
		}
	}
	for phone, times := range looked {
		if times > 1 {
			t.Fatalf("%s was looked up %d times", phone, times)
		}
	}
}
