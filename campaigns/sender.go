package campaigns

import "strings"

// VoiceFor is the provider's voice for a language tag such as pt-BR, the bare
// language's where the tag has none; "" leaves the choice to the provider.
func (s SenderRule) VoiceFor(tag string) string {
	if voice, named := s.Voice[tag]; named {
		return voice
	}
	language, _, _ := strings.Cut(tag, "-")
	return s.Voice[language]
}
