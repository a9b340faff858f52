// Package expressiontest owns generators for tests that compare the two ways of
// judging a condition: well-typed conditions as marketers could write them, and
// customers whose values meet them often, with much that is not known.
//
// It does not own the comparison, which needs a database (store).
package expressiontest
