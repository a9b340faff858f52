// Package console owns the pages for the people who run the shop: what became
// of the campaigns, which cases wait, and a customer's history with what can be
// done about it.
//
// It serves this machine alone and has no accounts. It decides nothing; what it
// shows and starts belongs to campaigns, deliveries and customers.
package console
