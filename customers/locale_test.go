package customers

import "testing"

func TestIsLocale(t *testing.T) {
	for text, want := range map[string]bool{
		"de": true, "de-DE": true, "de_AT": true, "fa-IR": true, "zh-Hant-TW": true, "en-XX": true, "pt-br": true,
		"": false, "Deutsch (Deutschland)": false, "Deutsch": false, "german": false, "xx": false, "und": false, "und-DE": false, "-": false, "7": false,
	} {
		if IsLocale(text) != want {
			t.Errorf("%q is a locale: %v", text, !want)
		}
	}
}
