package twilio

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"rapport/channels"
)

// Meaning is what an error code says of a message.
type Meaning struct {
	// Reason is a reason of channels.Refused, or one of blocked, filtered,
	// unreachable, busy_network, carrier_limit, sender_refused, expired; the code
	// itself where it says nothing that is known.
	Reason string
	// Suppress: nothing sent to the number can ever arrive.
	Suppress bool
	// Again: a later attempt may pass.
	Again bool
	// Broken: the account is at fault, so that no other message passes either.
	Broken bool
}

var (
	noNumber      = Meaning{Reason: channels.ReasonInvalidAddress, Suppress: true}
	senderRefused = Meaning{Reason: "sender_refused"}
	carrierLimit  = Meaning{Reason: "carrier_limit", Again: true}
	busyNetwork   = Meaning{Reason: "busy_network", Again: true}
	filtered      = Meaning{Reason: "filtered"}
)

// meanings are the codes that Twilio documents for messages and calls and that
// tell something beside "it failed" (https://www.twilio.com/docs/api/errors). One
// that is not here is kept as it is: failed, with the code for a reason.
var meanings = map[int]Meaning{
	21610: {Reason: channels.ReasonOptedOut, Suppress: true}, // replied STOP

	// The number.
	13223: noNumber, // not a number, of a call
	13224: noNumber, // not one Twilio calls, or none at all
	13226: noNumber, // no such country code
	21211: noNumber, // not a number
	21214: noNumber, // cannot be reached
	21217: noNumber, // does not appear valid
	21265: noNumber, // a short code
	21268: noNumber, // premium rate
	21401: noNumber, // not a number
	21421: noNumber, // not a number
	21614: noNumber, // not a mobile number
	21635: noNumber, // a landline
	30005: noNumber, // unknown destination
	30006: noNumber, // landline or unreachable carrier

	// What the account may do.
	10001: {Reason: channels.ReasonUnauthorized, Broken: true}, // not active
	20005: {Reason: channels.ReasonUnauthorized, Broken: true}, // not active
	13225: {Reason: channels.ReasonRejected},                   // calls to the number are forbidden
	13227: {Reason: channels.ReasonRejected},                   // calls to the country are not enabled
	21215: {Reason: channels.ReasonRejected},                   // calls to the country are not enabled
	21216: {Reason: channels.ReasonRejected},                   // calls to the number are forbidden
	21219: {Reason: channels.ReasonRejected},                   // a trial account calls verified numbers only
	21408: {Reason: channels.ReasonRejected},                   // texts to the country are not enabled
	21608: {Reason: channels.ReasonRejected},                   // a trial account texts verified numbers only
	30002: {Reason: channels.ReasonUnauthorized},               // suspended while the message was queued

	// The sender.
	21210: senderRefused, // not verified for calls
	21212: senderRefused, // not a sender
	21603: senderRefused, // none is named
	21606: senderRefused, // cannot text there
	21612: senderRefused, // no route from this sender
	21659: senderRefused, // not one of Twilio's for that country
	21660: senderRefused, // another account's
	21701: senderRefused, // no such messaging service
	21703: senderRefused, // a messaging service without senders
	21705: senderRefused, // not a messaging service
	30018: senderRefused, // the carrier wants the sender registered first
	30024: senderRefused, // a numeric sender the carrier does not know
	30032: senderRefused, // a toll-free number that is not verified
	30033: senderRefused, // the US campaign registration is suspended
	30034: senderRefused, // the US number is not registered (A2P 10DLC)
	30035: senderRefused, // the US number is being configured

	// The message.
	21617: {Reason: channels.ReasonTooLarge}, // more than 1,600 characters
	30019: {Reason: channels.ReasonTooLarge}, // larger than the carrier takes
	30004: {Reason: "blocked"},               // blocked by the recipient or carrier
	30007: filtered,                          // taken for spam
	30038: filtered,                          // a code to log in with, which the account may not send
	30039: filtered,                          // goes in a circle
	30450: filtered,                          // looks like SMS pumping
	30453: filtered,                          // looks like SMS pumping

	// The moment.
	30001: busyNetwork,                                   // queue overflow
	30003: {Reason: "unreachable", Again: true},          // handset off or out of reach
	30017: busyNetwork,                                   // carrier congested
	30410: busyNetwork,                                   // the carrier did not answer
	30022: carrierLimit,                                  // more a second than the registration allows
	30023: carrierLimit,                                  // the day's messages are used up
	30027: carrierLimit,                                  // the day's messages to T-Mobile are used up
	30036: {Reason: channels.ReasonExpired, Again: true}, // validity period over: it never left
}

// unprocessed are the codes of requests Twilio turned away before looking at
// them, whatever the HTTP status.
var unprocessed = map[int]bool{
	10004: true, // too many calls at once
	14107: true, // rate limit of the sender
	20429: true, // rate limit of the API
	21611: true, // the sender's queue is full
	21730: true, // maintenance
}

// Explain gives the meaning of the error code in a callback.
func Explain(code string) Meaning {
	if number, err := strconv.Atoi(code); err == nil {
		if meaning, known := meanings[number]; known {
			return meaning
		}
		return Meaning{Reason: strconv.Itoa(number)}
	}
	return Meaning{Reason: "failed"}
}

// judge classifies an answer by its status and, within 4xx, by Twilio's code.
func judge(status int, header http.Header, body []byte) error {
	var said struct {
		Code int `json:"code"`
	}
	detail := ""
	if json.Unmarshal(body, &said) == nil && said.Code > 0 {
		detail = fmt.Sprintf("error %d", said.Code)
	}
	err := channels.Judge("twilio", status, header, detail)
	var refused *channels.Refused
	if !errors.As(err, &refused) {
		return err
	}
	if said.Code == 0 && refused.Reason == channels.ReasonRejected {
		return refused.Err // Twilio names each mistake: this is a word of something in front of it
	}
	if unprocessed[said.Code] {
		return &channels.NotSent{Err: refused.Err, RetryAfter: channels.RetryAfter(header), Limited: true}
	}
	if meaning, known := meanings[said.Code]; known {
		return &channels.Refused{Err: refused.Err, Reason: meaning.Reason, Suppress: meaning.Suppress, Broken: meaning.Broken}
	}
	return err
}
