// Package expression owns the conditions marketers write: parsing and checking
// them against the fields that exist, and judging them, either inside the
// database as SQL or in memory for one customer. The two always agree.
//
// It does not own where conditions stand in a file (campaigns) or how rows are
// read (store). The syntax is expr-lang's, whose parser is used; what the
// syntax means is decided here.
//
// # What is not known
//
// A field nobody filled in is not known, and so is an empty text, a zero time,
// the rank of somebody who never bought, and whatever is computed from
// something not known or by dividing by zero. nil is the word for it.
//
// The logic has two values. A comparison (< <= > >=, contains, matches, …) with
// something not known is false; == and != compare "not known" like any other
// value, so tier != "gold" holds for a customer without a tier. A trait that is
// true or false counts as false while it is not known.
//
// # Numbers
//
// Numbers are 64-bit floats in both worlds. So that neither overflows, a number
// beyond ±1e15, or closer to zero than 1e-15, is not known, and arithmetic that
// could leave the range of floats is a mistake found when it is compiled.
// % takes whole numbers and has the sign of its left side.
//
// # Times
//
// Times have milliseconds; dates are midnight UTC. Where a time is compared with
// a text, the text is a date ("2026-12-01"), a date and a time of day in UTC
// ("2026-12-01 10:00") or RFC 3339. days_since and hours_since count whole
// periods of 24 hours and one hour, rounded down: 0 for anything in the last
// day, -1 for anything in the next. days_to_anniversary counts dates: 0 on the
// day itself, which is the date in the zone of the moment of judging.
//
// # Text
//
// Text is compared byte by byte: upper and lower case differ. matches takes the
// part of RE2's syntax that means the same in PostgreSQL: not (?m), \b and \B, and
// counts only up to 250 characters; a dot also matches a line break.
package expression
