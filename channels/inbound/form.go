package inbound

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/emersion/go-message/textproto"

	"rapport/channels"
	"rapport/channels/email"
)

// SendGrid is the settings of SendGrid's Inbound Parse, which posts each e-mail
// as a form: in pieces, or raw
// (https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook).
type SendGrid struct {
	// PublicKeys prove a signed Parse webhook, as SendGrid shows them. Give two while
	// rotating.
	PublicKeys []string
	Ours       Ours
}

// Open gives the listener.
func (g SendGrid) Open() (channels.Listener, error) {
	keys, err := email.ReadKeys(g.PublicKeys)
	if err != nil {
		return nil, fmt.Errorf("open inbound parse of sendgrid: %w", err)
	}
	return forms{keys: keys, ours: g.Ours}, nil
}

type forms struct {
	keys email.Keys
	ours Ours
}

// Verify checks the signature, which is the event webhook's.
func (f forms) Verify(c channels.Callback) error { return f.keys.Verify(c) }

// Sealed implements channels.Sealed.
func (f forms) Sealed(header http.Header) bool { return f.keys.Sealed(header) }

// Reports reads a form.
func (f forms) Reports(c channels.Callback) ([]channels.Report, error) {
	form, err := readForm(c)
	if err != nil {
		return nil, err
	}
	raw := []byte(form.fields["email"])
	l := form.letter()
	if len(raw) == 0 {
		raw = c.Body
	}
	return l.reports(f.ours, raw, c.ReceivedAt), nil
}

// form is what SendGrid posts.
type form struct {
	fields map[string]string
	files  []file
}

// file is an attachment of a form, with what SendGrid says of it.
type file struct {
	header textproto.Header
	body   []byte
}

// readForm reads as much of a form as there is: one that broke off still has its
// first fields.
func readForm(c channels.Callback) (form, error) {
	_, params, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return form{}, errors.New("read inbound mail of sendgrid: the body is not a multipart form")
	}
	f := form{fields: map[string]string{}}
	reader := multipart.NewReader(bytes.NewReader(c.Body), params["boundary"])
	for range partsRead {
		part, err := reader.NextRawPart()
		if err != nil {
			break
		}
		body, err := io.ReadAll(part)
		if part.FileName() != "" {
			header := textproto.Header{}
			header.Set("Content-Type", part.Header.Get("Content-Type"))
			header.Set("Content-Disposition", part.Header.Get("Content-Disposition"))
			f.files = append(f.files, file{header, body})
		} else if name := part.FormName(); name != "" {
			f.fields[name] = string(body)
		}
		if err != nil {
			break
		}
	}
	if len(f.fields) == 0 {
		return form{}, errors.New("read inbound mail of sendgrid: the form has no fields")
	}
	return f, nil
}

// letter puts the e-mail together again.
func (f form) letter() *letter {
	var l *letter
	if raw := f.fields["email"]; raw != "" {
		l = open([]byte(raw))
	} else {
		l = f.pieces()
	}
	var envelope struct {
		From string   `json:"from"`
		To   []string `json:"to"`
	}
	if json.Unmarshal([]byte(f.fields["envelope"]), &envelope) == nil && len(envelope.To) > 0 {
		l.sender, l.null = envelope.From, envelope.From == ""
		l.to = append(envelope.To, l.to...)
	}
	return l
}

// pieces is the e-mail of a form that SendGrid took apart.
func (f form) pieces() *letter {
	var charsets map[string]string
	_ = json.Unmarshal([]byte(f.fields["charsets"]), &charsets) // without it they are guessed
	text := func(name string) string { return plain(decodeText([]byte(f.fields[name]), charsets[name])) }

	l := &letter{}
	header, _ := readHeader([]byte(strings.TrimLeft(f.fields["headers"], "\r\n")))
	for name, field := range map[string]string{"From": "from", "To": "to", "Subject": "subject"} {
		if value := oneLine(text(field)); !header.Has(name) && value != "" {
			header.Set(name, value)
		}
	}
	l.address(header)
	if kind, params := mediaType(header); kind == "multipart/report" {
		l.report = strings.ToLower(params["report-type"])
	}
	l.text = content{text: text("text"), html: text("html")}.words()
	for _, file := range f.files {
		l.part(file.header, file.body, 1)
	}
	return l
}
