package campaigns

import (
	"cmp"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// Reason is a word the ledger gives for a message that did not come to its
// customer: what it means to somebody who does not know the word, and what can
// be done.
type Reason struct{ Word, Meaning, Advice string }

// Waits reports whether a message is held for this reason, up to its expires,
// before it is skipped with it.
func (r Reason) Waits() bool { return waits(deliveries.SkipReason(r.Word)) }

// SkipReasons lists why a customer who belonged was not contacted. The list is
// closed.
func SkipReasons() []Reason {
	return []Reason{
		{string(deliveries.NoAddress), "nothing is known to reach the customer at", "add the address to the profile, or ask by several channels"},
		{string(deliveries.InvalidAddress), "the address cannot exist, or is a number nobody should be made to pay for", "correct it in the profile"},
		{string(deliveries.Suppressed), "the address is blocked after an opt-out, a bounce or a complaint", "nothing: only the customer can take that back"},
		{string(deliveries.NoConsent), "the customer has not agreed to this topic on this channel", "ask for consent where the customer signs up, or on the preferences page"},
		{string(deliveries.SaidNo), "the customer unsubscribed from another message of this journey, or reported it as spam", "nothing: messages of other campaigns may go to them by this channel"},
		{string(deliveries.CountryNotAllowed), "nothing may be sent to that country on this channel", "list the country under contact: countries in rapport.yaml, if you may write there"},
		{string(deliveries.QuietHoursExpired), "contact hours did not open in time", "allow more hours, or a longer expires"},
		{string(deliveries.Capped), "the customer has been contacted as often as the policy allows", "raise the cap, or give the campaign a higher priority"},
		{string(deliveries.LowerPriority), "a more important message took its place", "raise this campaign's priority, or give the step a longer expires"},
		{string(deliveries.OverBudget), "the budget is used up", "raise it, or spread the campaign over more days"},
		{string(deliveries.PausedCampaign), "the campaign is paused", "set it live again"},
		{string(deliveries.Holdout), "the customer belongs to the share that is never contacted", "nothing: they show what would have happened without the campaign"},
		{string(deliveries.Exited), "the journey was over before the message could leave", "nothing: an exit did what it says"},
		{string(deliveries.NotInAudience), "the customer does not belong to the audience", "look at the campaign's audience"},
		{string(deliveries.DuplicatePerson), "another profile of the same person was contacted", "join the profiles"},
		{string(deliveries.TestMode), "the operator lets messages leave to test addresses only", "nothing while trying out; the operator ends it with test_mode: false"},
	}
}

// FailureReasons lists why a message failed, as far as the words are ours;
// providers have codes of their own beside them.
func FailureReasons() []Reason {
	return []Reason{
		{"no_answer", "nobody picked up", "let the step call again: retry"},
		{"busy", "the line was busy", "let the step call again: retry"},
		{channels.ReasonMachine, "an answering machine picked up", "let the step call again, or say what to leave: voicemail in the script"},
		{channels.ReasonVoicemail, "a message was left on an answering machine, which answers no question", "nothing: the next channel of the step is tried"},
		{channels.ReasonFax, "a fax machine picked up", "correct the number in the profile"},
		{deliveries.NotRendered, "the template names something the customer does not have", "give the field a default: {{ customer.first_name | default: 'friend' }}"},
		{deliveries.NotJudged, "a mistake in the program kept it from being judged until it expired", "tell the operator: the log names the mistake"},
		{channels.BounceHard, "the mailbox does not exist", "ask the customer for another address by another channel"},
		{channels.BounceSoft, "the mailbox did not take it for now", "nothing: the next message may pass; after five in a row the address is suppressed"},
		{channels.ReasonNotTheirs, "whoever has the address says they are not the customer", "ask the customer for the right address by another channel"},
		{channels.ReasonOptedOut, "the customer has asked not to be contacted by this channel", "nothing: only the customer can take that back"},
		{channels.ReasonComplained, "the customer has reported a message as spam", "nothing: they are not written to again"},
		{channels.ReasonRejected, "the provider did not accept the message", "look at what the provider says of it"},
		{channels.ReasonTooLarge, "the message is longer than the channel takes", "shorten the template"},
		{channels.ReasonGone, "the browser has given up its subscription", "nothing: the page subscribes again on the next visit"},
		{deliveries.ProviderUnavailable, "the provider could not be reached in time", "nothing now; allow a longer expires if it happens often"},
		{deliveries.ProviderDown, "the provider does not answer and is not tried until it does", "nothing: the message leaves as soon as the provider is up; `rapport channels` tells how it does"},
		{deliveries.AccountRefused, "the provider refuses the account", "correct its keys in the operator's configuration, or look at the account's standing"},
		{deliveries.GivenUp, "nobody knows whether it was sent, and an operator took it for not sent", "nothing: what the provider reports later counts all the same"},
		{"unreachable", "the phone was off or out of reach", "nothing: the next message may pass"},
		{"busy_network", "the network was too busy", "nothing: the next message may pass"},
		{"carrier_limit", "the network takes no more from this sender for now", "spread the campaign over more days, or raise the sender's limit with the provider"},
		{"sender_refused", "the provider may not send there from this sender", "register the sender with the provider, or name another for the country: senders in rapport.yaml"},
		{channels.BounceBlocked, "the customer, their network or their mailbox blocks the sender", "write less often and what readers wait for, by another channel, and look at what servers say of your domain"},
		{"filtered", "the network took it for spam", "say who you are, and write fewer links"},
		{string(deliveries.Failed), "the provider gave the message up and said no reason", "look at what the provider's own log says of it"},
		{string(deliveries.Bounced), "the message came back without a reason", "look at what the provider's own log says of it"},
		{string(deliveries.Expired), "the message was given up before it was handed over", "allow a longer expires if it happens often"},
	}
}

// otherReasons are why a message waits or is in doubt, and why an address is blocked
// that no message failed at.
func otherReasons() []Reason {
	return []Reason{
		{deliveries.RateLimit, "its sender may send no faster", "nothing: it leaves in its turn"},
		{deliveries.NoAnswerFromProvider, "the provider was asked and did not answer", "nothing for now: what the provider tells later decides; `rapport doubts` lists it"},
		{deliveries.WorkerLost, "the program ended while it was being sent", "nothing for now: what the provider tells later decides; `rapport doubts` lists it"},
		{customers.SoftBounces, "the mailbox took none of several messages in a row", "ask the customer for another address by another channel"},
		{customers.Erased, "the customer was erased, and is kept unwritten to", "nothing"},
	}
}

// ReasonMeaning is what a reason means; "" for a word that is not ours.
func ReasonMeaning(word string) string {
	for _, reasons := range [][]Reason{SkipReasons(), FailureReasons(), otherReasons()} {
		for _, reason := range reasons {
			if reason.Word == word {
				return reason.Meaning
			}
		}
	}
	return ""
}

// WaitsFor is what a message waits for that is held for a reason; "" where that says
// nothing.
func WaitsFor(word string) string {
	if word == string(deliveries.QuietHoursExpired) {
		return "contact hours"
	}
	return cmp.Or(ReasonMeaning(word), word)
}

// ReasonWords is a reason with what it means to somebody who does not know the word;
// a word that is not ours stands alone.
func ReasonWords(word string) string {
	if meaning := ReasonMeaning(word); meaning != "" {
		return word + ": " + meaning
	}
	return word
}

// StandingWords is how a message of a conversation stands, in words: until when it waits and
// for what, or what became of it and why. at tells moments.
func StandingWords(l customers.Line, now time.Time, at func(time.Time) string) string {
	switch {
	case !l.Until.IsZero() && !now.Before(l.Until):
		return "leaves now"
	case !l.Until.IsZero():
		words := "waits until " + at(l.Until)
		if what := WaitsFor(l.Reason); what != "" {
			words += ": " + what
		}
		return words
	case l.Reason != "":
		return l.Status + " (" + ReasonWords(l.Reason) + ")"
	}
	return l.Status
}
