// Package deliveries owns the ledger: one row for every message the program
// ever means to send, the states it may be in, and which moves between them
// are allowed.
//
// SQL is the truth and queues only hint, so every contract here speaks of
// batches, leases and fences. The package does not own the SQL (store), the
// order of the work (workers), or the rules that let a message go (campaigns).
package deliveries
