package email

import (
	"regexp"
	"strings"

	"rapport/channels"
)

// BounceClass tells an address that does not exist (hard) from a mailbox that
// takes nothing for now (soft) and from a message or sender that was not wanted
// (blocked). It reads the enhanced status code of RFC 3463, or "", and what the
// receiving server said, which may hold a code of its own; SendGrid's events,
// the refusals of an SMTP server and delivery status notifications all come
// here. Words that name a reason win over a code that names none, and over the
// codes that servers are known to misuse. What nobody understands is hard where
// the code says for good, and soft otherwise.
func BounceClass(status, said string) string {
	said = strings.ToLower(said)
	if status = strings.TrimSpace(status); !specific(status) {
		if better := enhanced.FindString(said); better != "" && (status == "" || specific(better)) {
			status = better
		}
	}
	permanent := strings.HasPrefix(status, "5") || status == "" && refusal.MatchString(said)
	said = strings.Join(strings.Fields(said), " ")
	class, clear := byStatus(status)
	words := byWords(said)
	if words == "" && strings.Contains(said, rejected) {
		words = rejectedUnder(status, permanent)
	}
	switch {
	case clear && class != words && misused(status, words):
		return words
	case clear:
		return class
	case words == channels.BounceHard && !permanent:
		return channels.BounceSoft // "451 user unknown": ask again
	case words != "":
		return words
	case permanent && class == "":
		return channels.BounceHard
	}
	return channels.BounceSoft
}

var (
	enhanced = regexp.MustCompile(`\b[45]\.\d{1,3}\.\d{1,3}\b`)
	// refusal is a permanent one (RFC 5321 §4.2.1) where a line begins with it, or
	// what somebody is said to have answered. Other numbers are telephones.
	refusal = regexp.MustCompile(`(?m)(^|[:;'"(<[]|\b(error|code|said|returned|answered|was)) *5[0-5]\d([^\w\n]*$|[\s:.,)\]-]+(5[0-5]\d[\s-]+)?([^\s\d]|\d\S*@))`)
)

// specific reports whether a status names a reason: X.0.Y does not.
func specific(status string) bool {
	parts := strings.Split(status, ".")
	return len(parts) == 3 && parts[1] != "0"
}

// byStatus reads the codes of RFC 3463 §3 and its registry. clear is false
// where the code leaves the reason open.
func byStatus(status string) (class string, clear bool) {
	if !specific(status) {
		return "", false
	}
	detail := status[2:]
	if strings.HasPrefix(status, "5.") {
		switch detail {
		case "1.0", "1.1", "1.2", "1.3", "1.6", "1.10", "2.1", "7.13", "7.17", "7.18":
			return channels.BounceHard, true
		}
	}
	switch subject, _, _ := strings.Cut(detail, "."); {
	case subject == "7", subject == "6", detail == "1.7", detail == "1.8", detail == "1.9", detail == "2.3", detail == "3.4":
		return channels.BounceBlocked, true // security and policy, content, our own address, too large
	case subject == "2":
		return channels.BounceSoft, true
	}
	return channels.BounceSoft, false
}

// misused reports whether servers use a code for what the words say: nobody is
// there under a code of policy or routing (Exchange's 5.4.1 and 5.7.1), and a
// list of blocked senders under a code for an unknown mailbox.
func misused(status, words string) bool {
	switch words {
	case channels.BounceHard:
		return strings.HasPrefix(status, "5.7.") || strings.HasPrefix(status, "5.4.")
	case channels.BounceBlocked:
		return strings.HasPrefix(status, "5.1.") || strings.HasPrefix(status, "5.2.")
	}
	return false
}

// rejected is what servers say at RCPT whatever the reason is: Postfix begins
// every refusal with it that its policy makes there.
const rejected = "recipient address rejected"

// rejectedUnder is the class of a refusal that says no more than that: nobody is
// there under a code of addresses, or under the one that Exchange has for it.
func rejectedUnder(status string, permanent bool) string {
	switch {
	case strings.HasPrefix(status, "5.1."), status == "5.4.1":
		return channels.BounceHard
	case permanent:
		return channels.BounceBlocked
	}
	return ""
}

// byWords is the class that words of a server name; "" where they name none. A
// full mailbox is the clearest, then who does not want us or finds fault with our
// address, then who is not there.
func byWords(said string) string {
	for _, clue := range clues {
		for _, word := range clue.words {
			if strings.Contains(said, word) {
				return clue.class
			}
		}
	}
	return ""
}

var clues = []struct {
	class string
	words []string
}{
	{channels.BounceSoft, []string{
		"mailbox full", "mailbox is full", "mailbox has exceeded", "over quota", "overquota", "quota exceeded", "exceeded storage",
		"quota", "out of storage", "storage limit", "insufficient system storage", "insufficient disk", "inbox is full",
	}},
	{channels.BounceBlocked, []string{
		"spamhaus", "spamcop", "barracuda", "proofpoint", "blacklist", "black list", "blocklist", "block list", "blocked",
		"spam", "unsolicited", "reputation", "dmarc", "spf ", "spf:", "dkim", "not authorized", "unauthenticated", "banned", "reverse dns",
		"ptr record", "policy", "content rejected", "message rejected", "prohibited", "too many messages", "rate limit", "message size", "too large",
		"sender address", "sender domain", "domain of sender", "sender rejected", "sender verify", "verification failed for", // of us (Exim's callout)
	}},
	{channels.BounceHard, []string{
		"user unknown", "unknown user", "no such user", "unknown recipient", "no such recipient", "recipient unknown", "recipient not found",
		"recipientnotfound", "invalid recipient", "unknown address", "address unknown", "address not found",
		"unknown or illegal alias", "invalid mailbox", "no mailbox", "no such mailbox", "mailbox not found", "mailbox unavailable",
		"mailbox does not exist", "does not exist", "doesn't exist", "not exist", "not a valid user", "unrouteable address", "no such address",
		"no such person", "account disabled", "account is disabled", "account has been disabled", "account inactive", "inactive user",
		"user disabled", "not our customer", "host not found", "domain not found", "no such domain", "nxdomain", "null mx", "couldn't find any host",
	}},
	{channels.BounceSoft, []string{
		"temporar", "try again", "timed out", "timeout", "connection refused", "greylist", "graylist", "too busy", "deferred", "unavailable",
	}},
}
