// Package trust shows that nothing is lost and nothing is doubled: it runs the
// built program as real processes, breaks what it stands on, and judges by the
// sandbox's list of accepted messages, the outside truth, joined with the
// ledger. A row is one fault and what must hold under it; a broken build is the
// program with one safeguard taken out, which must turn a named row red.
//
// It owns the faults, the rig they happen to and the judge. It owns nothing of
// the product, and nothing of the product knows it. docs/operations/trust.md
// says how it is run.
package trust
