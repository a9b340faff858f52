package campaigns

import (
	"rapport/channels"
	"rapport/templates"
)

// suspectVoices reports call scripts in a language that no voice speaks: such a
// call is refused when it is to be placed.
func (s *suspicion) suspectVoices() {
	sender := s.workspace.Senders[channels.Call]
	for _, name := range s.workspace.Templates.Names(channels.Call) {
		for _, version := range s.workspace.Templates.Versions(templates.Ref{Channel: channels.Call, Name: name}) {
			_, own := s.files[version.File]
			if !own || channels.Voiced(version.Locale) || sender.VoiceFor(version.Locale) != "" {
				continue
			}
			s.warnFile(version.File, 1, 1, "no voice is known for the language "+version.Locale+", and calls by this script are refused",
				"write the script in another language, or name a voice under senders in rapport.yaml: call: {voice: {"+version.Locale+": …}}")
		}
	}
}
