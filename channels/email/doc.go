// Package email owns handing e-mails to a provider and reading what the
// provider reports about them.
//
// It does not own what a message says (templates), our own click, open and
// unsubscribe links (webhooks), or what a report leads to (campaigns).
package email
