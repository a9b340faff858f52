package webhooks

import (
	"embed"
	"fmt"
	"path"
	"strings"

	"github.com/goccy/go-yaml"
	"golang.org/x/text/language"

	"rapport/templates"
)

//go:embed pages/words/*.yaml
var wordFiles embed.FS

// speech is the language a page is written in.
type speech struct {
	Locale string            // BCP 47
	Dir    string            // ltr or rtl
	W      map[string]string // every word of every page
}

// usual is the language of pages where nothing better is known.
const usual = "en"

var speeches = readSpeeches()

func readSpeeches() map[string]speech {
	files, err := wordFiles.ReadDir("pages/words")
	if err != nil {
		panic(err)
	}
	all := map[string]speech{}
	for _, file := range files {
		text, err := wordFiles.ReadFile("pages/words/" + file.Name())
		if err != nil {
			panic(err)
		}
		words := map[string]string{}
		if err := yaml.Unmarshal(text, &words); err != nil {
			panic(fmt.Sprintf("read the words of %s: %v", file.Name(), err))
		}
		locale := strings.TrimSuffix(file.Name(), path.Ext(file.Name()))
		all[locale] = speech{Locale: locale, Dir: words["dir"], W: words}
	}
	return all
}

// spoken chooses as templates do: the first locale that is written, or less and
// less of it (pt-BR, pt), then the next.
func spoken(locales ...string) speech {
	for _, locale := range locales {
		for _, tag := range templates.Fallbacks(locale) {
			if s, written := speeches[tag]; written {
				return s
			}
		}
	}
	return speeches[usual]
}

// accepted is the language of a browser's list that we speak best; "" where we
// speak none.
func accepted(list string) string {
	tags, _, err := language.ParseAcceptLanguage(list)
	if err != nil {
		return ""
	}
	for _, tag := range tags {
		base, _ := tag.Base()
		if _, written := speeches[base.String()]; written {
			return tag.String()
		}
	}
	return ""
}
