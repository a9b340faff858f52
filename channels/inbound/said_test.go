package inbound_test

import (
	"strings"
	"testing"
)

// What is quoted and what signs is not what the customer says.
func TestOnlyOwnWordsAreTaken(t *testing.T) {
	for name, c := range map[string]struct{ body, says, below string }{
		"Gmail":           {"4\n\nOn Tue, 1 Dec 2026 at 13:00, Shop <hello@shop.example> wrote:\n\n> From 1 to 5?\n> Stop\n", "4", ""},
		"Gmail, wrapped":  {"late again\n\nOn Tue, 1 Dec 2026 at 13:00, A Very Long Shop's Name\n<reply-812@reply.shop.example> wrote:\n> Hello\n", "late again", ""},
		"no line between": {"late again\nOn Tue, 1 Dec 2026 at 13:00, Shop wrote:\n> Hello\n", "late again", ""},
		"wrapped early":   {"late again\n\nOn Tuesday, December 1,\n2026 at 13:00 Shop wrote:\n> Hello\n", "late again", ""},
		"below the quote": {"On Tue, 1 Dec 2026 at 13:00, Shop wrote:\n> From 1 to 5?\n\nfour\n-- \nAnn Miller\nHome Ltd", "four", ""},
		"between":         {"> Did it arrive?\nyes\n> Was it whole?\nno, broken", "yes\nno, broken", ""},
		"Apple, German":   {"Alles gut.\n\nVon meinem iPhone gesendet\n\n> Am 01.12.2026 um 13:00 schrieb Shop <hello@shop.example>:\n> \n> Hallo", "Alles gut.", ""},
		"German":          {"Danke!\n\nAm Di., 1. Dez. 2026 um 13:00 Uhr schrieb Shop <hello@shop.example>:\n\n> Hallo", "Danke!", ""},
		"French":          {"4\n\nLe mar. 1 déc. 2026 à 13:00, Shop <hello@shop.example> a écrit :\n> Bonjour", "4", ""},
		"Russian":         {"четыре\n\nвт, 1 дек. 2026 г. в 13:00, Shop <hello@shop.example>:\nпишет:\n", "четыре\n\nвт, 1 дек. 2026 г. в 13:00, Shop <hello@shop.example>:\nпишет:", ""},
		"Mail.ru":         {"пять\n\nВторник, 1 декабря 2026, 13:00 +03:00 от Shop <hello@shop.example> написал:\n>Привет", "пять", ""},
		"Outlook":         {"It came late.\n\nFrom: Shop <hello@shop.example>\nSent: Tuesday, December 1, 2026 1:00 PM\nTo: Ann <ann@home.example>\nSubject: How was it?\n\nFrom 1 to 5?", "It came late.", ""},
		"Outlook, German": {"Kam zu spät.\n\n________________________________\nVon: Shop <hello@shop.example>\nGesendet: Dienstag, 1. Dezember 2026 13:00\nAn: Ann\nBetreff: Wie war es?\n\nHallo", "Kam zu spät.", ""},
		"rule and line":   {"Zu spät.\n\n________________________________\n\nVon: Shop <hello@shop.example>\nGesendet: Dienstag\nAn: Ann\n\nHallo", "Zu spät.", ""},
		"a rule is none":  {"one\n____________________\n\n____________________\ntwo", "one\n____________________\n\n____________________\ntwo", ""},
		"two rules":       {"no\n____________________\n____________________\n-----Original Message-----\nhello", "no\n____________________", ""},
		"original":        {"no\n\n-----Original Message-----\nFrom: Shop\nhello", "no", ""},
		"below another":   {"-----Original Message-----\nFrom: Shop\nSubject: Hello\n\nFrom 1 to 5?\n\n\n\nIt never came\n", "", "-----Original Message-----\nFrom: Shop\nSubject: Hello\n\nFrom 1 to 5?\n\nIt never came"},
		"below Outlook's": {"\nFrom: Shop <hello@shop.example>\nSent: Tuesday\nTo: Ann\n\nFrom 1 to 5?\n> a quote\nIt never came", "", "From: Shop <hello@shop.example>\nSent: Tuesday\nTo: Ann\n\nFrom 1 to 5?\nIt never came"},
		"below who wrote": {"On Tuesday, December 1,\n2026 at 13:00 Shop wrote:\n\nFrom 1 to 5?\n\nIt never came", "", "On Tuesday, December 1,\n2026 at 13:00 Shop wrote:\n\nFrom 1 to 5?\n\nIt never came"},
		"above and below": {"no\n-----Original Message-----\nFrom: Shop\n\nFrom 1 to 5?\n\nIt never came", "no", ""},
		"a colon below":   {"-----Original Message-----\nFrom: Shop\n\nAnswer: it never came", "", "-----Original Message-----\nFrom: Shop\n\nAnswer: it never came"},
		"only a head":     {"-----Original Message-----\nFrom: Shop\nSent: Tuesday\nSubject: Hello\n\n> From 1 to 5?", "", ""},
		"only who wrote":  {"On Tuesday, December 1,\n2026 at 13:00 Shop wrote:\n", "", ""},
		"a telephone":     {"great\n\nSent from my iPhone", "great", ""},
		"a signature":     {"great\n\n-- \nAnn Miller\nCEO, stop the world", "great", ""},
		"a colon is none": {"Two things:\nit came late\nit was broken", "Two things:\nit came late\nit was broken", ""},
		"a date is none":  {"Ordered on 1 Dec 2026 10:00, please say when:\nAnn", "Ordered on 1 Dec 2026 10:00, please say when:\nAnn", ""},
		"from is none":    {"From: my side all is well\nthank you", "From: my side all is well\nthank you", ""},
		"only a quote":    {"> From 1 to 5?\n", "", ""},
		"Windows breaks":  {"4\r\n\r\nOn Tue, 1 Dec 2026 at 13:00, Shop wrote:\r\n> x", "4", ""},
	} {
		got := reply(t, "Content-Type: text/plain; charset=utf-8\n", c.body)
		if got.Text != c.says || got.Letter.Below != c.below {
			t.Errorf("%s: %q and below %q, want %q and %q", name, got.Text, got.Letter.Below, c.says, c.below)
		}
	}
}

func TestQuotesInHTMLAreCutOff(t *testing.T) {
	for name, html := range map[string]string{
		"Gmail":   `<div dir="ltr">4</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Tue, Shop wrote:<br></div><blockquote class="gmail_quote"><div>From 1 to 5?</div></blockquote></div>`,
		"Apple":   `<html><body>4<div><br><blockquote type="cite"><div>On 1 Dec 2026, at 13:00, Shop wrote:</div><div>From 1 to 5?</div></blockquote></div></body></html>`,
		"Outlook": `<div>4</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> Shop<br><b>Sent:</b> Tuesday<br></div><div>From 1 to 5?</div>`,
		"Yahoo":   `<div>4</div><div id="x" class="yahoo_quoted"><div>On Tue<div>From 1 to 5?</div></div></div>`,
		"Thunder": `<p>4</p><div class="moz-cite-prefix">Am 01.12.26 um 13:00 schrieb Shop:<br></div><blockquote type="cite"><p>From 1 to 5?</p></blockquote>`,
	} {
		if got := text(t, "Content-Type: text/html; charset=utf-8\n", html); got != "4" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestAMessageWithoutEndIsCutForTheTimeline(t *testing.T) {
	if got := text(t, "", strings.Repeat("word ", 10_000)); len([]rune(got)) > 10_001 || !strings.HasSuffix(got, "…") {
		t.Errorf("%d characters", len([]rune(got)))
	}
}

// A letter takes time that grows with its length and no faster: lines that begin
// another letter are looked for behind one rule, not behind all that follow. If
// each line were compared with all below it, this test would take many minutes.
func TestALetterOfRulesIsReadInItsTurn(t *testing.T) {
	rules := strings.Repeat(strings.Repeat("_", 20)+"\n", 50_000)
	apart := strings.Repeat(strings.Repeat("_", 20)+"\n\n", 50_000)
	for _, body := range []string{rules, apart} {
		if got := text(t, "", "late\n"+body); !strings.HasPrefix(got, "late\n____") {
			t.Fatalf("%.40q", got)
		}
	}
}

// What stands far below is not searched, and no character is cut in two.
func TestTheEndOfAVeryLongLetterIsNotRead(t *testing.T) {
	for shift := range 2 {
		body := strings.Repeat("x", shift) + "\n" + strings.Repeat("> "+strings.Repeat("é", 50)+"\n", 2_000) + "stop\n"
		if got := text(t, "Content-Type: text/plain; charset=utf-8\n", body); got != strings.Repeat("x", shift) {
			t.Errorf("%.40q", got)
		}
	}
}
