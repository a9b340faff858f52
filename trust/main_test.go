package trust_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var (
	form = flag.String("form", "", "play the rows: quick, several at once, or full, one after the other in their whole size")
	seed = flag.Uint64("seed", 1, "what the sandbox and the rows choose by")
	only = flag.String("rows", "", "play only these rows, such as R1,R5")
	race = flag.Bool("detect", false, "build the program with the race detector; a row in which it sees a race fails")
)

// program is the built rapport that the rows start.
var program string

func TestMain(m *testing.M) {
	flag.Parse()
	if err := known(*only); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if *form == "" {
		os.Exit(m.Run())
	}
	os.Exit(withProgram(m.Run))
}

// withProgram builds the program for the time of a run.
func withProgram(run func() int) int {
	dir, err := os.MkdirTemp("", "rapport-trust-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir) // a temporary folder
	if program, err = build(filepath.Join(dir, "rapport")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return run()
}

// build makes the program at a path.
func build(path string, flags ...string) (string, error) {
	if *race {
		flags = append(flags, "-race")
	}
	args := append(append([]string{"build", "-o", path}, flags...), "rapport/cmd/rapport")
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
}

// named are the rows of a list such as "R1, R5".
func named(list string) (ids []string) {
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			ids = append(ids, strings.ToUpper(name))
		}
	}
	return ids
}

// known refuses a list that names a row there is not: a run that plays nothing
// would be green.
func known(list string) error {
	var ids []string
	for _, r := range rows {
		ids = append(ids, r.id)
	}
	for _, id := range named(list) {
		switch {
		case id == "F1":
			return errors.New("F1, the parsers, is no row: make fuzz plays it")
		case !slices.Contains(ids, id):
			return fmt.Errorf("there is no row %s; there are %s", id, strings.Join(ids, ", "))
		}
	}
	return nil
}

// chosen reports whether a row is to be played.
func chosen(id string) bool { return len(named(*only)) == 0 || slices.Contains(named(*only), id) }

// A name that is mistyped is an error and no green run.
func TestARowThereIsNotIsRefused(t *testing.T) {
	for list, says := range map[string]string{
		"": "", "R1": "", " r1 , F3": "", "R1,R99": "no row R99; there are R1, R2", "F1": "make fuzz",
	} {
		if err := known(list); says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("rows %q: %v, want %q", list, err, says)
		}
	}
}
