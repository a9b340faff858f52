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
		"Auto-Submitted: auto-replied (vacation)\nSubject: hello\n", "X-Auto-Response-Suppress: All\nSubject: [Ticket#42] We have your letter\n",
		"List-Unsubscribe: <mailto:x@y.example>\nIn-Reply-To: \nSubject: x\n", "Precedence: auto_reply\nIn-Reply-To: <" + messageID + ">\nSubject: Re: How was it?\n",
		"Subject: Automatikus válasz: x\n", "Subject: Automatická odpověď: x\n", "Subject: Automatisk svar: x\n", "Subject: Automatiskt svar: x\n",
		"Subject: Răspuns automat: x\n", "Subject: Αυτόματη απάντηση: x\n", "Subject: Автовідповідь: x\n", "Subject: 自動応答: x\n", "Subject: [Auto-Reply] x\n",
		"Subject: Re: How was it? [Autoreply]\n", "Subject: پاسخ اتوماتیک: x\n", "Subject: Read: How was it?\n", "Subject: Gelesen: Wie war es?\n", "Subject: Прочтено: x\n",
		"Subject: Auto: How was it?\n", "Subject: Abwesend: x\n", "Subject: Ich bin im Urlaub\n", "Subject: В отпуске до 12 декабря\n", "Subject: OOO - back on Monday\n",
	} {
		got := one(t, replyBox, crlf("From: ann@home.example\n"+header+"\n5 days I am away"))
		if got.Kind != channels.ReportAutoReplied || got.Delivery != 812 {
			t.Errorf("%s: %+v", header, got)
		}
	}
	for _, header := range []string{
		"Auto-Submitted: no\nSubject: hello\n", "Subject: Re: automatic coffee machine\n", "Subject: Re: How was it?\nX-Mailer: x\n", "Precedence: first-class\nSubject: x\n",
		"Feedback-ID: 26957704:user:proton\nSubject: Re: How was it?\n", "Feedback-ID: i1972:Fastmail\nSubject: x\n", "Feedback-ID: rr08:zu08:rf08:ZohoMail\nSubject: x\n", "Feedback-ID: 1.us-east-1.Zb=:AmazonSES\nSubject: x\n",
		"List-Id: <support.home.example>\nPrecedence: list\nList-Unsubscribe: <mailto:x@y.example>\nIn-Reply-To: <" + messageID + ">\nSubject: Re: How was it?\n",
		"Precedence: bulk\nReferences: <a@b.example> <" + messageID + ">\nSubject: Re: How was it?\n", "Precedence: bulk\nIn-Reply-To: <given-by-a-provider@mx.example>\nSubject: Re: How was it?\n",
		"X-Auto-Response-Suppress: DR, OOF, AutoReply\nSubject: Re: How was it?\n",
		"Subject: Re: On holiday: your order is ready\n", "Subject: AW: Auto: jetzt Reifen wechseln\n", "Subject: Abwesend? Wir liefern trotzdem\n", "Subject: В отпуске? Скидки для вас\n", "Subject: OOO-fficial launch\n",
		"Subject: I am away from Tuesday, why was it delivered then?\n", "Subject: Nicht im Büro abgegeben! Paket fehlt\n", "Subject: Reading lamp is broken\n",
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

// Who looks after mail, or cannot be answered, may still answer us. A daemon, and what
// has no sender, is a machine whatever it refers to.
func TestPeopleAnswerByNamesOfMachines(t *testing.T) {
	for _, c := range []struct {
		name, header, words string
		kind                channels.ReportKind
	}{
		{"postmaster", "In-Reply-To: <" + messageID + ">\n", "My parcel could not be delivered, call me", channels.ReportReplied},
		{"no-reply", "References: <" + messageID + ">\n", "My parcel does not exist, says DHL", channels.ReportReplied},
		{"no-reply", "", "Thank you for your letter", channels.ReportAutoReplied},
		{"postmaster", "Return-Path: <>\nIn-Reply-To: <" + messageID + ">\n", "We scanned your letter", channels.ReportAutoReplied},
		{"mailer-daemon", "In-Reply-To: <" + messageID + ">\n", "We scanned your letter", channels.ReportAutoReplied},
		{"postmaster", "", "Ann is a user unknown here", channels.ReportBounced},
		{"postmaster", "Subject: Undeliverable: x\nIn-Reply-To: <" + messageID + ">\n", "550 5.1.1 user unknown", channels.ReportBounced},
	} {
		message := crlf(c.header + "From: " + c.name + "@home.example\nSubject: Re: How was it?\n\n" + c.words) // of two subjects the first counts
		reports, err := inbound.Raw{Ours: house{}}.Reports(channels.Callback{Body: []byte("Delivered-To: " + replyBox + "\r\n" + message), ReceivedAt: arrived})
		if err != nil || len(reports) != 1 || reports[0].Kind != c.kind {
			t.Errorf("%s, %s: %+v, %v", c.name, c.header, reports, err)
		}
	}
}

// What only a subject says of a machine is told apart: it may be our own.
func TestWhatOnlyTheSubjectTellsIsMarked(t *testing.T) {
	for header, bySubject := range map[string]bool{"": true, "Auto-Submitted: auto-replied\n": false} {
		got := one(t, replyBox, crlf("From: ann@home.example\n"+header+"Subject: Automatic reply: x\n\nhello"))
		if got.Kind != channels.ReportAutoReplied || got.Letter.BySubject != bySubject {
			t.Errorf("%q: %+v", header, got.Letter)
		}
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

// A message that is still tried has not come back, also where nothing but words says so.
func TestDelaysAreNoFailures(t *testing.T) {
	for name, c := range map[string]struct {
		message string
		kind    channels.ReportKind
	}{
		"Exim": {`
From: Mail Delivery System <Mailer-Daemon@mx.example>
Subject: Warning: message 1abc-2 delayed 24 hours

A message that you sent has not yet been delivered to one or more of its recipients.

  ann@home.example
    Delay reason: host mx.home.example: 451 4.3.0 mailbox unavailable

No action is required on your part. Delivery attempts will continue for some time.
`, channels.ReportDeferred},
		"Gmail": {`
From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>
Subject: Delivery Status Notification (Delay)

** Delivery incomplete **

There was a temporary problem delivering your message to ann@home.example. Gmail will retry for 46 more hours.
`, channels.ReportDeferred},
		"Exchange": {`
From: postmaster@home.example
Subject: Delivery delayed: How was it?

Delivery to these recipients or groups is taking longer than expected.
`, channels.ReportDeferred},
		"Postfix, its part lost": {`
From: MAILER-DAEMON@mx.example
Subject: Delayed Mail (still being retried)
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

Your message could not be delivered for more than 4 hours. It
will be retried until it is 5 days old.
--B--
`, channels.ReportDeferred},
		"wrapped words": {`
From: MAILER-DAEMON@mx.example
Subject: About your message

It has not yet been
delivered.
`, channels.ReportDeferred},
		"Gmail, for good": {`
From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>
Subject: Delivery Status Notification (Failure)

Your message wasn't delivered to ann@home.example because the address couldn't be found.
The response was: 550 5.1.1 The email account that you tried to reach does not exist.
`, channels.ReportBounced},
		"our own words": {`
From: MAILER-DAEMON@mx.example
Subject: Undelivered Mail Returned to Sender

<ann@home.example>: 550 5.1.1 user unknown

Subject: Your order has not yet been delivered, we will retry on Monday
`, channels.ReportBounced},
	} {
		got := one(t, bounceBox, crlf(c.message))
		if got.Kind != c.kind || got.Delivery != 812 || got.Suppress != (c.kind == channels.ReportBounced) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := one(t, replyBox, crlf("From: ann@home.example\nSubject: Delivery delayed\n\nMy sofa has not yet been delivered")); got.Kind != channels.ReportReplied {
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
		"abuse": channels.ReportComplained, "Fraud": channels.ReportComplained, "miscategorized": channels.ReportComplained, "other": channels.ReportComplained, "opt-out": channels.ReportUnsubscribed,
	} {
		got := one(t, "fbl@shop.example", crlf(replace(abuse, "TYPE", kind)))
		if got.Kind != want || got.Delivery != 812 || got.From != "ann@home.example" || got.Suppress != (want == channels.ReportComplained) {
			t.Errorf("%s: %+v", kind, got)
		}
	}
	for _, nothing := range []string{
		replace(abuse, "TYPE", "not-spam"), replace(abuse, "TYPE", "auth-failure\nAuth-Failure: dmarc"), replace(abuse, "TYPE", "dkim"), replace(abuse, "TYPE", "virus"), replace(abuse, "TYPE", "abuse", "m812@", "m813@"),
	} {
		if got := read(t, "fbl@shop.example", crlf(nothing)); len(got) != 0 {
			t.Errorf("got %+v", got)
		}
	}
}
