package call

import (
	"slices"
	"strings"

	"rapport/channels"
)

// tongue is a language by the codes under which Twilio speaks and hears it.
type tongue struct {
	say  string
	hear string // "" where only keys are understood
}

// odd are the languages that do not keep to the rule.
var odd = map[string]tongue{
	"fa": {hear: "fa-IR"}, // heard, but no voice speaks it
	"zh": {say: "cmn-CN", hear: "cmn-Hans-CN"},
}

// tongueOf is the language of a BCP 47 tag. A region that Twilio does not hear
// is heard as the usual one.
func tongueOf(tag string) tongue {
	language, region, given := strings.Cut(tag, "-")
	if exception, known := odd[language]; known {
		return exception
	}
	known := channels.VoiceRegions(language)
	if len(known) == 0 {
		return tongue{say: tag}
	}
	t := tongue{say: tag, hear: language + "-" + known[0]}
	if !given {
		t.say = t.hear
	}
	if slices.Contains(known, region) {
		t.hear = tag
	}
	return t
}

// nova2 are the languages of Deepgram's nova-2, which are those of Twilio's model
// for numbers (https://developers.deepgram.com/docs/models-languages-overview).
// Tags reach it unchanged, so that those it writes otherwise are none of them:
// Norwegian, which it has as no, and Chinese, as zh.
var nova2 = []string{
	"bg", "ca", "cs", "da", "de", "el", "en", "es", "fi", "fr", "hi", "hu", "id", "it", "ja", "ko", "lt", "lv", "nl", "pl", "pt",
	"ro", "ru", "sk", "sv", "th", "tr", "uk", "vi",
}

// counted reports whether Twilio's model for numbers hears the language. It fails
// the question in any other (Twilio warning 13331); without a model Twilio chooses
// one.
func (t tongue) counted() bool {
	language, _, _ := strings.Cut(t.hear, "-")
	return slices.Contains(nova2, language)
}
