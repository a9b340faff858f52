package intake

import (
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	longestAmount = 40                // bytes of an amount of money
	largestAmount = 1_000_000_000_000 // of the currency's unit; beyond is a mistake
)

// moneyColumn learns whether a column writes its decimals behind a point or a
// comma: "1.234" alone could be either.
type moneyColumn struct{ point, comma bool }

// learn looks at one value.
func (m *moneyColumn) learn(text string) {
	if !strings.ContainsAny(text, ".,") {
		return
	}
	digits, _ := bare(text)
	switch sign, _ := decimalSign(digits); sign {
	case '.':
		m.point = true
	case ',':
		m.comma = true
	}
}

// decimal is what was learned; the point where nothing was, or both.
func (m *moneyColumn) decimal() byte {
	if m.comma && !m.point {
		return ','
	}
	return '.'
}

// parseMoney reads an amount such as "1,234.50", "1.234,50", "$90,000 " or
// "19.9 EUR" in minor units, scale of them to one, halves rounded away from
// zero. decimal decides where the amount itself does not.
func parseMoney(text string, decimal byte, scale int64) (int64, bool) {
	amount, ok := parseDecimal(text, decimal)
	if !ok || amount.Cmp(big.NewRat(largestAmount, 1)) > 0 || amount.Cmp(big.NewRat(-largestAmount, 1)) < 0 {
		return 0, false
	}
	minor, err := strconv.ParseInt(amount.Mul(amount, big.NewRat(scale, 1)).FloatString(0), 10, 64)
	return minor, err == nil
}

// parseDecimal reads a number with its currency or unit around it.
func parseDecimal(text string, decimal byte) (*big.Rat, bool) {
	digits, negative := bare(text)
	if sign, certain := decimalSign(digits); certain {
		decimal = sign
	}
	thousands := ","
	if decimal == ',' {
		thousands = "."
	}
	whole, fraction, fractional := strings.Cut(digits, string(decimal))
	whole, ok := ungrouped(whole, thousands)
	if !ok || fractional && strings.Trim(fraction, "0123456789") != "" || whole+fraction == "" {
		return nil, false
	}
	amount, ok := new(big.Rat).SetString("0" + whole + "." + fraction + "0")
	if ok && negative {
		amount.Neg(amount)
	}
	return amount, ok
}

// bare strips an amount to its digits, points and commas; "" when something
// else stands between them.
func bare(text string) (digits string, negative bool) {
	if len(text) > longestAmount {
		return "", false
	}
	outside := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsSpace(r) || unicode.Is(unicode.Sc, r) }
	first, _ := utf8.DecodeRuneInString(text)
	text = strings.TrimFunc(strings.ReplaceAll(text, "\u2212", "-"), outside)
	trimmed, negative := strings.CutPrefix(text, "-")
	if !negative {
		trimmed, negative = strings.CutSuffix(text, "-")
	}
	trimmed = strings.TrimFunc(trimmed, outside)
	if unicode.IsLetter(first) && strings.HasPrefix(trimmed, ".") {
		return "", false // the point of "Rs. 500"
	}
	digits = strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r == '.', r == ',':
			return r
		case unicode.IsSpace(r), r == '\'', r == '’': // between thousands
			return -1
		}
		return '?'
	}, trimmed)
	if strings.Contains(digits, "?") {
		return "", false
	}
	return digits, negative
}

// decimalSign is the sign before the decimals, as far as a number tells by
// itself; 0 where it does not.
func decimalSign(digits string) (sign byte, certain bool) {
	at := strings.LastIndexAny(digits, ".,")
	if at < 0 {
		return 0, false
	}
	last := digits[at]
	other := byte(',')
	if last == ',' {
		other = '.'
	}
	whole := digits[:at]
	switch {
	case strings.IndexByte(whole, other) >= 0:
		return last, true
	case strings.IndexByte(whole, last) >= 0: // it stands twice, between thousands
		return other, true
	case len(digits)-at == 4 && len(whole) <= 3 && strings.Trim(whole, "0") != "":
		return 0, false // 1,234
	}
	return last, true
}

// ungrouped takes out the separators between groups of three digits (two, in
// India, before the last).
func ungrouped(whole, separator string) (string, bool) {
	groups := strings.Split(whole, separator)
	for i, group := range groups {
		last := i == len(groups)-1
		switch {
		case strings.Trim(group, "0123456789") != "":
			return "", false
		case len(groups) == 1:
		case i == 0 && (len(group) == 0 || len(group) > 3), i > 0 && len(group) != 3 && (last || len(group) != 2):
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}
