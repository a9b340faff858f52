package customers

import (
	"strings"
	"testing"

	"rapport/trust/bounds"
)

// FuzzAddresses holds that what is kept of an address is one line, and is read the
// same again.
func FuzzAddresses(f *testing.F) {
	for _, seed := range []string{
		"+49 30 123456", "0049 (30) 12-34-56", "tel:+1-212-555-0100;ext=7", "٠٩١٢٣٤٥٦٧٨٩", "+1 800 FLOWERS", "+390612345678", "+5491123456789", "++1", "",
		"Ann@Shop.Example", `"a b"@c.d`, "a@b", "a@[1.2.3.4]", "ä@ö.example", "a@b.c (x)", "a@b.c\r\n",
	} {
		f.Add(seed, "de")
		f.Add(seed, "")
	}
	f.Fuzz(func(t *testing.T, text, country string) {
		defer bounds.Watch(t)()
		if kept, err := NormalEmail(text); err == nil {
			if again, err := NormalEmail(kept); err != nil || again != kept || strings.ContainsAny(kept, "\r\n\x00 ") {
				t.Errorf("%q is kept as %q and read as %q, %v", text, kept, again, err)
			}
		}
		kept, err := NormalPhone(text, country)
		if err != nil {
			PhoneZone(text)
			return
		}
		if again, err := NormalPhone(kept, ""); err != nil || again != kept || strings.Trim(kept, "0123456789") != "+" {
			t.Errorf("%q of %q is kept as %q and read as %q, %v", text, country, kept, again, err)
		}
		PhoneZone(kept)
	})
}
