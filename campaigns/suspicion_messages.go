package campaigns

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"rapport/campaigns/replytext"
	"rapport/channels"
	"rapport/templates"
)

// suspectMessages looks at the templates that the campaign sends: their
// languages, their way out, and the length of text messages.
func (c *campaignSuspicion) suspectMessages() {
	eachStep(c.campaign.Steps, c.root.at("steps"), func(step *Step, place node) {
		if step.Send == nil {
			return
		}
		c.suspectMuteSender(step, place)
		c.suspectChoices(step, place)
		for _, ch := range step.channels() {
			c.suspectTemplate(templates.Ref{Channel: ch, Name: step.Send.Template}, place)
		}
	})
}

func (c *campaignSuspicion) suspectTemplate(ref templates.Ref, step node) {
	versions := c.workspace.Templates.Versions(ref)
	c.suspectLanguages(ref, versions)
	for _, version := range versions {
		if c.marketing() {
			c.suspectNoWayOut(ref, version, step)
		}
		content, own := c.files[version.File]
		if own {
			c.suspectForeignFields(version.File, string(content))
		}
		if own && ref.Channel == channels.SMS {
			c.suspectLength(version.File, string(content))
		}
	}
}

// suspectMuteSender reports a question by text whose sender is a name, which
// nobody can answer, unless the text leads to a page where they can.
func (c *campaignSuspicion) suspectMuteSender(step *Step, place node) {
	if step.Send.Ask == nil || !slices.Contains(step.channels(), channels.SMS) {
		return
	}
	mute := c.muteIn()
	versions := c.workspace.Templates.Versions(templates.Ref{Channel: channels.SMS, Name: step.Send.Template})
	if mute == "" || !slices.ContainsFunc(versions, func(v templates.Version) bool { return !v.Names("links", "survey") }) {
		return
	}
	c.warn(place, "this question goes out by text message from a name, "+mute+", and nobody can answer a name",
		"put {{ links.survey }} into the text, or name a number under senders in rapport.yaml")
}

// suspectChoices reports choices that are no answers where they are written or said,
// because they ask for no more messages, or for them again.
func (c *campaignSuspicion) suspectChoices(step *Step, place node) {
	if step.Send.Ask == nil {
		return
	}
	heard := slices.DeleteFunc(slices.Clone(step.channels()), func(ch channels.Channel) bool { return ch == channels.Push })
	places := place.at("choices").list()
	for i, choice := range step.Send.Ask.Choices {
		wish := replytext.ParseWish(choice)
		at := place
		if i < len(places) {
			at = places[i]
		}
		var does string
		switch {
		case slices.ContainsFunc(heard, func(ch channels.Channel) bool { return wish.Stops(ch) != "" }):
			does = "unsubscribe"
		case wish == replytext.Start && len(heard) > 0:
			does = "subscribe again"
		default:
			continue
		}
		c.warn(at, "by "+quote(choice)+" customers "+does+": who answers with it has answered nothing", "name in more words what it is about")
	}
}

// muteIn is a name that texts come from in some country they may go to; "" where
// all of them can be answered.
func (c *campaignSuspicion) muteIn() string {
	sender := c.workspace.Senders[channels.SMS]
	for _, country := range c.workspace.Contact.Countries[channels.SMS] {
		if from := sender.FromFor(country); channels.IsSenderName(from) {
			return quote(from)
		}
	}
	return ""
}

// marketing reports whether the campaign's messages need to have been asked for.
func (c *campaignSuspicion) marketing() bool {
	return c.campaign.Topic != "" && !c.workspace.inByDefault(c.campaign.Topic)
}

// suspectLanguages reports a template that is not written in a language in which
// the workspace speaks on that channel elsewhere.
func (c *campaignSuspicion) suspectLanguages(ref templates.Ref, versions []templates.Version) {
	if len(versions) == 0 || c.files[versions[0].File] == nil {
		return
	}
	var missing []string
	for _, locale := range c.spoken(ref.Channel) {
		if !slices.ContainsFunc(versions, func(v templates.Version) bool { return languageOf(v.Locale) == locale }) {
			missing = append(missing, locale)
		}
	}
	if len(missing) == 0 {
		return
	}
	file := "templates/" + string(ref.Channel) + "/" + ref.Name + "." + missing[0] + extension(ref.Channel)
	c.warnFile(versions[0].File, 1, 1, "the "+string(ref.Channel)+" template "+quote(ref.Name)+" is not written in "+strings.Join(missing, " and ")+", as others are; who speaks that gets it in "+c.workspace.Locale,
		"write "+file)
}

// spoken lists the languages of the workspace's own templates of a channel.
func (c *campaignSuspicion) spoken(ch channels.Channel) []string {
	var languages []string
	for _, name := range c.workspace.Templates.Names(ch) {
		for _, version := range c.workspace.Templates.Versions(templates.Ref{Channel: ch, Name: name}) {
			language := languageOf(version.Locale)
			if _, own := c.files[version.File]; own && !slices.Contains(languages, language) {
				languages = append(languages, language)
			}
		}
	}
	slices.Sort(languages)
	return languages
}

func languageOf(locale string) string {
	language, _, _ := strings.Cut(locale, "-")
	return language
}

// suspectNoWayOut reports an e-mail or a text message that nobody asked for and
// that does not show how to stop it.
func (c *campaignSuspicion) suspectNoWayOut(ref templates.Ref, version templates.Version, step node) {
	if version.Names("links", "unsubscribe") || version.Names("links", "preferences") {
		return
	}
	content, own := c.files[version.File]
	var message, mend string
	switch {
	case ref.Channel == channels.Email:
		message = "this e-mail on the topic " + quote(c.campaign.Topic) + " shows no way to unsubscribe"
		mend = "put {{ links.unsubscribe }} into it or its layout"
	case ref.Channel == channels.SMS && !saysStop(fixedText(string(content))):
		message = "this text message on the topic " + quote(c.campaign.Topic) + " does not say how to stop more of them"
		mend = "end it with words such as: Reply STOP to stop"
	default:
		return
	}
	if own {
		c.warnFile(version.File, 1, 1, message, mend)
	} else {
		c.warn(step, message+" ("+ref.Name+" comes with the program)", mend)
	}
}

// saysStop reports whether a text names a word by which customers opt out.
func saysStop(text string) bool {
	const longest = 3 // words of an opt-out
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) })
	for i := range words {
		for n := 1; n <= longest && i+n <= len(words); n++ {
			if replytext.ParseWish(strings.Join(words[i:i+n], " ")).Stops(channels.SMS) == channels.SMS {
				return true
			}
		}
	}
	return false
}

var (
	liquidTags  = regexp.MustCompile(`(?s)\{\{.*?\}\}|\{%.*?%\}`)
	liquidLogic = regexp.MustCompile(`\{%-?\s*(if|unless|case|for|comment|raw)\b`)
)

// fixedText is what of a text message is the same for everybody.
func fixedText(content string) string {
	return strings.TrimSpace(liquidTags.ReplaceAllString(content, ""))
}

// suspectLength reports a text message that costs more segments than it seems.
func (c *campaignSuspicion) suspectLength(file, content string) {
	text := fixedText(content)
	segments, encoding := channels.Segments(text)
	if encoding == channels.UCS2 {
		c.suspectSign(file, content, text, segments)
		return
	}
	if segments > 1 && !liquidLogic.MatchString(content) {
		c.warnFile(file, 1, 1, "this text message takes "+itoa(segments)+" segments, each paid for, without what its fields add", "shorten it to 160 characters, fields included, or reckon with the price")
	}
}

// foreignFields are fields as other programs write them: *|FNAME|*, %FIRSTNAME%,
// [[name]], {customer.first_name}. Here they are text.
var foreignFields = regexp.MustCompile(`\*\|\w+\|\*|%[A-Z][A-Z_]{3,}%|\[\[\s*\w+\s*\]\]|(?:^|[^{])(\{\s*(?:customer|event|brand|links|answers|vars)\.\w[^{}\n]*\})(?:[^}]|$)`)

// suspectForeignFields reports what would go out as it is written.
func (c *campaignSuspicion) suspectForeignFields(file, content string) {
	for _, at := range foreignFields.FindAllStringSubmatchIndex(content, -1) {
		from, to := at[0], at[1]
		if at[2] >= 0 { // a single brace, without what stands around it
			from, to = at[2], at[3]
		}
		c.warnAt(file, content, from, quote(content[from:to])+" looks like a field and goes out as it stands", "write fields as {{ customer.first_name | default: 'friend' }}")
	}
}

// plainSigns are what typographic signs are in the alphabet of text messages.
var plainSigns = map[rune]string{
	'’': "'", '‘': "'", '“': `"`, '”': `"`, '„': `"`, '–': "-", '—': "-", '…': "...", '\u00a0': "a plain space", '•': "-", '´': "'", '`': "'",
}

// suspectSign reports a single sign for which a text in Latin letters is sent in
// an encoding that has room for less than half of it, where that costs segments.
func (c *campaignSuspicion) suspectSign(file, content, text string, segments int) {
	var foreign []rune
	for _, r := range text {
		if _, encoding := channels.Segments(string(r)); encoding == channels.UCS2 && !slices.Contains(foreign, r) {
			foreign = append(foreign, r)
		}
	}
	plain, _ := channels.Segments(strings.Map(func(r rune) rune {
		if slices.Contains(foreign, r) {
			return 'x'
		}
		return r
	}, text))
	if len(foreign) > 2 || plain >= segments || liquidLogic.MatchString(content) {
		return
	}
	sign := foreign[0]
	line, column := placeOfRune(content, sign)
	mend := "write it with other letters"
	if other, known := plainSigns[sign]; known {
		mend = "write " + other
	}
	c.warnFile(file, line, column, "the sign "+string(sign)+" makes this text message "+itoa(segments)+" segments instead of "+itoa(plain)+": with it only 70 characters fit into one", mend)
}

// placeOfRune is where a sign stands first.
func placeOfRune(content string, sign rune) (line, column int) {
	line, column = 1, 1
	for _, r := range strings.TrimPrefix(content, "\ufeff") {
		switch r {
		case sign:
			return line, column
		case '\n':
			line, column = line+1, 0
		}
		column++
	}
	return 1, 1
}

func (s *suspicion) warnFile(file string, line, column int, message, mend string) {
	s.found.add(Problem{Severity: Warning, File: file, Line: line, Column: column, Message: message, Mend: mend})
}
