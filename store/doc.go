// Package store owns the SQL: every table, every statement, and the only
// imports of a database driver. SQLite (embedded) and PostgreSQL (production)
// read the same statements. sqlite.go and postgres.go hold what the two are as
// databases, dialect.go how each says the same; a statement that only one of them
// has, or does well, stands beside the other's.
//
// A Store is all contracts of customers, deliveries, campaigns, accounts and
// recordings in one value. Where two contracts use one method name, or a name too
// short to stand alone, the second is handed out by a method named after it, such
// as Archive or Casebook.
//
// Two rules shape every file. Writes are set-based: many Go values travel as
// one relation (see rowset), never as a loop of statements. And what belongs
// together is one transaction: whoever sees the return of a write may rely on
// all of it being durable, whoever sees an error on none of it.
//
// The package does not own rules: it never decides who is contacted, when, or
// what a report means. It asks no clock of this machine's: every moment is handed in,
// but for what the database itself is asked (Clock).
package store
