package call

import (
	"slices"
	"strings"
)

// tongue is a language by the codes under which Twilio speaks and hears it.
type tongue struct {
	say  string
	hear string // "" where only keys are understood
}

// regions are the languages that Twilio speaks and hears, by the regions it
// hears them in, the usual one first
// (https://www.twilio.com/docs/voice/twiml/say/text-speech and
// https://www.twilio.com/docs/voice/twiml/gather#languagetags).
var regions = map[string][]string{
	"af": {"ZA"}, "ar": {"AE", "SA", "EG"}, "bg": {"BG"}, "ca": {"ES"}, "cs": {"CZ"}, "da": {"DK"}, "de": {"DE"}, "el": {"GR"},
	"en": {"US", "GB", "AU", "CA", "IN", "IE", "NZ", "ZA"}, "es": {"ES", "MX", "US", "AR", "CL", "CO"}, "fi": {"FI"},
	"fr": {"FR", "CA"}, "he": {"IL"}, "hi": {"IN"}, "hu": {"HU"}, "id": {"ID"}, "is": {"IS"}, "it": {"IT"}, "ja": {"JP"},
	"ko": {"KR"}, "lt": {"LT"}, "lv": {"LV"}, "nb": {"NO"}, "nl": {"NL"}, "pl": {"PL"}, "pt": {"BR", "PT"}, "ro": {"RO"},
	"ru": {"RU"}, "sk": {"SK"}, "sr": {"RS"}, "sv": {"SE"}, "th": {"TH"}, "tr": {"TR"}, "uk": {"UA"}, "vi": {"VN"},
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
	known := regions[language]
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

// speakable reports whether Twilio has a voice of its own for a language.
func speakable(tag string) bool {
	language, _, _ := strings.Cut(tag, "-")
	return language == "" || len(regions[language]) > 0 || odd[language].say != ""
}
