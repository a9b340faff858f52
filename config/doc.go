// Package config owns the operator's file: what can be set, what holds when
// nothing is set, and whether what was set makes sense.
//
// What marketers write is campaigns'; a provider's section is kept as it was
// written and decoded by the channel that owns it. Of ours it imports only what tells
// how far two words are apart.
package config
