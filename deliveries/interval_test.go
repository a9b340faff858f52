package deliveries

import (
	"fmt"
	"math"
	"testing"
)

// The examples of Newcombe 1998, Statistics in Medicine 17, 857-872, table I,
// method 3.
func TestWilsonIntervalsAreThePublishedOnes(t *testing.T) {
	for _, c := range []struct {
		part, whole int64
		want        Interval
	}{
		{81, 263, Interval{0.2553, 0.3662}},
		{15, 148, Interval{0.0624, 0.1605}},
		{0, 20, Interval{0, 0.1611}},
		{1, 29, Interval{0.0061, 0.1718}},
		{20, 20, Interval{1 - 0.1611, 1}},
		{0, 0, Interval{0, 1}},
	} {
		near(t, fmt.Sprintf("%d of %d", c.part, c.whole), Wilson(c.part, c.whole), c.want)
	}
}

// The examples of Newcombe 1998, Statistics in Medicine 17, 873-890, table II,
// method 10.
func TestNewcombeIntervalsAreThePublishedOnes(t *testing.T) {
	for _, c := range []struct {
		part1, whole1, part2, whole2 int64
		want                         Interval
	}{
		{56, 70, 48, 80, Interval{0.0524, 0.3339}},
		{9, 10, 3, 10, Interval{0.1705, 0.8090}},
		{6, 7, 2, 7, Interval{0.0582, 0.8062}},
		{5, 56, 0, 29, Interval{-0.0381, 0.1926}},
		{0, 10, 0, 20, Interval{-0.1611, 0.2775}},
		{0, 10, 0, 10, Interval{-0.2775, 0.2775}},
		{10, 10, 0, 20, Interval{0.6791, 1}},
		{10, 10, 0, 10, Interval{0.6075, 1}},
		{3, 10, 0, 0, Interval{-1, 1}},
	} {
		near(t, fmt.Sprintf("%d/%d - %d/%d", c.part1, c.whole1, c.part2, c.whole2),
			Newcombe(c.part1, c.whole1, c.part2, c.whole2), c.want)
	}
}

func near(t *testing.T, what string, got, want Interval) {
	t.Helper()
	const digits = 0.00005 // the tables have four
	if math.Abs(got.Low-want.Low) > digits || math.Abs(got.High-want.High) > digits {
		t.Errorf("%s: %.4f to %.4f, want %.4f to %.4f", what, got.Low, got.High, want.Low, want.High)
	}
}

func TestAnIntervalReadsInPerCent(t *testing.T) {
	if got := (Interval{-0.0001, 0.1605}).String(); got != "0.0% to 16.1%" {
		t.Error(got)
	}
}
