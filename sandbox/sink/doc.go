// Package sink serves providers that take everything, at once, and keep nothing:
// what a benchmark sends into. It owns a mail server that scans for the dot and
// an HTTP server that answers as e-mail, text and push providers do, and counts
// of what they took.
//
// It checks nothing and simulates nobody: package sandbox does. It is to be so
// much faster than whatever is measured against it that it does not show.
package sink
