package call

import (
	"fmt"

	"github.com/twilio/twilio-go/twiml"

	"rapport/channels"
)

const contentType = "text/xml; charset=utf-8"

// reply writes the turn as TwiML. The library sets attributes in random order;
// sorted, the same turn is always the same document.
func (t *turn) reply() (channels.Reply, error) {
	document, response := twiml.CreateDocument()
	twiml.AddAllVerbs(response, t.verbs)
	for _, element := range response.FindElements("//*") {
		element.SortAttrs()
	}
	text, err := twiml.ToXML(document)
	if err != nil {
		return channels.Reply{}, fmt.Errorf("write twiml: %w", err)
	}
	return channels.Reply{ContentType: contentType, Body: []byte(text)}, nil
}

// regions completes languages without a region, which Twilio's voices need.
var regions = map[string]string{
	"ar": "ar-AE", "cs": "cs-CZ", "da": "da-DK", "de": "de-DE", "en": "en-US", "es": "es-ES", "fi": "fi-FI",
	"fr": "fr-FR", "hi": "hi-IN", "it": "it-IT", "ja": "ja-JP", "ko": "ko-KR", "nb": "nb-NO", "nl": "nl-NL",
	"pl": "pl-PL", "pt": "pt-BR", "ro": "ro-RO", "ru": "ru-RU", "sv": "sv-SE", "tr": "tr-TR", "uk": "uk-UA",
	"zh": "cmn-CN",
}

func languageOf(tag string) string {
	if full, known := regions[tag]; known {
		return full
	}
	return tag
}
