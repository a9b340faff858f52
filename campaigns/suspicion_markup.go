package campaigns

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Pictures and links as they are written, in HTML and in MJML, with what stands
// between a link's tags.
var (
	writtenPicture = regexp.MustCompile(`(?is)<(?:img|mj-image|mj-carousel-image)\b(?:[^>"']|"[^"]*"|'[^']*')*>`)
	writtenLink    = regexp.MustCompile(`(?is)<(a|mj-button|mj-navbar-link)\b((?:[^>"']|"[^"]*"|'[^']*')*)>(.*?)</(?:a|mj-button|mj-navbar-link)\s*>`)
	pictureWords   = regexp.MustCompile(`(?i)\salt\s*=`)
	spokenName     = regexp.MustCompile(`(?i)\s(?:aria-label|title)\s*=`)
	leadingTag     = regexp.MustCompile(`(?is)<(?:a|area|img|mj-[a-z-]+)\b(?:[^>"']|"[^"]*"|'[^']*')*>`)
	writtenAddress = regexp.MustCompile(`(?is)\s(?:href|src)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))`)
	inMarkdown     = regexp.MustCompile(`(?m)\A---\s*\n(?:[^\n]*\n)*?format:[ \t]*["']?markdown\b`)
	markedAddress  = regexp.MustCompile(`(?m)\]\([ \t]*(?:<([^<>\n]*)>|([^\s()<>]+))|^ {0,3}\[[^\]\n]+\]:[ \t]*([^\s<>]+)`)
	wholeAddress   = regexp.MustCompile(`(?i)^(?:[a-z][a-z0-9+.-]*:|#|\{\{|\{%)`)
	anyTag         = regexp.MustCompile(`(?s)<[^>]*>`)
	wordedPicture  = regexp.MustCompile(`(?is)\salt\s*=\s*(?:"[^"]*[^"\s][^"]*"|'[^']*[^'\s][^']*')`)
)

// emptyWords are the words of links that say nothing to those who hear a letter
// read aloud, link by link.
var emptyWords = []string{"click here", "here", "click", "this link", "link", "hier", "hier klicken", "klicken sie hier", "ici", "cliquez ici", "aquí", "qui", "اینجا", "اینجا کلیک کنید"}

// suspectMarkup looks for what people who hear letters cannot follow (pictures
// without words and links that do not say where they lead) and for addresses that
// lead nowhere from a mailbox, in the workspace's own letters and layouts.
func (s *suspicion) suspectMarkup() {
	for _, file := range slices.Sorted(maps.Keys(s.files)) {
		if !strings.HasPrefix(file, "templates/email/") && !strings.HasPrefix(file, "templates/layouts/") {
			continue
		}
		content := string(s.files[file])
		for _, at := range writtenPicture.FindAllStringIndex(content, -1) {
			if !pictureWords.MatchString(content[at[0]:at[1]]) {
				s.warnAt(file, content, at[0], "this picture has no words for those who do not see it", `say what it shows: alt="A loaf of rye bread", or alt="" where it only decorates`)
			}
		}
		for _, at := range writtenLink.FindAllStringSubmatchIndex(content, -1) {
			s.suspectLink(file, content, at)
		}
		s.suspectAddresses(file, content)
	}
}

// suspectAddresses reports links and pictures whose address is a part of one. A
// letter stands on no page to which the rest would belong.
func (s *suspicion) suspectAddresses(file, content string) {
	based := strings.Contains(content, "base-url") // completes the links of an mj-navbar
	for _, tag := range leadingTag.FindAllStringIndex(content, -1) {
		written := content[tag[0]:tag[1]]
		if based && strings.HasPrefix(strings.ToLower(written), "<mj-navbar-link") {
			continue
		}
		for _, at := range writtenAddress.FindAllStringSubmatchIndex(written, -1) {
			s.suspectAddress(file, content, tag[0]+max(at[2], at[4], at[6]), tag[0]+max(at[3], at[5], at[7]))
		}
	}
	if !inMarkdown.MatchString(content) {
		return
	}
	for _, at := range markedAddress.FindAllStringSubmatchIndex(content, -1) {
		s.suspectAddress(file, content, max(at[2], at[4], at[6]), max(at[3], at[5], at[7]))
	}
}

// suspectAddress reports the address between two bytes of a file, where it is not
// a whole one.
func (s *suspicion) suspectAddress(file, content string, begins, ends int) {
	if address := strings.TrimSpace(content[begins:ends]); !wholeAddress.MatchString(address) {
		s.warnAt(file, content, begins, "the address "+quote(address)+" leads nowhere from a mailbox", "write all of it, such as "+completed(address))
	}
}

// completed is a whole address in the place of a part of one.
func completed(address string) string {
	switch {
	case strings.HasPrefix(address, "//"):
		return "https:" + address
	case strings.HasPrefix(strings.ToLower(address), "www."):
		return "https://" + address
	}
	return "{{ brand.url }}/" + strings.TrimLeft(address, "./")
}

// suspectLink reports a link without words, or with words that say nothing. at
// are the places of the whole, the name, the attributes and what is between.
func (s *suspicion) suspectLink(file, content string, at []int) {
	attributes, inner := content[at[4]:at[5]], content[at[6]:at[7]]
	words := strings.TrimSpace(strings.Trim(anyTag.ReplaceAllString(inner, " "), " .!:→»>\t\r\n"))
	switch {
	case spokenName.MatchString(attributes) || wordedPicture.MatchString(inner):
	case words == "":
		s.warnAt(file, content, at[0], "this link has no words", "write where it leads, or say it in the picture's alt")
	case slices.Contains(emptyWords, strings.ToLower(strings.Join(strings.Fields(words), " "))):
		s.warnAt(file, content, at[0], "the words "+quote(words)+" do not say where this link leads", "write what the reader finds there, such as: The new coffee")
	}
}

// warnAt warns of what stands at a byte of a file.
func (s *suspicion) warnAt(file, content string, at int, message, mend string) {
	before := content[:at]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	s.warnFile(file, line, column, message, mend)
}
