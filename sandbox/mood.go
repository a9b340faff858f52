package sandbox

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// person is one customer as the simulation knows them.
type person struct {
	behaviour Behaviour
	mood      float64 // 0 miserable, 1 delighted
}

// person finds who is behind an address.
func (s *Sandbox) person(address string) person {
	name := address
	if s.options.Person != nil {
		name = s.options.Person(address)
	}
	return s.behaviourOf(address).person(s.chance("mood", name))
}

// person is somebody who behaves so, with a mood of their own.
func (b Behaviour) person(c chance) person {
	mood := b.Mood.Mean + b.Mood.Spread*c.normal("mood")
	return person{behaviour: b, mood: math.Min(math.Max(mood, 0), 1)}
}

// score is what the person gives on a scale: the mood, and a little of the day.
func (p person) score(c chance, low, high int) int {
	feeling := math.Min(math.Max(p.mood+0.07*c.normal("day")*math.Min(1, 10*p.behaviour.Mood.Spread), 0), 1)
	return low + int(math.Round(feeling*float64(high-low)))
}

// comment is what the person says in a few words.
func (p person) comment(c chance) string {
	words := content
	switch {
	case p.mood < 0.35:
		words = unhappy
	case p.mood > 0.7:
		words = happy
	}
	return words[c.pick("comment", len(words))]
}

var (
	happy = []string{
		"Everything was great, thank you!",
		"Fast and friendly, gladly again.",
		"Very happy with it.",
	}
	content = []string{
		"It was all right.",
		"Fine, but the delivery took a while.",
		"Good quality, a bit expensive.",
	}
	unhappy = []string{
		"It arrived broken and nobody calls back.",
		"Much too late, I am disappointed.",
		"Not what was promised.",
	}
)

// numbers that a voice or a text may spell out.
var spelled = map[string]int{
	"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5,
	"six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
}

const number = `(\d{1,2}|zero|one|two|three|four|five|six|seven|eight|nine|ten)`

var (
	scaleRange = regexp.MustCompile(`(?i)\b` + number + `\s*(?:-|–|to|through|and|bis|до|تا)\s*` + number + `\b`)
	anyNumber  = regexp.MustCompile(`(?i)\b` + number + `\b`)
)

// scaleIn finds the scale a spoken question offers: "from one to five", "press
// 1 for yes, 2 for no". Where the words name none it is 1 to 5.
func scaleIn(words string) (low, high int) {
	if low, high, named := rangeIn(words); named {
		return low, high
	}
	low, high = math.MaxInt, -1
	for _, word := range anyNumber.FindAllString(words, -1) {
		if n := toNumber(word); n <= 10 {
			low, high = min(low, n), max(high, n)
		}
	}
	if low < high {
		return low, high
	}
	return 1, 5
}

// rangeIn finds a scale that is written as a range: "0-10", "one to five".
func rangeIn(words string) (low, high int, named bool) {
	for _, m := range scaleRange.FindAllStringSubmatch(words, -1) {
		if low, high = toNumber(m[1]), toNumber(m[2]); low < high && high <= 10 {
			return low, high, true
		}
	}
	return 0, 0, false
}

func toNumber(word string) int {
	if n, known := spelled[strings.ToLower(word)]; known {
		return n
	}
	n, err := strconv.Atoi(word)
	if err != nil {
		return math.MaxInt
	}
	return n
}
