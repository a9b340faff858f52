// Package templates owns what marketers write as the words of a message: it
// turns files into a checked library and renders them for one customer.
//
// Everything that can be done once is done by Load. Liquid tags are put aside
// (atoms.go) while the layout, MJML, Markdown and styles become one HTML
// document (compose.go); then each value's place in it decides how the value is
// escaped (html.go), and the text part is derived (text.go, typeset.go). What
// is left for each customer is to fill in Liquid, within limits (engine.go).
//
// A template can name customer, event, answers, brand, links and vars, and
// what it makes itself. check.go knows where a value may be absent; everywhere
// else its absence is an error that names it, never a blank.
//
// It does not own who gets a message or how it is delivered. Of ours it knows
// only channels, whose content it fills.
package templates
