package expression_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport/campaigns/expression"
)

func TestWhatASourceHardlyMeans(t *testing.T) {
	const closer = `"and" stands beside "or" without brackets, and binds more tightly`
	const unsure = "write the number without quotes, with a point before its decimals and nothing between its thousands"
	for source, want := range map[string][]expression.Problem{
		`country == "DE" or country == "AT" and tier == "gold"`: {{
			Offset: 35, Message: closer,
			Mend: `write country == "DE" or (country == "AT" and tier == "gold"), as it is read now, or (country == "DE" or country == "AT") and tier == "gold"`,
		}},
		`city == "é" && tier == "a" || tier == "b"`: {{
			Offset: 28, Message: closer,
			Mend: `write (city == "é" and tier == "a") or tier == "b", as it is read now, or city == "é" and (tier == "a" or tier == "b")`,
		}},
		`not (tier == "a" or tier == "b" and city == "c") and city == "d"`: {{
			Offset: 32, Message: closer,
			Mend: `write tier == "a" or (tier == "b" and city == "c"), as it is read now, or (tier == "a" or tier == "b") and city == "c"`,
		}},
		`(tier == "a" or tier == "b") and (city == "c" or city == "d and e")`:                                nil,
		`(tier == "a" or tier == "b" ? city == "c" and city == "d" : city == "and") or traits.birthday_club`: nil,
		`tier == "a" and "AT" != nil`:               {{Offset: 16, Message: `"AT" != nil asks for nothing, and always comes out the same`, Mend: "name a field in it, or take it out"}},
		`tier == "a" and not (city == "b" or true)`: {{Offset: 36, Message: "true asks for nothing, and always comes out the same", Mend: "name a field in it, or take it out"}},
		`event.total >= "20" and "7,50" > event.price`: {
			{Offset: 15, Message: `"20" in quotes is a text: no number is more or less than it, and texts are ordered by their letters`, Mend: "write event.total >= 20"},
			{Offset: 24, Message: `"7,50" in quotes is a text: no number is more or less than it, and texts are ordered by their letters`, Mend: "write 7.5 > event.price"},
		},
		`event.total >= "1,000" or "1.000" > event.price`: {
			{Offset: 15, Message: `"1,000" in quotes is a text: no number is more or less than it, and texts are ordered by their letters`, Mend: unsure},
			{Offset: 26, Message: `"1.000" in quotes is a text: no number is more or less than it, and texts are ordered by their letters`, Mend: unsure},
		},
		`event.order_id == "20" and event.day >= "2026-01-01" and event.size > "XL" and city > "20"`: nil,
		`in_segment("gold") and now() > "2026-01-01" and did("A") > 0`:                               nil,
	} {
		if diff := cmp.Diff(want, compile(t, source, journey()).Doubts()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", source, diff)
		}
	}
}
