package templates

import (
	"errors"
	"strings"

	"rapport/channels"
)

// sms is a text message.
type sms struct{ text *Line }

func (s sms) render(b Bindings) (channels.Content, error) {
	text, err := s.text.program.render(b)
	if err != nil {
		return channels.Content{}, err
	}
	if text = strings.TrimSpace(text); text == "" {
		return channels.Content{}, errors.New("the message is empty")
	}
	return channels.Content{SMS: &channels.SMSContent{Text: text}}, nil
}

// sms reads a text message: all of the file is its text.
func (b *builder) sms(src *source) (body, []Field) {
	before := b.found.met
	front, bodyAt := split(src, b.found)
	s, root := readSheet(src, front, b.found)
	s.mapping(root)
	text := src.text[bodyAt:]
	if strings.TrimSpace(text) == "" {
		b.found.at(origin{src: src}, "write the words of the message", "the message is empty")
	}
	line := b.line(words{text, origin{src: src, offset: bodyAt, exact: true}})
	if b.found.met > before {
		return nil, line.fields
	}
	return sms{line}, line.fields
}
