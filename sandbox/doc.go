// Package sandbox owns the stand-ins for the providers Rapport sends through,
// SendGrid, Twilio and a web push service, and the customers simulated behind
// them.
//
// It speaks the providers' own HTTP: it validates, refuses and accepts as they
// do, signs its callbacks as they do, and can be told to fail as they do. What
// it accepts it writes down before it answers (Accepted), which makes its log
// the outside truth a run is judged by. Customers open, click, answer, complain
// and hang up by a seeded behaviour: the same seed gives the same outcomes
// whatever the concurrency. Time is injected, and nothing happens by itself
// unless Run is used.
//
// It does not own the clients that speak to the providers (channels/*), the
// reading of callbacks (webhooks, campaigns) or any record of what was sent
// (deliveries). It contacts nothing but the configured public URL, and that
// only on the loopback interface.
package sandbox
