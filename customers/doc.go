// Package customers owns who the people are: their profile, addresses,
// consent, suppressions, orders, traits, the timeline of what happened between
// them and the shop, and the cases support keeps about them.
//
// It does not own what is sent to them (deliveries) or why (campaigns), nor
// how any of it is stored (store). Reading customer files is the work of its
// subpackage intake.
package customers
