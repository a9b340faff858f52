package deliveries_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/trust/bounds"
)

var (
	oldKey = []byte("0123456789abcdef0123456789abcdef")
	newKey = []byte("fedcba9876543210fedcba9876543210")
)

var purposes = []deliveries.Purpose{
	deliveries.ClickLink, deliveries.OpenPixel, deliveries.Unsubscribe,
	deliveries.CallScript, deliveries.Survey, deliveries.StatusOf, deliveries.Preferences, deliveries.NotMe,
}

func TestATokenOpensForItsPurposeOnly(t *testing.T) {
	signer := deliveries.NewSigner(oldKey)
	rapid.Check(t, func(t *rapid.T) {
		token := deliveries.Token{
			Purpose:  rapid.SampledFrom(purposes).Draw(t, "purpose"),
			Delivery: rapid.Int64Min(0).Draw(t, "delivery"),
			Number:   rapid.Int64Min(0).Draw(t, "number"),
		}
		text := signer.Sign(token)
		for _, purpose := range purposes {
			opened, err := signer.Open(purpose, text)
			if purpose == token.Purpose && (err != nil || opened != token) {
				t.Fatalf("%+v opened as %+v, %v", token, opened, err)
			}
			if purpose != token.Purpose && !errors.Is(err, deliveries.ErrToken) {
				t.Fatalf("a token for %c opened for %c", token.Purpose, purpose)
			}
		}
	})
}

func TestAnAlteredTokenIsRefused(t *testing.T) {
	signer := deliveries.NewSigner(oldKey)
	text := signer.Sign(deliveries.Token{Purpose: deliveries.Unsubscribe, Delivery: 812})
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := range text {
		for _, letter := range alphabet {
			altered := text[:i] + string(letter) + text[i+1:]
			if altered == text {
				continue
			}
			if token, err := signer.Open(deliveries.Unsubscribe, altered); !errors.Is(err, deliveries.ErrToken) {
				t.Fatalf("%s opened as %+v", altered, token)
			}
		}
	}
	for _, made := range []string{"", "u", text[:len(text)-1], text + "A", text + "=", " " + text} {
		if _, err := signer.Open(deliveries.Unsubscribe, made); !errors.Is(err, deliveries.ErrToken) {
			t.Errorf("%q was opened", made)
		}
	}
}

func TestKeysRotate(t *testing.T) {
	token := deliveries.Token{Purpose: deliveries.Survey, Delivery: 1, Number: 2}
	before := deliveries.NewSigner(oldKey)
	during := deliveries.NewSigner(newKey, oldKey)
	after := deliveries.NewSigner(newKey)
	if _, err := during.Open(deliveries.Survey, before.Sign(token)); err != nil {
		t.Error("during the rotation an old token does not open")
	}
	if _, err := after.Open(deliveries.Survey, during.Sign(token)); err != nil {
		t.Error("during the rotation tokens are not signed with the new key")
	}
	if _, err := after.Open(deliveries.Survey, before.Sign(token)); err == nil {
		t.Error("after the rotation an old token still opens")
	}
	if _, err := (deliveries.Signer{}).Open(deliveries.Survey, before.Sign(token)); err == nil {
		t.Error("without a key a token opens")
	}
}

func FuzzOpen(f *testing.F) {
	signer := deliveries.NewSigner(oldKey)
	genuine := signer.Sign(deliveries.Token{Purpose: deliveries.ClickLink, Delivery: 7, Number: 3})
	f.Add(genuine)
	f.Add(deliveries.NewSigner(newKey).Sign(deliveries.Token{Purpose: deliveries.Unsubscribe, Delivery: 7}))
	f.Add("")
	f.Add("Yw")
	f.Fuzz(func(t *testing.T, text string) {
		defer bounds.Watch(t)()
		for _, purpose := range purposes {
			if _, err := signer.Open(purpose, text); err == nil && text != genuine {
				t.Errorf("%q opened for %c", text, purpose)
			}
		}
	})
}

// FuzzDoors holds that no URL, mailbox or message id that we did not write names a
// delivery.
func FuzzDoors(f *testing.F) {
	doors := deliveries.Addresses{Base: "https://news.shop.example", Mail: "in.shop.example", Signer: deliveries.NewSigner(oldKey)}
	outlet := deliveries.Outlet{Channel: channels.SMS, Provider: "twilio"}
	for _, genuine := range []string{
		doors.Click(7, 3), doors.Unsubscribe(7), doors.NotMe(7, "ann@shop.example"), doors.Status(outlet, 7, 1), doors.Script(outlet, 7, 1),
		doors.Box(channels.MailReply, 7), doors.Box(channels.MailStop, 7), "<" + doors.MessageID(7) + ">",
	} {
		f.Add(genuine)
		f.Add(genuine[:len(genuine)-1])
	}
	f.Fuzz(func(t *testing.T, text string) {
		defer bounds.Watch(t)()
		if token, known := doors.Named(text); known && token.Delivery != 7 {
			t.Errorf("%q names %+v", text, token)
		}
		if box, known := doors.Mailbox(text); known && box.Delivery != 7 {
			t.Errorf("%q is the mailbox %+v", text, box)
		}
		if delivery := doors.DeliveryOf(text); delivery != 0 && delivery != 7 {
			t.Errorf("%q is the message id of %d", text, delivery)
		}
	})
}
