// Package channels owns what every way of reaching a customer has in common:
// the message a provider is handed, what may be known after handing it over,
// and the reports that come back.
//
// It does not own providers (one subpackage a channel, one file a provider),
// the decision whether a customer may be contacted (campaigns), or the record
// of what was sent (deliveries). It imports nothing of ours.
package channels
