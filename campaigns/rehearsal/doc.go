// Package rehearsal plays campaigns in memory, on a virtual clock: for campaign
// tests, and to see beforehand what a campaign will do.
//
// It is production in miniature. What production's store and workers do with
// the answers of the rules (campaigns.Workspace, deliveries.Delivery), the world
// here does with the same answers, in the same order: events are reacted to,
// reports are read, audiences enter, journeys travel, deliveries are judged,
// written, begun, sent and settled. What happens where in production each file
// says. Nothing ticks: time jumps from one thing that is due to the next.
//
// It owns no rule. Nothing in it is sent to anybody or written anywhere.
package rehearsal
