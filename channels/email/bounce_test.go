package email_test

import (
	"testing"

	"rapport/channels/email"
)

// What servers say, as they say it.
func TestBouncesAreClassedByCodeAndWords(t *testing.T) {
	for _, c := range []struct{ status, said, class string }{
		{"5.1.1", "550 5.1.1 The email account that you tried to reach does not exist", "hard"},
		{"", "550 5.1.1 User unknown", "hard"},
		{"5.0.0", "smtp; 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "hard"},
		{"5.4.1", "550 5.4.1 Recipient address rejected: Access denied", "hard"},
		{"5.7.1", "550 5.7.1 no such user here", "hard"},
		{"5.2.1", "550 5.2.1 The email account that you tried to reach is disabled", "hard"},
		{"5.4.4", "Host or domain name not found. Name service error: Host not found", "hard"},
		{"", "550 Requested action not taken: mailbox unavailable", "hard"},
		{"", "Sorry, no mailbox here by that name. (#5.1.1)", "hard"},
		{"", "I couldn't find any host named nowhere.example. (#5.1.2)", "hard"},
		{"", "host mx.x.example[192.0.2.1] said: 550 No such user (in reply to RCPT TO command)", "hard"},
		{"", "Remote Server returned '550 unknown user'", "hard"},
		{"", "550 12345@x.example user unknown", "hard"},
		{"", "550 550 no such user", "hard"},
		{"", "the response was 550 no such user", "hard"},
		{"", "[550] no such user", "hard"},
		{"", "SMTP error 550: no such user", "hard"},
		{"5.0.0", "", "hard"},
		{"", "553 sorry", "hard"},

		{"5.2.2", "552 5.2.2 The email account that you tried to reach is over quota", "soft"},
		{"", "552 Mailbox full", "soft"},
		{"5.1.1", "550 5.1.1 mailbox is full", "hard"},
		{"4.2.2", "", "soft"},
		{"4.4.7", "delivery temporarily suspended: connection timed out", "soft"},
		{"4.4.1", "", "soft"},
		{"5.3.0", "system not accepting mail", "soft"},
		{"", "451 user unknown in local table, try again", "soft"},
		{"", "could not be delivered", "soft"},
		{"", "the address does not exist; call 030 550 1200", "soft"},
		{"", "the address does not exist; my number: 550 550 1200", "soft"},
		{"", "", "soft"},

		{"5.7.1", "554 5.7.1 Service unavailable; Client host blocked using zen.spamhaus.org", "blocked"},
		{"5.1.1", "550 5.1.1 rejected: listed at zen.spamhaus.org", "blocked"},
		{"", "554 Message rejected as spam", "blocked"},
		{"4.7.1", "451 4.7.1 Greylisted, try again later", "blocked"},
		{"5.1.8", "Sender address rejected: Domain not found", "blocked"},
		{"5.2.3", "message length exceeds administrative limit", "blocked"},
		{"5.3.4", "552 5.3.4 Message size exceeds fixed limit", "blocked"},
		{"5.6.0", "", "blocked"},

		// A refusal at RCPT that says nothing of the recipient, or is of the sender.
		{"", "554 5.7.1 <ada@x.example>: Recipient address rejected: Access denied", "blocked"},
		{"", "554 <ada@x.example>: Recipient address rejected: Access denied", "blocked"},
		{"5.7.1", "550 5.7.1 Recipient address rejected: Please see http://www.openspf.net/Why", "blocked"},
		{"", "554 5.7.1 <ada@x.example>: Recipient address rejected: Your MTA is listed in too many DNSBLs", "blocked"},
		{"", "550 5.7.1 <shop@x.example>: Sender address rejected: Domain not found", "blocked"},
		{"", "550 5.1.0 <shop@x.example> sender rejected : Domain does not exist", "blocked"},
		{"", "550-Verification failed for <shop@x.example>\n550-No Such User Here\n550 Sender verify failed", "blocked"},
		{"5.1.1", "550 5.1.1 <ada@x.example>: Recipient address rejected: undeliverable", "hard"},
		{"5.7.1", "554 5.7.1 <ada@x.example>: Recipient address rejected: User unknown", "hard"},
		{"", "450 <ada@x.example>: Recipient address rejected: unverified address", "soft"},
		{"4.1.1", "450 4.1.1 <ada@x.example>: Recipient address rejected: unverified address", "soft"},
		{"", "550 5.4.310 DNS domain shop.example does not exist", "hard"},
	} {
		if got := email.BounceClass(c.status, c.said); got != c.class {
			t.Errorf("%q %q is %s, want %s", c.status, c.said, got, c.class)
		}
	}
}
