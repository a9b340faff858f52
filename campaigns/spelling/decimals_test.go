package spelling

import "testing"

func TestADecimalCommaIsToldFromThousands(t *testing.T) {
	for text, want := range map[string]string{
		"7,5": "7.5", "-0,08": "-0.08", "7.50": "7.50", "1000,0001": "1000.0001",
		"1,000": "", "1.000": "", "-12,345": "", "1,000,000": "", "1.000,50": "", "7": "", "7,": "", "a,5": "",
	} {
		if point, sure := Decimal(text); point != want || sure != (want != "") {
			t.Errorf("Decimal(%q) = %q, %t; want %q", text, point, sure, want)
		}
	}
}
