// Package storetest owns the one conformance suite every database must pass,
// and the harness that gives a test a fresh store of each kind.
//
// It does not own tests of what only one database does; those stand in store.
package storetest
