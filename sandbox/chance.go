package sandbox

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"sync"
	"time"
)

// chance is a source of decisions that is a value: every draw depends on what
// it is about and on nothing else, so that the order in which messages arrive
// changes no outcome.
type chance uint64

// chance derives a source from the seed and the parts that name its subject.
func (s *Sandbox) chance(parts ...string) chance {
	return chanceOf(s.options.Seed, parts...)
}

func chanceOf(seed uint64, parts ...string) chance {
	sum := digest(seed, parts...)
	return chance(binary.LittleEndian.Uint64(sum[:]))
}

// digest hashes the sandbox's seed and parts.
func (s *Sandbox) digest(parts ...string) [sha256.Size]byte { return digest(s.options.Seed, parts...) }

// digest hashes a seed and parts, each with its length.
func digest(seed uint64, parts ...string) [sha256.Size]byte {
	buf := make([]byte, 0, 256)
	buf = binary.LittleEndian.AppendUint64(buf, seed)
	for _, part := range parts {
		buf = binary.AppendUvarint(buf, uint64(len(part)))
		buf = append(buf, part...)
	}
	return sha256.Sum256(buf)
}

// sid makes a provider's id for a message: 32 hexadecimal digits, which differ
// between two lives of the sandbox even where everything else is equal.
func (s *Sandbox) sid(c chance, what string) string {
	sum := s.digest("sid", s.born, what, c.String())
	return hex.EncodeToString(sum[:16])
}

// of derives a further source.
func (c chance) of(what string) chance {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(what) {
		h = (h ^ uint64(what[i])) * 1099511628211
	}
	return chance(splitmix(uint64(c) ^ splitmix(h)))
}

// nth derives the source of the n-th of several like subjects.
func (c chance) nth(n int) chance { return chance(splitmix(uint64(c) + uint64(n)*0x9e3779b97f4a7c15)) }

// roll is a number in [0, 1).
func (c chance) roll(what string) float64 { return float64(c.of(what)>>11) / (1 << 53) }

// happens reports whether something of probability p does.
func (c chance) happens(what string, p float64) bool { return p > 0 && c.roll(what) < p }

// pick chooses one of n.
func (c chance) pick(what string, n int) int { return int(c.of(what) % chance(n)) }

// normal is a number of the standard normal distribution.
func (c chance) normal(what string) float64 {
	u := math.Max(c.roll(what), 1e-12)
	return math.Sqrt2 * math.Erfinv(2*u-1)
}

// wait draws from a delay.
func (c chance) wait(what string, d Delay) time.Duration {
	if d.To <= d.From {
		return d.From
	}
	low, high := math.Log(float64(max(d.From, time.Millisecond))), math.Log(float64(d.To))
	const decile = 1.2815515655446004 // of the standard normal distribution
	drawn := math.Exp((low+high)/2 + (high-low)/(2*decile)*c.normal(what))
	return time.Duration(math.Min(drawn, 8*float64(d.To))).Truncate(time.Millisecond)
}

// String names the source in ids.
func (c chance) String() string {
	return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(c)))
}

func splitmix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb
	return x ^ (x >> 31)
}

// ordinals counts how often each subject was seen, so that a second attempt at
// the same message is a fresh draw. It is split to keep requests apart.
type ordinals struct {
	parts [64]struct {
		mu   sync.Mutex
		seen map[chance]int
	}
}

// next is the source of the subject's next occurrence.
func (o *ordinals) next(c chance) chance {
	part := &o.parts[c%chance(len(o.parts))]
	part.mu.Lock()
	defer part.mu.Unlock()
	if part.seen == nil {
		part.seen = make(map[chance]int)
	}
	n := part.seen[c]
	part.seen[c] = n + 1
	return c.nth(n)
}
