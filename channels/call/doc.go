// Package call owns phone calls: placing them with a provider, telling the
// provider turn by turn what to say and ask, and what its callbacks say.
//
// It does not own what an answer means (campaigns) or what a call says
// (templates). Twilio's account, client and signatures are in channels/twilio.
package call
