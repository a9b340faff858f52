// Package templates owns what marketers write as the words of a message: it
// turns files into a checked library and renders them for one customer.
//
// It does not own who gets a message or how it is delivered. Of ours it knows
// only channels, whose content it fills.
package templates
