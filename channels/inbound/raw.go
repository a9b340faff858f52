package inbound

import (
	"bytes"
	"errors"

	"rapport/channels"
)

// Raw reads messages of RFC 5322 as they are. What brought them proved itself
// before they were stored: a secret, or an address we made.
type Raw struct{ Ours Ours }

// Verify refuses: a message proves nothing by itself.
func (Raw) Verify(channels.Callback) error {
	return errors.New("a raw message proves nothing by itself")
}

// Reports reads a message.
func (r Raw) Reports(c channels.Callback) ([]channels.Report, error) {
	_, message := untraced(c.Body)
	return open(c.Body).reports(r.Ours, message, c.ReceivedAt), nil
}

// untraced is a message without the lines that a delivery put before it, which
// differ from one way to the next.
func untraced(message []byte) (trace, rest []byte) {
	rest = message
	for {
		line, after, more := bytes.Cut(rest, []byte("\n"))
		if !more || !bytes.HasPrefix(line, []byte("Return-Path:")) && !bytes.HasPrefix(line, []byte("Delivered-To:")) {
			return message[:len(message)-len(rest)], rest
		}
		rest = after
	}
}
