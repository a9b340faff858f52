package channels

import (
	"bytes"
)

// Letter is what a report read from an e-mail knows besides the customer's
// words. Anybody may write an e-mail in anybody's name.
type Letter struct {
	Subject string
	// MessageID is the letter's own, which an answer to it refers to.
	MessageID string
	// Attachments are named by file name and size: "parcel.jpg (312 KB)".
	Attachments []string
	// Proven says that the letter came to an address of ours, or answers a message
	// id, that only somebody who had our message can know. Without that its
	// sender is who it claims to be.
	Proven bool
	// BySubject says of an automatic reply that nothing but its subject tells so.
	BySubject bool
	// Below is another letter that is not quoted, with what stands below it, where
	// nothing stands above: nothing tells apart which of it the writer wrote.
	Below string
}

// Mailbox is an address of ours to which mail about one delivery comes.
type Mailbox struct {
	Use      MailboxUse
	Delivery int64
}

// MailboxUse is what mail to an address of ours is about.
type MailboxUse string

// Uses of addresses.
const (
	MailReply  MailboxUse = "reply"  // the message's Reply-To
	MailBounce MailboxUse = "bounce" // its envelope sender: failures come here
	MailStop   MailboxUse = "stop"   // its List-Unsubscribe
)

// Traced is a message with its envelope before it, as a final delivery writes it
// (RFC 5321 §4.4): where failures go, "" being nowhere, and whom the message
// reached. An address that cannot stand in a header is left out.
func Traced(from string, to []string, message []byte) []byte {
	var traced bytes.Buffer
	if OneLine(from) {
		traced.WriteString("Return-Path: <" + from + ">\r\n")
	}
	for _, address := range to {
		if OneLine(address) {
			traced.WriteString("Delivered-To: " + address + "\r\n")
		}
	}
	traced.Write(message)
	return traced.Bytes()
}
