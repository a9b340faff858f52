// Package webhooks owns the public doors: the callbacks of providers, the
// events shops send, and the links customers follow.
//
// A door verifies, makes durable, and answers; what a callback means is decided
// later by workers and campaigns. No door believes the Host header, and no GET
// changes what a customer wants.
package webhooks
