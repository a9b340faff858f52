package webhooks

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Whatever colour a brand has, what is written on it and in it can be read by
// day and by night (WCAG 2.2, 1.4.3).
func TestAnyColourIsLegible(t *testing.T) {
	light, _ := parseColour(lightGround)
	dark, _ := parseColour(darkPaper)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`#[0-9a-f]{6}`).Draw(t, "colour")
		brand, ok := parseColour(text)
		if !ok || brand.String() != text {
			t.Fatalf("%s reads as %s", text, brand)
		}
		if c := contrast(brand, brand.textOn()); c < legible {
			t.Errorf("text on %s has a contrast of %.2f", text, c)
		}
		for _, ground := range []colour{light, dark} {
			if c := contrast(brand.legibleOn(ground), ground); c < legible {
				t.Errorf("%s on %s has a contrast of %.2f", text, ground, c)
			}
		}
	})
}

func TestContrastIsThatOfWCAG(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{{"#000000", "#ffffff", 21}, {"#777777", "#ffffff", 4.48}, {"#ff0000", "#ffffff", 4.0}, {"#14532d", "#14532d", 1}} {
		a, _ := parseColour(c.a)
		b, _ := parseColour(c.b)
		if got := contrast(a, b); got < c.want-0.01 || got > c.want+0.01 {
			t.Errorf("%s on %s: %.3f, want %.2f", c.a, c.b, got, c.want)
		}
	}
}

// The grounds that colours are fitted to are those of the style sheet.
func TestTheStyleSheetHasTheseGrounds(t *testing.T) {
	for _, want := range []string{"--ground: " + lightGround, "--paper: " + darkPaper} {
		if !strings.Contains(styleSheet, want) {
			t.Errorf("style.css lacks %s", want)
		}
	}
	if _, ok := parseColour("#12345g"); ok {
		t.Error("a colour of no digits")
	}
}
