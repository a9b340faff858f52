package twilio

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"rapport/channels"
)

// Meaning is what an error code says about a customer's number.
type Meaning struct {
	// Reason is a reason of channels.Refused, or one of blocked, filtered,
	// unreachable, busy_network, expired; the code itself when it is not known.
	Reason string
	// Suppress: nothing sent to the number can ever arrive.
	Suppress bool
	// Again: a later attempt may pass.
	Again bool
}

// meanings are the codes that speak of the recipient, not of our account
// (https://www.twilio.com/docs/api/errors).
var meanings = map[int]Meaning{
	21610: {Reason: channels.ReasonOptedOut, Suppress: true}, // replied STOP

	21211: {Reason: channels.ReasonInvalidAddress, Suppress: true}, // not a number
	21214: {Reason: channels.ReasonInvalidAddress, Suppress: true}, // cannot be reached
	21217: {Reason: channels.ReasonInvalidAddress, Suppress: true}, // does not appear valid
	21265: {Reason: channels.ReasonInvalidAddress, Suppress: true}, // a short code
	21401: {Reason: channels.ReasonInvalidAddress, Suppress: true}, // not a number
	21421: {Reason: channels.ReasonInvalidAddress, Suppress: true}, // not a number
	21614: {Reason: channels.ReasonInvalidAddress, Suppress: true}, // not a mobile number
	21635: {Reason: channels.ReasonInvalidAddress, Suppress: true}, // a landline
	30005: {Reason: channels.ReasonInvalidAddress, Suppress: true}, // unknown destination
	30006: {Reason: channels.ReasonInvalidAddress, Suppress: true}, // landline or unreachable carrier

	21215: {Reason: channels.ReasonRejected}, // calls to the country are not enabled
	21216: {Reason: channels.ReasonRejected}, // calls to the number are forbidden
	21408: {Reason: channels.ReasonRejected}, // texts to the country are not enabled
	21612: {Reason: channels.ReasonRejected}, // no route from this sender
	21617: {Reason: channels.ReasonTooLarge}, // more than 1,600 characters

	30001: {Reason: "busy_network", Again: true}, // queue overflow
	30003: {Reason: "unreachable", Again: true},  // handset off or out of reach
	30004: {Reason: "blocked"},                   // blocked by the recipient or carrier
	30007: {Reason: "filtered"},                  // taken for spam
	30017: {Reason: "busy_network", Again: true}, // carrier congested
	30036: {Reason: "expired"},                   // validity period over
}

// unprocessed are the codes of requests Twilio turned away before looking at
// them, whatever the HTTP status.
var unprocessed = map[int]bool{
	14107: true, // rate limit of the sender
	20429: true, // rate limit of the API
	21611: true, // the sender's queue is full
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
	if unprocessed[said.Code] {
		return &channels.NotSent{Err: refused.Err, RetryAfter: channels.RetryAfter(header)}
	}
	if meaning, known := meanings[said.Code]; known {
		return &channels.Refused{Err: refused.Err, Reason: meaning.Reason, Suppress: meaning.Suppress}
	}
	return err
}
