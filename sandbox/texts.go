package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"unicode/utf16"

	"rapport/channels"
)

// textLimit is the longest body in UTF-16 units (Twilio error 21617).
const textLimit = 1600

// sendText is POST Messages.json.
func (s *Sandbox) sendText(w http.ResponseWriter, r *http.Request, form url.Values) {
	s.tally.requests.Add(1)
	if refused := s.faultyText(form); refused != nil {
		refused.write(w)
		return
	}
	to, body := form.Get("To"), form.Get("Body")
	c := s.ordinals.next(s.chance(string(channels.SMS), to, withoutTokens(body)))
	s.accept(w, r, channels.SMS, c, func() (Accepted, answer, *story) {
		now := s.now()
		segments, _ := channels.Segments(body)
		text := &record{
			sid: "SM" + s.sid(c, "text"), from: form.Get("From"), to: to, service: form.Get("MessagingServiceSid"),
			body: body, segments: segments, created: now, updated: now, status: "queued", shown: s.showText,
		}
		s.texts.add(text)
		callback := form.Get("StatusCallback")
		sum := sha256.Sum256([]byte(body))
		line := Accepted{
			At: now, Channel: channels.SMS, ProviderID: text.sid, To: to, Body: hex.EncodeToString(sum[:8]),
			Segments: text.segments, StatusURL: callback, Token: lastSegment(callback),
		}
		return line, saying(http.StatusCreated, s.showText(text)), &story{key: c, acts: s.disturb(c, s.carry(text, callback, c))}
	})
}

// faultyText refuses what Twilio refuses; nil when the request is in order.
func (s *Sandbox) faultyText(form url.Values) *answer {
	refuse := func(code int, message string) *answer {
		a := twilioRefusal(http.StatusBadRequest, code, message)
		return &a
	}
	to, from, service := form.Get("To"), form.Get("From"), form.Get("MessagingServiceSid")
	switch {
	case to == "":
		return refuse(21604, "A 'To' phone number is required.")
	case from == "" && service == "":
		return refuse(21603, "A 'From' phone number is required.")
	case form.Get("Body") == "" && form.Get("MediaUrl") == "" && form.Get("ContentSid") == "":
		return refuse(21602, "Message body is required.")
	case !isE164(to):
		a := invalidTo(to)
		return &a
	case service == "" && !isSender(from):
		return refuse(21212, "The 'From' number "+from+" is not a valid phone number, shortcode, or alphanumeric sender ID.")
	case len(utf16.Encode([]rune(form.Get("Body")))) > textLimit:
		return refuse(21617, "The concatenated message body exceeds the 1600 character limit")
	}
	if callback := form.Get("StatusCallback"); callback != "" && !isCallbackURL(callback) {
		return refuse(21609, "The 'StatusCallback' URL "+callback+" is not a valid URL.")
	}
	if _, stopped := s.stopped.Load(pair(to, senderOf(from))); stopped {
		return refuse(21610, "Attempt to send to unsubscribed recipient")
	}
	return nil
}

// pair names who told whom to stop.
func pair(customer, sender string) string { return customer + " " + sender }

var urls = regexp.MustCompile(`https?://\S+`)

// withoutTokens is a text without its links, whose tokens differ in every run.
func withoutTokens(text string) string { return urls.ReplaceAllLiteralString(text, "…") }

// carry plans a text's way to its customer, and what they do then.
func (s *Sandbox) carry(text *record, callback string, c chance) []act {
	who := s.person(text.to)
	b := who.behaviour.SMS
	arrival := text.created.Add(c.wait("delivery", b.Delivery))
	left := text.created.Add(arrival.Sub(text.created) / 4)
	acts := []act{s.textStatus(text, callback, "sent", 0, left)}
	if c.happens("undelivered", b.Undelivered) {
		return append(acts, s.textStatus(text, callback, "undelivered", 30003, arrival))
	}
	acts = append(acts, s.textStatus(text, callback, "delivered", 0, arrival))
	return append(acts, s.readText(text, who, c, arrival)...)
}

// errorMessages are what Twilio says of its error codes.
var errorMessages = map[int]string{30003: "Unreachable destination handset"}

// showText is a text as the API shows it.
func (s *Sandbox) showText(text *record) any {
	text.mu.Lock()
	defer text.mu.Unlock()
	path := "/2010-04-01/Accounts/" + s.options.Twilio.AccountSID + "/Messages/" + text.sid
	shown := textJSON{
		AccountSID: s.options.Twilio.AccountSID, APIVersion: "2010-04-01", Body: text.body,
		DateCreated: rfc2822(text.created), DateSent: rfc2822(text.sent), DateUpdated: rfc2822(text.updated),
		Direction: "outbound-api", From: orNull(text.from), MessagingServiceSID: orNull(text.service), NumMedia: "0",
		NumSegments: strconv.Itoa(text.counted()), Price: orNull(text.price()), PriceUnit: "USD", SID: text.sid, Status: text.status, To: text.to,
		URI: path + ".json", SubresourceURIs: map[string]string{"media": path + "/Media.json"},
	}
	if text.errorCode != 0 {
		shown.ErrorCode, shown.ErrorMessage = text.errorCode, errorMessages[text.errorCode]
	}
	return shown
}

// counted is how many segments Twilio tells of: none before a messaging service has
// chosen a sender.
func (r *record) counted() int {
	if r.service != "" && r.status == "queued" {
		return 0
	}
	return r.segments
}

// centsPerSegment is what one segment costs, in hundredths of a cent.
const centsPerSegment = 79

// price is what Twilio charged, which is known some time after a text was sent.
func (r *record) price() string {
	if r.status != "delivered" && r.status != "undelivered" {
		return ""
	}
	return fmt.Sprintf("-%.5f", float64(r.segments*centsPerSegment)/10_000)
}

// textJSON is Twilio's message resource.
type textJSON struct {
	AccountSID          string            `json:"account_sid"`
	APIVersion          string            `json:"api_version"`
	Body                string            `json:"body"`
	DateCreated         any               `json:"date_created"`
	DateSent            any               `json:"date_sent"`
	DateUpdated         any               `json:"date_updated"`
	Direction           string            `json:"direction"`
	ErrorCode           any               `json:"error_code"`
	ErrorMessage        any               `json:"error_message"`
	From                any               `json:"from"`
	MessagingServiceSID any               `json:"messaging_service_sid"`
	NumMedia            string            `json:"num_media"`
	NumSegments         string            `json:"num_segments"`
	Price               any               `json:"price"`
	PriceUnit           string            `json:"price_unit"`
	SID                 string            `json:"sid"`
	Status              string            `json:"status"`
	SubresourceURIs     map[string]string `json:"subresource_uris"`
	To                  string            `json:"to"`
	URI                 string            `json:"uri"`
}
