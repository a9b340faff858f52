// Package workers owns the order of the work: it moves due rows of the ledger
// through Asynq to the senders, walks journeys, reads what came back, and mends
// what a crash left behind. It is the only importer of hibiken/asynq.
//
// It decides nothing: whom to contact and what comes next is campaigns', what
// is true is the ledger's. Every task is a hint that may be lost, repeated or
// late; losing all of them costs time and never a message.
package workers
