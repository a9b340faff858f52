package webhooks

import (
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
)

//go:embed pages/style.css
var styleSheet string

// The grounds on which text is hardest to read, as style.css has them.
const (
	lightGround = "#eef0f3" // the darker of the light ones
	darkPaper   = "#1d2025" // the lighter of the dark ones
	// plain is the colour of a brand that names none.
	plain = "#1f4fbf"
	// legible is the least contrast of text with its ground (WCAG 2.2, 1.4.3).
	legible = 4.5
)

// styleFor is the look of pages in a brand's colour, "#rrggbb" or "". Whatever
// the colour, what is written on it or in it can be read.
func styleFor(colour string) template.CSS {
	brand, ok := parseColour(colour)
	if !ok {
		brand, _ = parseColour(plain)
	}
	light, _ := parseColour(lightGround)
	dark, _ := parseColour(darkPaper)
	return template.CSS(fmt.Sprintf( //nolint:gosec // colours as we write them: #rrggbb
		":root{--brand:%s;--on-brand:%s;--accent:%s}\n@media (prefers-color-scheme:dark){:root{--accent:%s}}\n",
		brand, brand.textOn(), brand.legibleOn(light), brand.legibleOn(dark)) + styleSheet)
}

// colour is red, green and blue in sRGB, each from 0 to 1.
type colour [3]float64

func parseColour(text string) (c colour, ok bool) {
	bits, err := strconv.ParseUint(strings.TrimPrefix(text, "#"), 16, 24)
	if err != nil || len(text) != 7 {
		return c, false
	}
	return colour{float64(bits >> 16), float64(bits >> 8 & 255), float64(bits & 255)}.scaled(1. / 255), true
}

func (c colour) scaled(by float64) colour { return colour{c[0] * by, c[1] * by, c[2] * by} }

func (c colour) String() string {
	return fmt.Sprintf("#%02x%02x%02x", int(math.Round(c[0]*255)), int(math.Round(c[1]*255)), int(math.Round(c[2]*255)))
}

// luminance is the relative luminance of WCAG 2.2.
func (c colour) luminance() float64 {
	linear := func(v float64) float64 {
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// contrast is the contrast ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b colour) float64 {
	high, low := a.luminance(), b.luminance()
	if high < low {
		high, low = low, high
	}
	return (high + 0.05) / (low + 0.05)
}

// textOn is black or white, whichever reads better on the colour: the better of
// the two always has a contrast of 4.58 or more.
func (c colour) textOn() colour {
	black, white := colour{}, colour{1, 1, 1}
	if contrast(c, white) >= contrast(c, black) {
		return white
	}
	return black
}

// legibleOn is the colour, darkened or lightened as far as text in it can be
// read on a ground.
func (c colour) legibleOn(ground colour) colour {
	end := ground.textOn()
	const steps = 50
	for i := range steps {
		part := float64(i) / steps
		mixed := colour{c[0] + (end[0]-c[0])*part, c[1] + (end[1]-c[1])*part, c[2] + (end[2]-c[2])*part}
		if written, _ := parseColour(mixed.String()); contrast(written, ground) >= legible {
			return written
		}
	}
	return end
}
