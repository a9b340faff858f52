package trust_test

import (
	"context"
	"os/exec"
	"regexp"
	"strconv"
)

// passes plays a test of one of the product's packages, for a row that needs no
// processes, and returns the numbers that a pattern finds in what it says.
func (t *trial) passes(pkg, test string, says *regexp.Regexp, flags ...string) (numbers []int) {
	t.Helper()
	args := append([]string{"test", "-count=1", "-timeout", "12h", "-v", "-run", test}, t.flags...)
	if *race {
		args = append(args, "-race")
	}
	out, err := exec.CommandContext(context.WithoutCancel(t.Context()), "go", append(append(args, pkg), flags...)...).CombinedOutput()
	if t.promise(err == nil, "%s of %s fails", test, pkg); err != nil {
		t.stories = string(out[max(0, len(out)-8<<10):])
		t.Log(t.stories)
	}
	for _, found := range says.FindAllSubmatch(out, -1) {
		n, err := strconv.Atoi(string(found[1]))
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, n)
	}
	return numbers
}
