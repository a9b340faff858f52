package channels

import "strings"

// voiceRegions are the languages that Twilio speaks and hears, by the regions it
// hears them in, the usual one first
// (https://www.twilio.com/docs/voice/twiml/say/text-speech and
// https://www.twilio.com/docs/voice/twiml/gather#languagetags).
var voiceRegions = map[string][]string{
	"af": {"ZA"}, "ar": {"AE", "SA", "EG"}, "bg": {"BG"}, "ca": {"ES"}, "cs": {"CZ"}, "da": {"DK"}, "de": {"DE"}, "el": {"GR"},
	"en": {"US", "GB", "AU", "CA", "IN", "IE", "NZ", "ZA"}, "es": {"ES", "MX", "US", "AR", "CL", "CO"}, "fi": {"FI"},
	"fr": {"FR", "CA"}, "he": {"IL"}, "hi": {"IN"}, "hu": {"HU"}, "id": {"ID"}, "is": {"IS"}, "it": {"IT"}, "ja": {"JP"},
	"ko": {"KR"}, "lt": {"LT"}, "lv": {"LV"}, "nb": {"NO"}, "nl": {"NL"}, "pl": {"PL"}, "pt": {"BR", "PT"}, "ro": {"RO"},
	"ru": {"RU"}, "sk": {"SK"}, "sr": {"RS"}, "sv": {"SE"}, "th": {"TH"}, "tr": {"TR"}, "uk": {"UA"}, "vi": {"VN"}, "zh": {"CN"},
}

// VoiceRegions are the regions (ISO 3166-1 alpha-2) in which calls hear a language
// (ISO 639-1), the usual one first; none where no voice of the provider's speaks it.
func VoiceRegions(language string) []string { return voiceRegions[language] }

// Voiced reports whether the provider of calls has a voice of its own for the
// language of a BCP 47 tag. A script in another is refused, unless a voice is named
// for it.
func Voiced(tag string) bool {
	language, _, _ := strings.Cut(tag, "-")
	return language == "" || len(voiceRegions[language]) > 0
}
