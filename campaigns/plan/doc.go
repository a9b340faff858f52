// Package plan owns what a campaign would do if it ran at an instant: who would
// enter, whom their journeys would contact first, when, by which channel and
// words, at what cost, and who would not be reached and why.
//
// It walks the very rules that a real run walks (Advance, Judge, the words of
// templates) over what the store holds, in the order in which a run takes its
// customers, and sends and writes nothing. It does not read a database itself:
// store implements its Source.
package plan
