package email

import (
	"net/mail"
	"regexp"
	"testing"

	"rapport/trust/bounds"
)

// FuzzMailbox holds that mailboxes are read as the library reads them.
func FuzzMailbox(f *testing.F) {
	for _, text := range []string{
		"a@b.c", "Shop <a@b.c>", `"Shop of A" <a@b.c>`, "a.@b.c", ".a@b", "a@b@c", `"a"@b`, " <a@b>", `"" <a@b>`, `"a <b" <c@d>`, "A  B <a@b>", "A <a@b> ", "a..b@c", "=?utf-8?q?a?= <a@b>", "ä@b.c",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		defer bounds.Watch(t)()
		got, err := parse(text)
		want, failed := mail.ParseAddress(text)
		if (err == nil) != (failed == nil) || err == nil && *got != *want {
			t.Errorf("%q is %v, %v; want %v, %v", text, got, err, want, failed)
		}
		if isDotAtom(text) && (failed != nil || want.Address != text) {
			t.Errorf("%q is no mailbox", text)
		}
	})
}

// FuzzIDs holds the forms of ids against how RFCs write them.
func FuzzIDs(f *testing.F) {
	message := regexp.MustCompile(`^[!#-'*+\-./-9=?A-Z^-~]{1,300}@[!-;=?-~]{1,300}$`)
	list := regexp.MustCompile(`^([^<>\r\n\x00"\\]{0,200} )?<[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])>$`)
	feedback := regexp.MustCompile(`^[!-9;-~]{0,80}(:[!-9;-~]{0,80}){3}$`)
	for _, text := range []string{"a@b", "a@b@c", "a:b@c", "Offers <a.b>", "<ab>", " <ab>", "<a>", "<-a>", "a:b:c:d", ":::", "a b:c:d:e", "é <ab>", "a@[1.2.3.4]", `a\b@c`, "a<b@c"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		defer bounds.Watch(t)()
		for name, is := range map[string][2]bool{
			"message": {isMessageID(text), message.MatchString(text)}, "list": {isListID(text), list.MatchString(text)}, "feedback": {isFeedbackID(text), feedback.MatchString(text)},
		} {
			if is[0] != is[1] {
				t.Errorf("%q is a %s id: %v", text, name, is[0])
			}
		}
	})
}
