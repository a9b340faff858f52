package channels

import "time"

// Message is one rendered delivery, ready for a provider. Exactly the part of
// Content that belongs to the channel is set.
type Message struct {
	// Delivery is the ledger's id. It travels with the message, so that every
	// callback names the delivery it speaks of.
	Delivery int64
	// Attempt counts from 1 over the delivery's life.
	Attempt int
	// To is an RFC 5321 mailbox, an E.164 number, or a push endpoint URL.
	To string
	// From is the shop's mailbox ("Shop <hello@shop.example>") or number, from
	// the workspace's senders; ReplyTo a mailbox or empty.
	From    string
	ReplyTo string
	// ToName is the customer's display name; may be empty.
	ToName string
	// Country is ISO 3166-1 alpha-2 of the recipient; may be empty.
	Country string
	// Locale is the BCP 47 tag the content was rendered in.
	Locale string
	// Push holds the subscription's keys; set for Push only.
	Push *PushSubscription
	// Unsubscribe is the absolute URL of the one-click unsubscribe (RFC 8058);
	// empty when the topic needs none.
	Unsubscribe string
	// Token lets the receiving browser report what became of a notification,
	// at ReportURL; set for Push only.
	Token     string
	ReportURL string
	// ScriptURL is the absolute URL a voice provider fetches to learn what to
	// say next; set for Call only.
	ScriptURL string
	// StatusURL is the absolute URL status callbacks go to; empty where the
	// provider's account settles it (SendGrid's event webhook).
	StatusURL string
	// ValidFor is how long, from when it is handed over, a provider may keep a text
	// in its queue: afterwards its customer's contact hours are over, or it has
	// expired. 0 is as long as the provider likes.
	ValidFor time.Duration
	// Envelope stands around an e-mail; zero elsewhere.
	Envelope Envelope
	Content  Content
}

// Envelope is what an e-mail carries beside its addresses and words. Empty
// fields are left out of the message.
type Envelope struct {
	// MessageID is the id of RFC 5322 §3.6.4 without its angle brackets. It is the
	// same for every attempt at a delivery, so that a mailbox knows a second copy.
	MessageID string
	// InReplyTo is the id of the message that this one answers.
	InReplyTo string
	// ReturnPath is the mailbox bounces go to (RFC 5321 §4.4); empty is the
	// sender's.
	ReturnPath string
	// StopMail is the mailbox that a mail program writes to in order to unsubscribe,
	// beside Message.Unsubscribe (RFC 2369 §3.2).
	StopMail string
	// ListID names the list (RFC 2919 §3): "Offers and news <marketing.shop.example>".
	ListID string
	// AutoSubmitted is auto-generated or auto-replied where no person or mailing
	// asked for the message at this moment (RFC 3834 §5).
	AutoSubmitted string
	// FeedbackID sorts complaints for the sender: three of ours and one that
	// stays, such as "after-delivery:service:email:shop" (Gmail's Feedback-ID).
	FeedbackID string
}

// Content is what a customer will see or hear, already rendered.
type Content struct {
	Email *EmailContent `json:"email,omitempty"`
	SMS   *SMSContent   `json:"sms,omitempty"`
	Call  *CallScript   `json:"call,omitempty"`
	Push  *PushContent  `json:"push,omitempty"`

	Webhook *WebhookContent `json:"webhook,omitempty"`
}

// WebhookContent is what another system is told: a JSON document for a URL.
type WebhookContent struct {
	URL  string `json:"url"`
	Body []byte `json:"body"`
}

// EmailContent is an e-mail without its envelope.
type EmailContent struct {
	Subject   string `json:"subject"`
	Preheader string `json:"preheader,omitempty"`
	HTML      string `json:"html"`
	Text      string `json:"text"`
}

// SMSContent is the body of a text message.
type SMSContent struct {
	Text string `json:"text"`
}

// PushContent is a web push notification (Notifications API names).
type PushContent struct {
	Title   string       `json:"title"`
	Body    string       `json:"body,omitempty"`
	Icon    string       `json:"icon,omitempty"`
	URL     string       `json:"url,omitempty"`
	Actions []PushAction `json:"actions,omitempty"`
	// Image stands below the words, Badge in a phone's status bar; both are URLs.
	Image string `json:"image,omitempty"`
	Badge string `json:"badge,omitempty"`
	// Tag makes a repeated notification replace the first one.
	Tag string `json:"tag,omitempty"`
	// RequireInteraction leaves it standing until somebody does something.
	RequireInteraction bool `json:"require_interaction,omitempty"`
	// TTL is how long a push service keeps it for a browser that is away, Urgency
	// whether it may be put off (RFC 8030 §5.2, §5.3). Nil and "" are the
	// provider's.
	TTL     *time.Duration `json:"-"`
	Urgency string         `json:"-"`
}

// PushAction is a button of a notification.
type PushAction struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	URL   string `json:"url,omitempty"`
}

// PushSubscription is what a browser hands out (Push API).
type PushSubscription struct {
	Endpoint string `json:"endpoint"`
	P256dh   string `json:"p256dh"`
	Auth     string `json:"auth"`
}
