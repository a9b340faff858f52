package customers

import (
	"strconv"
	"testing"
)

func TestPersonIsTheSameForTwoProfilesOfOneHuman(t *testing.T) {
	for name, pair := range map[string][2]Customer{
		"e-mail, whatever its case": {{ID: "1", Email: "Ann@Shop.example"}, {ID: "2", Email: " ann@shop.example", Phone: "+4930123"}},
		"phone, however written":    {{ID: "1", Phone: "+49 30 123-45"}, {ID: "2", Phone: "+493012345"}},
		"id":                        {{ID: "1"}, {ID: "1", FirstName: "Ann"}},
	} {
		if a, b := Person(pair[0]), Person(pair[1]); a != b || a == "" {
			t.Errorf("%s: %q and %q", name, a, b)
		}
	}
	if Person(Customer{ID: "1", Phone: "+4930123"}) == Person(Customer{ID: "2", Phone: "+4930124"}) {
		t.Error("two numbers are two people")
	}
}

func TestShardsAreStableAndEven(t *testing.T) {
	// FNV-1a of "a" is 0xe40c292c (draft-eastlake-fnv, test vectors).
	if got := Shard("a"); got != 0xe40c292c%Shards {
		t.Errorf("Shard(a) = %d", got)
	}
	counts := make([]int, Shards)
	const people = 100 * Shards
	for i := range people {
		counts[Shard("customer-"+strconv.Itoa(i))]++
	}
	for shard, n := range counts {
		if n < 40 || n > 180 {
			t.Errorf("shard %d holds %d of %d people, want about 100", shard, n, people)
		}
	}
}
