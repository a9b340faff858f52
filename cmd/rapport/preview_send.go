package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/sandbox"
	"rapport/workers"
)

// testMark stands before what is sent as a test.
const testMark = "[Test] "

// sendTest sends previews to an address that the operator lists, through the
// configured provider or, without one, the sandbox. Nobody else hears of it.
func (o *options) sendTest(ctx context.Context, shop *campaigns.Workspace, written []preview, to string) error {
	c, log, err := o.load()
	if err != nil {
		return err
	}
	if !(workers.TestMode{Addresses: c.TestAddresses}).Lists(to) {
		return errors.New("--send-to: the address is not listed under test_addresses in the operator's configuration")
	}
	open, err := openProviders(c, now)
	if err != nil {
		return err
	}
	sent := false
	for i := range written {
		w := &written[i]
		if fits := strings.Contains(to, "@") == (w.Channel == channels.Email); !fits || w.Channel == channels.Call || w.Channel == channels.Push {
			continue
		}
		sender := open.Senders[w.Channel]
		if sender == nil {
			e, err := embed(ctx, o, c, now, sandbox.Behaviour{}, 1, log)
			if err != nil {
				return err
			}
			defer e.Close()
			sender, w.Simulated = e.Senders[w.Channel], true
		}
		if _, err := sender.Send(ctx, w.test(shop, to)); err != nil {
			return fmt.Errorf("send the test: %w", err)
		}
		w.SentTo, sent = to, true
	}
	if !sent {
		return errors.New("--send-to: e-mails go to a mailbox and texts to a number; the template has no words for this address. Calls and notifications cannot be tried this way")
	}
	return nil
}

// test is a preview as a message: of no delivery, without links of ours that do
// anything, and marked.
func (p preview) test(shop *campaigns.Workspace, to string) channels.Message {
	sender := shop.Senders[p.Channel]
	m := channels.Message{To: to, From: sender.From, ReplyTo: sender.ReplyTo, Locale: p.Locale, Attempt: 1}
	if mail := p.Content.Email; mail != nil {
		marked := *mail
		marked.Subject = testMark + marked.Subject
		m.Content.Email = &marked
	}
	if text := p.Content.SMS; text != nil {
		m.Content.SMS = &channels.SMSContent{Text: testMark + text.Text}
	}
	return m
}
