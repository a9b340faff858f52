// Package sms owns text messages: handing them to a provider and reading what
// its callbacks say.
//
// It does not own what a customer's words mean, opt-out words included
// (campaigns), or what may be sent to whom. Twilio's account, client and
// signatures are in channels/twilio.
package sms
