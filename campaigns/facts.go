package campaigns

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"rapport/campaigns/expression"
)

// fact is one thing that a file says: where, and what in words.
type fact struct{ part, words string }

// facts lists what a value of the language says, part by part, as far as it says
// anything. It goes by the Go types, so that no field can be forgotten; those
// named in leaveOut, which say where something is written or are made of others,
// are passed over.
func (w *Workspace) facts(of any, leaveOut ...string) []fact {
	c := collector{workspace: w, leaveOut: leaveOut}
	c.collect("", reflect.ValueOf(of))
	return c.facts
}

type collector struct {
	workspace *Workspace // whose currency amounts are in
	leaveOut  []string
	facts     []fact
}

func (c *collector) collect(part string, v reflect.Value) {
	if !v.IsValid() {
		return
	}
	if words, is := c.inWords(v); is {
		if words != "" {
			c.facts = append(c.facts, fact{part, words})
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			c.collect(part, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if field.IsExported() && !slices.Contains(c.leaveOut, field.Name) {
				c.collect(joinedPart(part, snake(field.Name)), v.Field(i))
			}
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, key := range keys {
			c.collect(joinedPart(part, key.String()), v.MapIndex(key))
		}
	case reflect.Slice:
		c.list(part, v)
	default:
		if !v.IsZero() {
			c.facts = append(c.facts, fact{part, fmt.Sprint(v.Interface())})
		}
	}
}

// list writes plain values in one line, and others one by one, by their places
// from 1.
func (c *collector) list(part string, v reflect.Value) {
	words := make([]string, v.Len())
	for i := range v.Len() {
		item := v.Index(i)
		text, is := c.inWords(item)
		if !is && item.Kind() == reflect.String {
			text, is = item.String(), true
		}
		if !is {
			for i := range v.Len() {
				c.collect(fmt.Sprintf("%s %d", part, i+1), v.Index(i))
			}
			return
		}
		words[i] = text
	}
	switch {
	case len(words) > 0:
		c.facts = append(c.facts, fact{part, strings.Join(words, ", ")})
	case !v.IsNil():
		c.facts = append(c.facts, fact{part, "any"}) // said, and narrows nothing
	}
}

// inWords writes the small values of the language as files do.
func (c *collector) inWords(v reflect.Value) (words string, is bool) {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return "", true
	}
	switch small := v.Interface().(type) {
	case *expression.Program:
		return small.String(), true
	case *time.Location:
		return small.String(), true
	case *ClockTime:
		return clockWords(*small), true
	case time.Duration:
		return spell(small), true
	case Window:
		return clockWords(small.From) + "-" + clockWords(small.To), true
	case Days:
		return dayNames(small), true
	case LocalTime:
		return localWords(small), true
	case Holiday:
		return strings.TrimSpace(fmt.Sprintf("%s %s", small.Country, holidayDate(small))), true
	case TagChange:
		return describeTags([]TagChange{small}), true
	case Cap:
		return capWords(small), true
	case Budget:
		return c.workspace.budgetWords(small), true
	case Criterion:
		return fmt.Sprintf("%s %s %g", small.Metric, small.Op, small.Bound), true
	case Webhook:
		return webhookWords(small), true
	}
	return "", false
}

func capWords(l Cap) string {
	words := fmt.Sprintf("at most %d per %s", l.AtMost, spell(l.Per))
	if len(l.Channels) > 0 {
		words += " by " + joinedChannels(l.Channels, " and ")
	}
	if len(l.Topics) > 0 {
		words += " on " + strings.Join(l.Topics, " and ")
	}
	return words
}

func (w *Workspace) budgetWords(b Budget) string {
	words := w.moneyWords(b.Amount) + " per " + spell(b.Per)
	if b.Channel != "" {
		words = string(b.Channel) + " " + words
	}
	return words
}

// moneyWords writes minor units as money.
func (w *Workspace) moneyWords(minor int64) string {
	return fmt.Sprintf("%.*f %s", minorDigits(w.Currency), w.majorUnits(minor), w.Currency)
}

// webhookWords tells addresses apart by a digest, because what follows the host
// may hold a secret.
func webhookWords(hook Webhook) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %v", hook.URL, hook.Body))
	return fmt.Sprintf("%s (%x)", hostOf(hook.URL), sum[:3])
}

func clockWords(c ClockTime) string { return fmt.Sprintf("%02d:%02d", c/60, c%60) }

func localWords(t LocalTime) string {
	if t == (LocalTime{}) {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d %02d:%02d", t.Year, t.Month, t.Day, t.Hour, t.Minute)
}

func holidayDate(h Holiday) string {
	if h.Year == 0 {
		return fmt.Sprintf("%02d-%02d", h.Month, h.Day)
	}
	return fmt.Sprintf("%04d-%02d-%02d", h.Year, h.Month, h.Day)
}

func dayNames(d Days) string {
	var names []string
	for day := time.Sunday; day <= time.Saturday && d != 0; day++ {
		if d.Has(day) {
			names = append(names, strings.ToLower(day.String()[:3]))
		}
	}
	return strings.Join(names, ", ")
}

func joinedPart(part, name string) string {
	if part == "" {
		return name
	}
	return part + "." + name
}

// snake is a Go name as files write it: AnswerWithin is answer_within.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 && !unicode.IsUpper(rune(name[i-1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
