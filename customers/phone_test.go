package customers

import "testing"

func TestPhoneZone(t *testing.T) {
	for number, want := range map[string]string{
		"+493012345678":  "Europe/Berlin",
		"+4915112345678": "Europe/Berlin",
		"+12125550123":   "America/New_York",
		"+989121234567":  "Asia/Tehran",
		"+74951234567":   "Europe/Moscow",
		"+61412345678":   "", // a mobile may be in Perth or in Sydney
		"+79161234567":   "", // a mobile may be anywhere in eleven zones
		"+442079460000":  "Europe/London",
		"+18005550123":   "", // toll-free numbers ring everywhere in North America
		"+8005550123":    "",
		"+":              "",
		"0301234567":     "",
		"+49x":           "",
		"":               "",
	} {
		if got := PhoneZone(number); got != want {
			t.Errorf("PhoneZone(%q) = %q, want %q", number, got, want)
		}
	}
}

func BenchmarkPhoneZone(b *testing.B) {
	for b.Loop() {
		PhoneZone("+4915112345678")
		PhoneZone("+61412345678")
	}
}
