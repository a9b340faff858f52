// Package twilio owns what texts and calls through Twilio have in common: the
// account and its client, the proof that a callback is Twilio's, the meaning of
// its error codes, and the search for a message whose fate is not known.
//
// It is a provider's account, not a channel: what is sent and what a callback
// says belong to channels/sms and channels/call.
package twilio
