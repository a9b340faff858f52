package intake

import (
	"fmt"
	"strings"
	"testing"

	"rapport/trust/bounds"
)

func TestAmountsOfMoney(t *testing.T) {
	for _, c := range []struct {
		text    string
		decimal byte
		scale   int64
		want    int64
		ok      bool
	}{
		{"$90,000 ", '.', 100, 9000000, true},
		{"1.234,56", '.', 100, 123456, true},
		{"1,234.56", ',', 100, 123456, true},
		{"1000.4375", '.', 100, 100044, true},
		{"1.005", '.', 100, 101, true}, // 1.005 has no exact float64
		{"-1.005", '.', 100, -101, true},
		{"19.9 EUR", '.', 100, 1990, true},
		{"€ 19,90", '.', 100, 1990, true},
		{"CHF 1'234.50", '.', 100, 123450, true},
		{"1 234,50 €", '.', 100, 123450, true},
		{"1\u202f234,50", '.', 100, 123450, true},
		{"1.234", '.', 100, 123, true},
		{"1.234", ',', 100, 123400, true},
		{"1,234", '.', 100, 123400, true},
		{"1,234", ',', 100, 123, true},
		{"0.125", ',', 1000, 125, true},
		{"1234.567", ',', 1000, 1234567, true},
		{"1.234.567", '.', 100, 123456700, true},
		{"1,00,000.00", '.', 100, 10000000, true}, // a lakh
		{"500", '.', 1, 500, true},
		{".5", '.', 100, 50, true},
		{"-$5", '.', 100, -500, true},
		{"$-5", '.', 100, -500, true},
		{"5,00-", '.', 100, -500, true},
		{"\u22125", '.', 100, -500, true},
		{"0", '.', 100, 0, true},
		{"", '.', 100, 0, false},
		{"free", '.', 100, 0, false},
		{".", '.', 100, 0, false},
		{"1,2,3", '.', 100, 0, false},
		{"1.2.2022", '.', 100, 0, false},
		{"Rs. 500", '.', 100, 0, false}, // not half a rupee
		{"1e5", '.', 100, 0, false},
		{"12 for 3", '.', 100, 0, false},
		{"(5.00)", '.', 100, 0, false},
		{"5%", '.', 100, 0, false},
		{"--5", '.', 100, 0, false},
		{"NaN", '.', 100, 0, false},
		{"99999999999999", '.', 100, 0, false},
		{strings.Repeat("9", 4000), '.', 100, 0, false},
	} {
		got, ok := parseMoney(c.text, c.decimal, c.scale)
		if got != c.want || ok != c.ok {
			t.Errorf("%.50q with %c before decimals is %d, %v; want %d, %v", c.text, c.decimal, got, ok, c.want, c.ok)
		}
	}
}

func TestTheDecimalsOfAColumn(t *testing.T) {
	for want, columns := range map[byte][][]string{
		',': {{"1.234", "12,50"}, {"1.234", "1.234.567"}, {"1.234,56"}},
		'.': {{"1.234"}, {"1.234", "12.50"}, {"1,234", "1,234,567"}, {"$90,000 "}, {"12,50", "12.50"}, {"ann"}},
	} {
		for _, values := range columns {
			var column moneyColumn
			for _, value := range values {
				column.learn(value)
			}
			if got := column.decimal(); got != want {
				t.Errorf("%q has %q before decimals, want %q", values, got, want)
			}
		}
	}
}

// An amount that was read is the same when it is written plainly.
func FuzzParseMoney(f *testing.F) {
	for _, seed := range []string{"$90,000 ", "1.234,56", "1000.4375", "-5", "1'000", "٣"} {
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, text string, comma bool) {
		defer bounds.Watch(t)()
		decimal := byte('.')
		if comma {
			decimal = ','
		}
		minor, ok := parseMoney(text, decimal, 100)
		if !ok {
			return
		}
		sign, rest := "", minor
		if minor < 0 {
			sign, rest = "-", -minor
		}
		plainly := fmt.Sprintf("%s%d.%02d", sign, rest/100, rest%100)
		if again, ok := parseMoney(plainly, decimal, 100); !ok || again != minor {
			t.Fatalf("%q is %d, and %s is %d, %v", text, minor, plainly, again, ok)
		}
	})
}
