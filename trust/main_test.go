package trust_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

// chosen reports whether a row is to be played.
func chosen(id string) bool {
	if *only == "" {
		return true
	}
	for name := range strings.SplitSeq(*only, ",") {
		if strings.EqualFold(strings.TrimSpace(name), id) {
			return true
		}
	}
	return false
}
