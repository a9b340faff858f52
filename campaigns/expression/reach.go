package expression

import "math"

// reach bounds what a number may be without knowing it: anything but zero lies
// between 2^low and 2^high, with either sign. It shows before anything runs that
// no arithmetic overflows or underflows, which PostgreSQL refuses and SQLite and
// Go do not.
type reach struct {
	low, high int
	whole     bool // never a fraction
}

// The reaches of leaves.
var (
	reachOfCounts  = reach{0, 40, true}    // of rows and of days: nobody has a million million
	reachOfAmounts = reach{0, 50, true}    // whole numbers up to largest
	reachOfReals   = reach{-50, 50, false} // whatever number() lets through
)

// What a float holds, with room to spare.
const (
	lowestPower, highestPower = -1000, 1000
	exactPower                = 53 // whole numbers up to 2^53 are exact
)

func (r reach) sound() bool { return r.low >= lowestPower && r.high <= highestPower }

// exact gives up wholeness where floats begin to round.
func (r reach) exact() reach {
	r.whole = r.whole && r.high <= exactPower
	return r
}

// reachOf bounds a checked node. What is no number reaches what any property of
// an event may.
func reachOf(n node) reach {
	switch n := n.(type) {
	case literal:
		if x, ok := n.value.(float64); ok {
			return reachOfLiteral(x)
		}
		return reach{0, 0, true}
	case fieldValue:
		return n.reach
	case happened, elapsed, anniversary:
		return reachOfCounts
	case minus:
		return reachOf(n.operand)
	case choice:
		return reachOf(n.then).either(reachOf(n.otherwise))
	case arithmetic:
		return reachOf(n.left).after(n.op, reachOf(n.right))
	}
	return reachOfReals
}

func reachOfLiteral(x float64) reach {
	if x == 0 {
		return reach{0, 0, true}
	}
	_, power := math.Frexp(x) // |x| in [2^(power-1), 2^power)
	return reach{power - 1, power, x == math.Trunc(x)}
}

func (r reach) either(s reach) reach {
	return reach{min(r.low, s.low), max(r.high, s.high), r.whole && s.whole}
}

func (r reach) after(op string, s reach) reach {
	switch op {
	case "+", "-":
		// A difference of floats is a multiple of the smaller one's last bit.
		sum := reach{min(r.low, s.low) - exactPower, max(r.high, s.high) + 1, r.whole && s.whole}
		if sum.whole {
			sum.low = 0
		}
		return sum.exact()
	case "*":
		return reach{r.low + s.low, r.high + s.high, r.whole && s.whole}.exact()
	case "/":
		return reach{r.low - s.high - 1, r.high - s.low + 1, false}
	}
	return reach{0, min(r.high, s.high), true}
}
