package customers

import (
	"math"

	"github.com/bojanz/currency"
)

// IsCurrency reports whether a code is one of ISO 4217.
func IsCurrency(code string) bool { return code != "" && currency.IsValid(code) } // the library takes "" for one

// MoneyScale is how many minor units make one of a currency (ISO 4217). One that
// nobody knows has two digits after the point, like most.
func MoneyScale(code string) int64 {
	digits, known := currency.GetDigits(code)
	if !known {
		digits = 2
	}
	return int64(math.Pow10(int(digits)))
}

// MinorUnits is an amount of a currency's own unit in minor ones, rounded to the nearest.
func MinorUnits(major float64, code string) int64 {
	return int64(math.Round(major * float64(MoneyScale(code))))
}
