// Package domain owns whether a domain is fit to send mail, as far as DNS and the
// domain's own web server tell: SPF, DKIM, DMARC, where mail for it goes, and
// where its links lead.
//
// It does not own sending (channels/email), and it changes nothing: what is
// missing comes back as a record to paste.
package domain
