package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"rapport/channels"
)

// mailRequest is the body of POST /v3/mail/send, as far as it matters here.
type mailRequest struct {
	Personalizations []personalization `json:"personalizations"`
	From             *mailbox          `json:"from"`
	ReplyTo          *mailbox          `json:"reply_to"`
	Subject          string            `json:"subject"`
	Content          []struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"content"`
	TemplateID string            `json:"template_id"`
	Headers    map[string]string `json:"headers"`
	Categories []string          `json:"categories"`
	CustomArgs map[string]string `json:"custom_args"`
	SendAt     int64             `json:"send_at"`
	Settings   struct {
		Sandbox struct {
			Enable bool `json:"enable"`
		} `json:"sandbox_mode"`
	} `json:"mail_settings"`
	Tracking struct {
		Clicks struct {
			Enable bool `json:"enable"`
		} `json:"click_tracking"`
		Opens struct {
			Enable bool `json:"enable"`
		} `json:"open_tracking"`
	} `json:"tracking_settings"`
}

// personalization is one envelope of a request, with what differs in it.
type personalization struct {
	To            []mailbox         `json:"to"`
	CC            []mailbox         `json:"cc"`
	BCC           []mailbox         `json:"bcc"`
	Subject       string            `json:"subject"`
	Headers       map[string]string `json:"headers"`
	Substitutions map[string]string `json:"substitutions"`
	CustomArgs    map[string]string `json:"custom_args"`
	SendAt        int64             `json:"send_at"`
}

// recipients lists the mailboxes by the field they stand in.
func (p *personalization) recipients() iter.Seq2[string, []mailbox] {
	return func(yield func(string, []mailbox) bool) {
		_ = yield("to", p.To) && yield("cc", p.CC) && yield("bcc", p.BCC)
	}
}

type mailbox struct {
	Email string `json:"email"`
	Name  string `json:"name"`
}

// Limits of the Mail Send API.
const (
	mailLimit       = 30 << 20
	mailRecipients  = 1000
	customArgsLimit = 10_000 // bytes, a personalization
	mailAhead       = 72 * time.Hour
)

// mailErrors is SendGrid's form of an error.
type mailErrors struct {
	Errors []mailError `json:"errors"`
}

type mailError struct {
	Message string  `json:"message"`
	Field   *string `json:"field"`
	Help    *string `json:"help"`
}

func mailRefusal(status int, field, message string) answer {
	e := mailError{Message: message}
	if field != "" {
		e.Field = &field
		help := "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html#message." + field
		e.Help = &help
	}
	return saying(status, mailErrors{Errors: []mailError{e}})
}

// sendgridVoice words SendGrid's troubles; a limit comes with the headers its
// clients read.
func (s *Sandbox) sendgridVoice() voice {
	return voice{
		limited: func() answer {
			return mailRefusal(http.StatusTooManyRequests, "", "too many requests").
				with("X-RateLimit-Limit", "600").with("X-RateLimit-Remaining", "0").
				with("X-RateLimit-Reset", strconv.FormatInt(s.now().Unix()+1, 10))
		},
		broken: func(status int) answer { return mailRefusal(status, "", "internal server error") },
	}
}

// sendMail is POST /v3/mail/send.
func (s *Sandbox) sendMail(w http.ResponseWriter, r *http.Request) {
	s.tally.requests.Add(1)
	if !s.knowsKey(w, r) {
		return
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), jsonType) {
		mailRefusal(http.StatusUnsupportedMediaType, "", "Content-Type should be application/json.").write(w)
		return
	}
	body, whole := bodyOf(w, r, mailLimit)
	if !whole {
		mailRefusal(http.StatusRequestEntityTooLarge, "", "content too large").write(w)
		return
	}
	var m mailRequest
	if refused := m.read(body, s.now()); refused != nil {
		refused.write(w)
		return
	}
	if m.Settings.Sandbox.Enable {
		answer{status: http.StatusOK}.write(w)
		return
	}
	s.acceptMail(w, r, &m)
}

// scopes is GET /v3/scopes, by which a client finds out whether its key is good
// and anybody is there.
func (s *Sandbox) scopes(w http.ResponseWriter, r *http.Request) {
	if s.knowsKey(w, r) && !s.troubled(w, r, channels.Email, s.sendgridVoice()) {
		saying(http.StatusOK, map[string][]string{"scopes": {"mail.send"}}).write(w)
	}
}

// knowsKey reports whether a request bears the account's key, and refuses it
// otherwise.
func (s *Sandbox) knowsKey(w http.ResponseWriter, r *http.Request) bool {
	key, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer || key == "" || s.options.SendGrid.APIKey != "" && key != s.options.SendGrid.APIKey {
		mailRefusal(http.StatusUnauthorized, "", "The provided authorization grant is invalid, expired, or revoked").write(w)
		return false
	}
	return true
}

// acceptMail takes a valid request, unless a fault says otherwise.
func (s *Sandbox) acceptMail(w http.ResponseWriter, r *http.Request, m *mailRequest) {
	first := &m.Personalizations[0]
	request := s.ordinals.next(s.chance("request", string(channels.Email), first.To[0].Email, m.subject(0)))
	fault := s.faults.pick(channels.Email, request)
	if fault.Kind != "" && !fault.Kind.takes() {
		fault.refuse(w, s.sendgridVoice())
		return
	}
	raw, _ := hex.DecodeString(s.sid(request, "mail"))
	id := base64.RawURLEncoding.EncodeToString(raw)
	now := s.now()
	letters := s.letters(m, id, now)
	lines := make([]Accepted, len(letters))
	for i := range letters {
		lines[i] = letters[i].line(now, fault.Kind)
	}
	if err := s.journal.append(lines...); err != nil {
		s.sendgridVoice().broken(http.StatusInternalServerError).write(w)
		return
	}
	s.tally.accept(channels.Email, len(letters))
	if s.outside.base != nil {
		for _, l := range letters {
			s.plan.add(&story{key: l.chance, acts: s.disturb(l.chance, s.receive(l))})
		}
	}
	good := answer{status: http.StatusAccepted}.with("X-Message-Id", id)
	fault.spoil(w, r, request, s.sendgridVoice(), good)
}

// subject is what a recipient reads, with their own values in it.
func (m *mailRequest) subject(i int) string {
	p := &m.Personalizations[i]
	subject := p.Subject
	if subject == "" {
		subject = m.Subject
	}
	return expand(subject, p.Substitutions)
}

// letters are the single e-mails of a request: one a recipient.
func (s *Sandbox) letters(m *mailRequest, id string, now time.Time) []letter {
	var html, text string
	for _, part := range m.Content {
		switch part.Type {
		case "text/html":
			html = part.Value
		case "text/plain":
			text = part.Value
		}
	}
	sum := sha256.New()
	sum.Write([]byte(text))
	sum.Write([]byte(html))
	body := hex.EncodeToString(sum.Sum(nil)[:8])
	letters := make([]letter, 0, len(m.Personalizations))
	for i := range m.Personalizations {
		p := &m.Personalizations[i]
		args := p.CustomArgs
		if len(m.CustomArgs) > 0 {
			args = maps.Clone(m.CustomArgs)
			maps.Copy(args, p.CustomArgs)
		}
		at := now
		if ahead := max(p.SendAt, m.SendAt); ahead > now.Unix() {
			at = time.Unix(ahead, 0).UTC()
		}
		for _, to := range slices.Concat(p.To, p.CC, p.BCC) {
			letters = append(letters, letter{
				request: id, id: id + ".sandbox-0-" + strconv.Itoa(len(letters)) + ".0", at: at, to: to.Email, subject: m.subject(i),
				html: html, substitutions: p.Substitutions, body: body, args: args, categories: m.Categories,
				unsubscribe: header(p.Headers, m.Headers, "List-Unsubscribe"), oneClick: header(p.Headers, m.Headers, "List-Unsubscribe-Post") == oneClick,
				from: m.From.Email, replyTo: expand(m.replyAddress(), p.Substitutions), messageID: header(p.Headers, m.Headers, "Message-ID"), text: expand(text, p.Substitutions),
				opens: m.Tracking.Opens.Enable, clicks: m.Tracking.Clicks.Enable,
				chance: s.ordinals.next(s.chance(string(channels.Email), to.Email, m.subject(i))),
			})
		}
	}
	return letters
}

// replyAddress is where answers go.
func (m *mailRequest) replyAddress() string {
	if m.ReplyTo != nil {
		return m.ReplyTo.Email
	}
	return m.From.Email
}

// header looks a header up whatever its case, in the personalization first.
func header(own, shared map[string]string, name string) string {
	for _, headers := range []map[string]string{own, shared} {
		for key, value := range headers {
			if strings.EqualFold(key, name) {
				return value
			}
		}
	}
	return ""
}

// read decodes and judges a request; the answer is nil when it is in order.
func (m *mailRequest) read(body []byte, now time.Time) *answer {
	refuse := func(field, message string) *answer {
		a := mailRefusal(http.StatusBadRequest, field, message)
		return &a
	}
	if err := json.Unmarshal(body, m); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return refuse(wrong.Field, fmt.Sprintf("Invalid type. Expected: %s, given: %s.", wrong.Type, wrong.Value))
		}
		return refuse("", "Bad Request")
	}
	if field, message := m.fault(now); message != "" {
		return refuse(field, message)
	}
	return nil
}

// fault names the first field that is wrong and says why, in SendGrid's words.
func (m *mailRequest) fault(now time.Time) (field, message string) {
	if m.From == nil || m.From.Email == "" {
		return "from.email", "The from object must be provided for every email send. It is an object that requires the email parameter, but may also contain a name parameter.  e.g. {\"email\" : \"example@example.com\"}  or {\"email\" : \"example@example.com\", \"name\" : \"Example Recipient\"}."
	}
	if !isMailbox(m.From.Email) {
		return "from.email", "The from email does not contain a valid address."
	}
	if n := len(m.Personalizations); n == 0 || n > mailRecipients {
		return "personalizations", "The personalizations field is required and must have at least one personalization, and no more than 1000."
	}
	if field, message = m.faultyContent(); message != "" {
		return field, message
	}
	if len(m.Categories) > 10 {
		return "categories", "The category field may not have more than 10 categories."
	}
	if ahead := time.Unix(m.SendAt, 0).Sub(now); m.SendAt != 0 && ahead > mailAhead {
		return "send_at", "The send_at parameter must be within 72 hours."
	}
	if name := reserved(m.Headers); name != "" {
		return "headers", "The header " + name + " is reserved and cannot be set."
	}
	recipients := 0
	for i := range m.Personalizations {
		if field, message = m.faultyRecipients(i); message != "" {
			return fmt.Sprintf("personalizations.%d.%s", i, field), message
		}
		p := &m.Personalizations[i]
		recipients += len(p.To) + len(p.CC) + len(p.BCC)
	}
	if recipients > mailRecipients {
		return "personalizations", "The total number of recipients must be no more than 1000."
	}
	return "", ""
}

func (m *mailRequest) faultyContent() (field, message string) {
	if len(m.Content) == 0 && m.TemplateID == "" {
		return "content", "Unless a valid template_id is provided, the content parameter is required. There must be at least one defined content block. We typically suggest both text/plain and text/html blocks are included, but only one block is required."
	}
	for i, part := range m.Content {
		switch {
		case part.Type == "":
			return fmt.Sprintf("content.%d.type", i), "The content type must be a string at least one character in length."
		case part.Value == "":
			return fmt.Sprintf("content.%d.value", i), "The content value must be a string at least one character in length."
		case part.Type == "text/plain" && i > 0:
			return "content", "If present, text/plain and text/html may only be provided once, text/plain first."
		}
	}
	return "", ""
}

func (m *mailRequest) faultyRecipients(i int) (field, message string) {
	p := &m.Personalizations[i]
	if len(p.To) == 0 {
		return "to", "The to array is required for all personalization objects, and must have at least one email object with a valid email address."
	}
	seen := make(map[string]bool, len(p.To))
	for kind, list := range p.recipients() {
		for n, to := range list {
			address := strings.ToLower(to.Email)
			if !isMailbox(to.Email) {
				return fmt.Sprintf("%s.%d.email", kind, n), "Does not contain a valid address."
			}
			if seen[address] {
				return kind, fmt.Sprintf("Each email address in the personalization block should be unique between to, cc, and bcc. We found the first duplicate instance in the personalizations.%d.%s field.", i, kind)
			}
			seen[address] = true
		}
	}
	if m.subject(i) == "" && m.TemplateID == "" {
		return "subject", "The subject is required. You can get around this requirement if you use a template with a subject defined or if every personalization has a subject defined."
	}
	size := 0
	for key, value := range p.CustomArgs {
		size += len(key) + len(value)
	}
	if size > customArgsLimit {
		return "custom_args", "The custom_args object must not exceed 10,000 bytes."
	}
	if name := reserved(p.Headers); name != "" {
		return "headers", "The header " + name + " is reserved and cannot be set."
	}
	return "", ""
}

// reserved finds a header the API does not let its users set.
func reserved(headers map[string]string) string {
	for name := range headers {
		switch strings.ToLower(name) {
		case "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to", "from", "subject", "reply-to", "cc", "bcc":
			return name
		}
	}
	return ""
}

// isMailbox judges an address, cheaply where it is an ordinary one.
func isMailbox(address string) bool {
	local, domain, found := strings.Cut(address, "@")
	if !found || local == "" || domain == "" || len(local) > 64 || len(address) > 254 {
		return false
	}
	ordinary := strings.IndexFunc(address, func(r rune) bool {
		return r != '@' && r != '.' && r != '-' && r != '_' && r != '+' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
	if ordinary && strings.Count(address, "@") == 1 && !strings.Contains(address, "..") && local[0] != '.' && local[len(local)-1] != '.' && domain[0] != '.' && domain[len(domain)-1] != '.' {
		return true
	}
	parsed, err := mail.ParseAddress(address)
	return err == nil && parsed.Address == address
}
