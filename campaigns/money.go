package campaigns

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/bojanz/currency"

	"rapport/campaigns/spelling"
)

var (
	decimalForm = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d+)?$`)
	shareForm   = regexp.MustCompile(`^(\d+(?:\.\d+)?)\s*%$`)
	budgetForm  = regexp.MustCompile(`^(\S+)\s+([A-Za-z]{3})\s+per\s+(\S.*)$`)
)

const (
	wantShare  = "a share such as 10%"
	wantBudget = "an amount per time, such as 50 EUR per 1d"
)

// parseDecimal reads a number as people write it. Other forms that YAML knows
// mean something else than they seem to: 010 is eight.
func parseDecimal(text string) (float64, *mistake) {
	if !decimalForm.MatchString(text) {
		digits := strings.TrimLeft(text, "0")
		if digits != text && decimalForm.MatchString(digits) {
			return 0, wrong(quote(text)+" begins with a zero, and YAML would read it as an octal number",
				"write "+digits+", or put it in quotes if it is text")
		}
		if point, sure := spelling.Decimal(text); sure && decimalForm.MatchString(point) {
			return 0, wrong(quote(text)+" has a decimal comma", "write a decimal point: "+point)
		}
		return 0, wrong(quote(text)+" is not a number as it is written here", "write digits and a decimal point, such as 5 or 0.08")
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(value) > 1e15 {
		return 0, wrong(quote(text)+" is too large", "write a smaller number")
	}
	return value, nil
}

// decimal writes a number as people do.
func decimal(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }

// parseShare reads 10% as 0.1: the float that is nearest to it, as a division of
// whole numbers gives it.
func parseShare(text string) (float64, *mistake) {
	parts := shareForm.FindStringSubmatch(text)
	if parts == nil {
		example := "10%"
		if part, problem := parseDecimal(text); problem == nil && part > 0 && part <= 1 {
			example = decimal(math.Round(part*1e6)/1e4) + "%"
		}
		return 0, wrong(quote(text)+" is not a share", "write it with a percent sign, such as "+example)
	}
	percent, err := strconv.ParseFloat(parts[1], 64)
	if err != nil || percent > 100 {
		return 0, wrong(quote(text)+" is more than everybody", "write a share from 0% to 100%")
	}
	share, _ := strconv.ParseFloat(parts[1]+"e-2", 64) // it was read as percent already
	return share, nil
}

// minorDigits is how many decimals a currency has; 2 where it is not known.
func minorDigits(code string) int {
	if digits, known := currency.GetDigits(code); known {
		return int(digits)
	}
	return 2
}

// Money writes minor units as an amount of the workspace's currency: "12.50 EUR".
func (w *Workspace) Money(minor float64) string {
	return strings.TrimSpace(fmt.Sprintf("%.*f %s", minorDigits(w.Currency), minor/float64(w.moneyScale()), w.Currency))
}

// parseBudget reads "50 EUR per 1d" in the workspace's currency.
func parseBudget(code string) func(string) (Budget, *mistake) {
	return func(text string) (Budget, *mistake) {
		parts := budgetForm.FindStringSubmatch(text)
		if parts == nil {
			return Budget{}, wrong(quote(text)+" is not a budget", "write "+wantBudget)
		}
		if code != "" && parts[2] != code {
			return Budget{}, wrong("this budget is in "+parts[2]+", but the workspace counts in "+code, "write "+parts[1]+" "+code+" per "+parts[3])
		}
		amount, problem := parseAmount(parts[1], minorDigits(parts[2]))
		if problem != nil {
			return Budget{}, problem
		}
		per, problem := parseDuration(parts[3])
		return Budget{Amount: amount, Per: per}, problem
	}
}

// parseAmount reads money as minor units, exactly.
func parseAmount(text string, digits int) (int64, *mistake) {
	if !decimalForm.MatchString(text) || strings.HasPrefix(text, "-") {
		return 0, wrong(quote(text)+" is not an amount of money", "write "+wantBudget)
	}
	units, decimals, _ := strings.Cut(text, ".")
	if len(decimals) > digits {
		return 0, wrong(quote(text)+" has more decimals than the currency", "write "+wantBudget)
	}
	amount, err := strconv.ParseInt(units+decimals+strings.Repeat("0", digits-len(decimals)), 10, 64)
	if err != nil {
		return 0, wrong(quote(text)+" is too much money", "write "+wantBudget)
	}
	return amount, nil
}
