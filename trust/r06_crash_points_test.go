package trust_test

import (
	"regexp"

	"rapport/store/storetest"
)

// crashPoints: where in a send a process dies decides what becomes of its message,
// and nothing else does. The workers' own test says itself where one dies.
var crashPoints = row{
	id: "R6", fault: "a process dies at each of 12 points of a send, by 4 channels, on both databases", quick: 96, full: 96, of: "crashes",
	play: func(t *trial) {
		storetest.Postgres(t.T) // is wanted, or the row is skipped
		cases := t.passes("rapport/workers", "CrashAtEachPoint", regexp.MustCompile(`(\d+) cases, each in its one expected state`))
		t.show("%d cases in their one expected state", cases)
		t.promise(len(cases) == 1 && cases[0] == t.size, "%v cases were played, not %d", cases, t.size)
	},
}
