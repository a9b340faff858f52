package deliveries

import (
	"fmt"
	"math"
)

// normal95 is the quantile of the standard normal distribution that leaves
// 2.5 % on each side.
const normal95 = 1.959963984540054

// Interval is what a figure measured on a sample may be in truth, with a
// confidence of 95 %.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// String writes an interval of shares in per cent, as people read it.
func (i Interval) String() string {
	return fmt.Sprintf("%s to %s", percent(i.Low), percent(i.High))
}

// percent writes a share with one digit after the point.
func percent(share float64) string {
	return fmt.Sprintf("%.1f%%", math.Round(share*1000)/10+0) // + 0: no minus before a nought
}

// Wilson is the score interval without continuity correction of a share, of
// which part of whole were seen (Wilson 1927; method 3 of Newcombe, Statistics
// in Medicine 17 (1998) 857-872). Nothing seen may be anything: 0 to 1.
func Wilson(part, whole int64) Interval {
	if whole <= 0 {
		return Interval{0, 1}
	}
	n, p := float64(whole), float64(part)/float64(whole)
	z2 := normal95 * normal95
	middle := p + z2/(2*n)
	half := normal95 * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	interval := Interval{(middle - half) / (1 + z2/n), (middle + half) / (1 + z2/n)}
	if part <= 0 {
		interval.Low = 0
	}
	if part >= whole {
		interval.High = 1
	}
	return interval
}

// Newcombe is the interval of the difference of two independent shares, the
// first less the second, made of their Wilson intervals without continuity
// correction (method 10 of Newcombe, Statistics in Medicine 17 (1998) 873-890).
// With nothing seen of one of them it says nothing: -1 to 1.
func Newcombe(part1, whole1, part2, whole2 int64) Interval {
	if whole1 <= 0 || whole2 <= 0 {
		return Interval{-1, 1}
	}
	p1, p2 := float64(part1)/float64(whole1), float64(part2)/float64(whole2)
	first, second := Wilson(part1, whole1), Wilson(part2, whole2)
	return Interval{
		Low:  p1 - p2 - math.Hypot(p1-first.Low, second.High-p2),
		High: p1 - p2 + math.Hypot(first.High-p1, p2-second.Low),
	}
}
