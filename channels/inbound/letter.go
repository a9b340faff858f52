package inbound

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/emersion/go-message/textproto"
)

// letter is an e-mail as far as it could be read.
type letter struct {
	header textproto.Header
	// sender is the envelope's; null says that it is known to be empty, as it is
	// of what must not be answered (RFC 5321 §4.5.5).
	sender string
	null   bool
	// to are the addresses it was sent to, those of the envelope first.
	to      []string
	subject string
	text    string // all of it, quotes and signature too
	// answering says that it answers a letter that went to nobody but its writer, or
	// claims to answer one where it came to an address for that.
	answering bool

	attachments []string
	report      string             // report-type of a multipart/report, lower case
	status      []textproto.Header // groups of a message/delivery-status, the message's own first
	feedback    *textproto.Header  // of a message/feedback-report
	returned    *textproto.Header  // of the message a report is about

	parts int // seen so far
}

// Limits of what is read of a letter. All of it is kept in the inbox.
const (
	partsRead    = 200
	depthRead    = 20
	wordsRead    = 10_000 // characters of what a timeline shows
	subjectRead  = 300
	namesRead    = 20 // attachments
	fileNameRead = 120
)

// open reads a message of RFC 5322, whatever state it is in.
func open(raw []byte) *letter {
	l := &letter{}
	header, body := readHeader(raw)
	l.address(header)
	l.text = l.part(header, body, 0).words()
	return l
}

// address takes what a header says of whom the letter is from, to and about.
func (l *letter) address(header textproto.Header) {
	l.header = header
	l.subject = shorten(oneLine(decodeHeader(header.Get("Subject"))), subjectRead)
	if header.Has("Return-Path") {
		l.sender = firstAddress(header.Get("Return-Path"))
		l.null = l.sender == ""
	}
	for _, name := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Forwarded-To", "To", "Cc"} {
		for _, value := range header.Values(name) {
			l.to = append(l.to, addresses(value)...)
		}
	}
}

// from is the mailbox that the letter says it is from, in lower case.
func (l *letter) from() string {
	return strings.ToLower(firstAddress(decodeHeader(l.header.Get("From"))))
}

// attach notes a part that is not read.
func (l *letter) attach(name, mediaType string, size int) {
	if len(l.attachments) == namesRead {
		return
	}
	name = shorten(fileName(name), fileNameRead)
	if name == "" {
		name = mediaType
	}
	l.attachments = append(l.attachments, name+" ("+sizeWords(size)+")")
}

// sizeWords is a size as people read it.
func sizeWords(bytes int) string {
	switch {
	case bytes < 1<<10:
		return strconv.Itoa(bytes) + " bytes"
	case bytes < 1<<20:
		return strconv.Itoa(bytes>>10) + " KB"
	}
	return strconv.FormatFloat(float64(bytes)/(1<<20), 'f', 1, 64) + " MB"
}

// fileName is a name without a path.
func fileName(name string) string {
	name = oneLine(decodeHeader(name))
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	return strings.TrimSpace(name)
}

// plain is a text without what only a screen obeys: control characters, and
// marks that turn the direction of what follows, which make words look like
// others. Lines end in \n.
func plain(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0xFEFF:
			return -1
		case r == 0xA0:
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// oneLine is a text of a header.
func oneLine(text string) string {
	return strings.Join(strings.Fields(plain(text)), " ")
}

// shorten cuts a text to so many characters.
func shorten(text string, most int) string {
	count := 0
	for i := range text {
		if count++; count > most {
			return strings.TrimSpace(text[:i]) + "…"
		}
	}
	return text
}
