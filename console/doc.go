// Package console owns the pages for the people who run the shop: what became
// of the campaigns, which cases wait, and a customer's history with what can be
// done about it.
//
// Without an Entrance it serves this machine alone, whoever is at it. With one it
// serves people with an account, each by their role, and notes what they do. It
// decides nothing; what it shows and starts belongs to campaigns, deliveries,
// customers and accounts.
package console
