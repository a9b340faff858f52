// Package campaigns owns the campaign language: a workspace of files and every
// mistake in them, who belongs to an audience, what the next step of a journey
// is, and whether a customer may be contacted now.
//
// Its rules are pure functions of values and a now. It does not own sending
// (workers), the ledger (deliveries), rendering (templates) or storage (store).
// Expressions, time zones and what customers mean by their words have subpackages.
package campaigns
