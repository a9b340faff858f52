package trust_test

import (
	"fmt"
	"regexp"

	"rapport/store/storetest"
)

// ledgerModel: whatever workers, providers and crashes do in whatever order, the
// ledger stands where the rules say. The stores' own test plays it, on both
// databases.
var ledgerModel = row{
	id: "F3", fault: "the ledger taken through random steps beside its model, on both databases", quick: 100, full: 10_000, of: "sequences",
	play: func(t *trial) {
		storetest.Postgres(t.T) // is wanted, or the row is skipped
		flags := []string{fmt.Sprintf("-rapid.checks=%d", t.size), fmt.Sprintf("-rapid.seed=%d", t.seed)}
		if t.full {
			flags = append(flags, "-rapid.steps=50")
		}
		passed := t.passes("rapport/store/storetest", "AgreesWithItsModel", regexp.MustCompile(`OK, passed (\d+) tests`), flags...)
		t.show("passed %v", passed)
		t.promise(len(passed) == 2 && passed[0] == t.size && passed[1] == t.size, "%v sequences were played, not %d on each database", passed, t.size)
	},
}
