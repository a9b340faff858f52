// Package intake owns the reading of other people's files: customers, orders
// and products as CSV, TSV or NDJSON, plain or gzipped, in whatever encoding
// and date format they come.
//
// A file is streamed, never held: first to learn its encoding, then its
// columns, the order of its dates and the decimals of its amounts, then to take
// its rows. Whatever cannot be taken is reported with its line, column and
// reason, and the rest is taken. Writing is the registry's.
package intake
