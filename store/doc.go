// Package store owns the SQL: every table, every statement, and the only
// imports of a database driver. SQLite (embedded) and PostgreSQL (production)
// read the same statements; sqlite.go and postgres.go hold what differs.
//
// A Store is all contracts of customers, deliveries and campaigns in one value.
// Where two contracts use one method name, or a name too short to stand alone,
// the second is handed out by a method named after it: Archive, Casebook,
// Responses, Runs, Summary.
//
// Two rules shape every file. Writes are set-based: many Go values travel as
// one relation (see rowset), never as a loop of statements. And what belongs
// together is one transaction: whoever sees the return of a write may rely on
// all of it being durable, whoever sees an error on none of it.
//
// The package does not own rules: it never decides who is contacted, when, or
// what a report means. It asks no clock; every moment is handed in.
package store
