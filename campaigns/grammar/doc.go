// Package grammar describes the campaign language to editors and readers: every
// object of it with its keys in order, what may stand after each, what holds
// when a key is left out, and what it means. The JSON Schemas and the tables of
// docs/campaign-file.md come from it.
//
// It reads no files: package campaigns does, by hand, with better words for a
// mistake than a schema has. That both speak one language is held by the tests
// here, which drive the reader with what the grammar says: the keys it names,
// the values it takes and refuses, the defaults it has.
package grammar
