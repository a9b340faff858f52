// Package inbound owns mail that comes to us: how it arrives (SendGrid's Inbound
// Parse, the raw message by HTTP, an SMTP listener of our own), reading it
// whatever state it is in, and telling replies from automatic answers, failures,
// complaints and stops.
//
// It does not own the making of our addresses (deliveries), the keeping of mail
// until it is read (store), or what a reply leads to (campaigns). It answers no
// mail, fetches nothing a mail names, and opens no attachment.
package inbound
