package inbound_test

import (
	"testing"

	"rapport/channels"
	"rapport/channels/inbound"
)

func TestAutomaticRepliesAreTold(t *testing.T) {
	for _, header := range []string{
		"Auto-Submitted: auto-replied\nSubject: hello\n", "Auto-Submitted: auto-generated; x=y\nSubject: hello\n", "X-Autoreply: yes\nSubject: hello\n",
		"X-Autorespond: x\nSubject: hello\n", "Precedence: auto_reply\nSubject: x\n", "Precedence: bulk\nSubject: x\n", "List-Id: <x.y.example>\nSubject: x\n",
		"Subject: Automatic reply: How was it?\n", "Subject: Out of office: Ann\n", "Subject: Abwesenheitsnotiz: Ann\n", "Subject: =?utf-8?B?0JDQstGC0L7QvtGC0LLQtdGC?=\n",
		"Subject: Réponse automatique : x\n", "Subject: 自动回复: x\n", "Subject: Re: Auto-Reply\n",
	} {
		got := one(t, replyBox, crlf("From: ann@home.example\n"+header+"\n5 days I am away"))
		if got.Kind != channels.ReportAutoReplied || got.Delivery != 812 {
			t.Errorf("%s: %+v", header, got)
		}
	}
	for _, header := range []string{
		"Auto-Submitted: no\nSubject: hello\n", "Subject: Re: automatic coffee machine\n", "Subject: Re: How was it?\nX-Mailer: x\n", "Precedence: first-class\nSubject: x\n",
	} {
		if got := one(t, replyBox, crlf("From: ann@home.example\n"+header+"\nhello")); got.Kind != channels.ReportReplied {
			t.Errorf("%s: %+v", header, got)
		}
	}
	// Vacation programs answer the envelope's sender.
	if got := one(t, bounceBox, crlf("From: ann@home.example\nAuto-Submitted: auto-replied\nSubject: Re: How was it?\n\nI am away")); got.Kind != channels.ReportAutoReplied {
		t.Errorf("an absence at the address for failures is %+v", got)
	}
}

// Absences come without a sender in the envelope (RFC 3834 §3.3), and in the words
// of failures.
func TestAbsencesAreNoFailures(t *testing.T) {
	for _, c := range []struct{ header, body string }{
		{"Auto-Submitted: auto-generated\nSubject: Automatic reply: How was it?\n", "If your message did not reach me in time, write to my colleague."},
		{"Subject: Automatic reply: How was it?\n", "The old address ann@home.example does not exist any more; please call 030 550 1200."},
		{"Subject: Re: How was it?\n", "I am away, and my mailbox is full. Urgent letters are undeliverable."},
		{"From: noreply@home.example\nSubject: Out of office: How was it?\n", "What did not reach us by noon waits until Monday."},
	} {
		message := crlf(c.header + "From: ann@home.example\n\n" + c.body) // of two senders the first counts
		for _, to := range []string{replyBox, bounceBox} {
			reports, err := inbound.Raw{Ours: house{}}.Reports(channels.Callback{Body: channels.Traced("", []string{to}, []byte(message)), ReceivedAt: arrived})
			if err != nil || len(reports) != 1 || reports[0].Kind != channels.ReportAutoReplied || reports[0].Suppress {
				t.Errorf("%s to %s: %+v, %v", c.body, to, reports, err)
			}
		}
	}
}

// A receipt (RFC 8098) answers nothing, whether the letter was read or deleted.
func TestReceiptsAreAutomatic(t *testing.T) {
	for _, done := range []string{"displayed", "deleted"} {
		got := one(t, replyBox, crlf(replace(`
From: ann@home.example
Subject: Not read: How was it?
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary="B"

--B
Content-Type: text/plain

Your message was DONE.
--B
Content-Type: message/disposition-notification

Final-Recipient: rfc822;ann@home.example
Original-Message-ID: <m812@news.shop.example>
Disposition: automatic-action/MDN-sent-automatically; DONE
--B--
`, "DONE", done)))
		if got.Kind != channels.ReportAutoReplied || got.Delivery != 812 || len(got.Letter.Attachments) != 0 {
			t.Errorf("%s: %+v", done, got)
		}
	}
}

const postfix = `
From: MAILER-DAEMON@mx.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <d1@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example. I'm sorry to have to inform you ...

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; Ann@Home.example
Original-Recipient: rfc822;ann@home.example
Action: ACTION
Status: STATUS
Diagnostic-Code: smtp; WORDS

--B
Content-Type: message/rfc822

From: Shop <hello@shop.example>
Message-ID: <m812@news.shop.example>
Subject: How was it?

hello
--B--
`

func TestDeliveryStatusNotifications(t *testing.T) {
	for _, c := range []struct {
		action, status, words string
		kind                  channels.ReportKind
		reason                string
	}{
		{"failed", "5.1.1", "550 5.1.1 user unknown", channels.ReportBounced, "hard"},
		{"failed", "5.0.0", "550 5.2.2 mailbox full", channels.ReportBounced, "soft"},
		{"failed", "4.4.7", "timed out", channels.ReportBounced, "soft"},
		{"failed", "5.7.1", "554 5.7.1 blocked using zen.spamhaus.org", channels.ReportBounced, "blocked"},
		{"delayed", "4.4.1", "no answer", channels.ReportDeferred, ""},
		{"delivered", "2.0.0", "250 ok", channels.ReportDelivered, ""},
	} {
		message := crlf(replace(postfix, "ACTION", c.action, "STATUS", c.status, "WORDS", c.words))
		for _, to := range []string{bounceBox, "hello@shop.example"} { // by its address, or by the message it returns
			got := one(t, to, message)
			if got.Kind != c.kind || got.Reason != c.reason || got.Suppress != (c.reason == "hard") || got.Delivery != 812 || got.From != "ann@home.example" || got.Text != c.words {
				t.Errorf("%+v to %s: %+v", c, to, got)
			}
		}
	}
	if got := read(t, "hello@shop.example", crlf(replace(postfix, "m812@", "m813@", "ACTION", "failed", "STATUS", "5.1.1"))); len(got) != 0 {
		t.Errorf("a notification of somebody else's message is believed: %+v", got)
	}
}

func TestFailuresWithoutAFormAreRead(t *testing.T) {
	for name, c := range map[string]struct{ message, reason string }{
		"qmail": {`
From: MAILER-DAEMON@mx.example
Subject: failure notice

Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<ann@home.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Subject: our spam policy, blocked
`, "hard"},
		"Exim": {`
From: Mail Delivery System <Mailer-Daemon@mx.example>
Subject: Mail delivery failed: returning message to sender

A message that you sent could not be delivered to one or more of its recipients. This is a permanent error.
  ann@home.example
    SMTP error from remote mail server after RCPT TO:<ann@home.example>: 552 5.2.2 The account is over quota
`, "soft"},
		"Exchange": {`
From: postmaster@home.example
Subject: Undeliverable: How was it?
Content-Type: text/html

<p><b>Delivery has failed to these recipients:</b></p><p>ann@home.example</p><p>Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found'</p>
`, "hard"},
		"a code at the start of a line": {`
From: postmaster@home.example
Subject: Undeliverable: How was it?

The server answered
550 No such
user here
`, "hard"},
		"a number that is no code": {`
From: postmaster@home.example
Subject: Undeliverable: How was it?

The address does not exist. Please call 030 550 1200 or 030: 550 1201.
`, "soft"},
		"blocked": {`
From: postmaster@home.example
Subject: Undeliverable: How was it?

554 5.7.1 Message rejected as spam by content filtering
`, "blocked"},
		"without reasons": {`
From: postmaster@home.example
Subject: Undeliverable: How was it?

Sorry.
`, "soft"},
	} {
		got := one(t, bounceBox, crlf(c.message))
		if got.Kind != channels.ReportBounced || got.Reason != c.reason || got.Delivery != 812 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	// A person may write under such a subject.
	if got := one(t, replyBox, crlf("From: ann@home.example\nSubject: Undeliverable\n\nYour parcel could not be delivered, says DHL")); got.Kind != channels.ReportReplied {
		t.Errorf("a customer's words are %+v", got)
	}
}

const abuse = `
From: <feedback@provider.example>
Subject: Email Feedback Report
Content-Type: multipart/report; report-type=feedback-report; boundary="B"

--B
Content-Type: text/plain

This is an email abuse report.
--B
Content-Type: message/feedback-report

Feedback-Type: TYPE
User-Agent: SomeGenerator/1.0
Version: 1
Original-Rcpt-To: <ann@home.example>

--B
Content-Type: message/rfc822

From: <hello@shop.example>
Message-ID: <m812@news.shop.example>

Spam!
--B--
`

func TestComplaints(t *testing.T) {
	for kind, want := range map[string]channels.ReportKind{
		"abuse": channels.ReportComplained, "fraud": channels.ReportComplained, "opt-out": channels.ReportUnsubscribed,
	} {
		got := one(t, "fbl@shop.example", crlf(replace(abuse, "TYPE", kind)))
		if got.Kind != want || got.Delivery != 812 || got.From != "ann@home.example" || got.Suppress != (want == channels.ReportComplained) {
			t.Errorf("%s: %+v", kind, got)
		}
	}
	for _, nothing := range []string{replace(abuse, "TYPE", "not-spam"), replace(abuse, "TYPE", "abuse", "m812@", "m813@")} {
		if got := read(t, "fbl@shop.example", crlf(nothing)); len(got) != 0 {
			t.Errorf("got %+v", got)
		}
	}
}
