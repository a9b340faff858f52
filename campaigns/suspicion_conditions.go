package campaigns

import (
	"strings"

	"golang.org/x/text/language"

	"rapport/campaigns/expression"
	"rapport/campaigns/zones"
)

// writtenExpression is a condition or another expression with its place.
type writtenExpression struct {
	at      node
	program *expression.Program
	want    expression.Type
}

// suspectConditions looks at every condition by itself: whether it asks for
// anything, and for what can be.
func (s *suspicion) suspectConditions() {
	for _, e := range s.written {
		if e.at.kind() != aText || e.want != expression.Bool {
			continue
		}
		if text := strings.TrimSpace(e.at.raw()); e.program.Constant() && text != "true" && text != "false" {
			s.warn(e.at, "this condition asks for nothing, and always comes out the same", "name a field, without quotes: event.total >= 100")
			continue
		}
		for _, doubt := range e.program.Doubts() {
			place := e.at
			place.line, place.column = e.at.within(doubt.Offset)
			s.warn(place, doubt.Message, doubt.Mend)
		}
		s.suspectTexts(e, "country", "no country is called %, and nobody is from there", "write its two letters (ISO 3166), such as DE", isCountry)
		s.suspectTexts(e, "locale", "no language is called %, and nobody reads it", "write its tag, such as de or fa-IR", isLocale)
		s.suspectTexts(e, "locale", "locale is % of nobody whose locale names a country too, such as de-DE", "ask for the language with locale startsWith %",
			func(text string) bool { return !isLanguage(text) || strings.Contains(e.program.String(), `"`+text+`-`) })
	}
}

// suspectTexts reports what a field is compared with and hardly is. The text
// stands for % in the message and its mend.
func (s *suspicion) suspectTexts(e writtenExpression, field, message, mend string, possible func(string) bool) {
	for _, text := range e.program.Compared(field) {
		offset := strings.Index(e.at.raw(), `"`+text+`"`)
		if possible(text) || offset < 0 { // a segment of the condition asks, and is looked at itself
			continue
		}
		place := e.at
		place.line, place.column = e.at.within(offset)
		s.warn(place, strings.Replace(message, "%", quote(text), 1), strings.Replace(mend, "%", quote(text), 1))
	}
}

func isCountry(text string) bool { return len(zones.Of(text)) > 0 }

func isLocale(text string) bool {
	_, err := language.Parse(text)
	return err == nil
}

// isLanguage reports whether a locale is a language alone, without a country.
func isLanguage(text string) bool {
	base, err := language.ParseBase(text)
	return err == nil && base.String() == text
}

// suspectKey reports a key that is the same for every entry.
func (c *campaignSuspicion) suspectKey() {
	if key := c.campaign.Entry.Key; key != nil && key.Constant() {
		c.warn(c.root.at("entry", "key"), "this key is the same for every entry, and tells none apart", "name a field, without quotes of its own: event.order_id")
	}
}
