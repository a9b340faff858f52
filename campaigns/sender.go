package campaigns

import (
	"regexp"
	"strings"
)

// VoiceFor is the provider's voice for a language tag such as pt-BR, the bare
// language's where the tag has none; "" leaves the choice to the provider.
func (s SenderRule) VoiceFor(tag string) string {
	if voice, named := s.Voice[tag]; named {
		return voice
	}
	language, _, _ := strings.Cut(tag, "-")
	return s.Voice[language]
}

// FromFor is who messages to a country come from (ISO 3166-1 alpha-2; "" where it
// is not known).
func (s SenderRule) FromFor(country string) string {
	if from, named := s.ByCountry[country]; named {
		return from
	}
	return s.From
}

var (
	shortCode        = regexp.MustCompile(`^[1-9]\d{2,7}$`)
	messagingService = regexp.MustCompile(`^MG[0-9a-f]{32}$`)
)
