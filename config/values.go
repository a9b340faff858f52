package config

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Limit is how fast messages may leave on a channel, over all workers: a number
// for the whole channel, or {per_second: 50, per_sender: 1}.
type Limit struct {
	// PerSecond bounds the channel's provider; 0 is no limit.
	PerSecond int `yaml:"per_second"`
	// PerSender bounds each number or mailbox messages are sent from, and each
	// host that pushes and webhooks go to; 0 is no limit.
	PerSender int `yaml:"per_sender"`
}

// UnmarshalYAML reads either form.
func (l *Limit) UnmarshalYAML(raw []byte) error {
	if n, err := strconv.Atoi(strings.TrimSpace(string(raw))); err == nil {
		*l = Limit{PerSecond: n}
		return nil
	}
	type both Limit // without this method
	var read both
	if err := yaml.UnmarshalWithOptions(raw, &read, yaml.Strict()); err != nil {
		return errLimit
	}
	*l = Limit(read)
	return nil
}

// Age is how long something is kept: 30d, 12w, or hours, minutes and seconds as
// in 36h.
type Age time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *Age) UnmarshalText(text []byte) error {
	written := strings.TrimSpace(string(text))
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if number, match := strings.CutSuffix(written, unit); match {
			n, err := strconv.ParseUint(number, 10, 16)
			if err != nil {
				return errAge
			}
			*a = Age(time.Duration(n) * length)
			return nil
		}
	}
	d, err := time.ParseDuration(written)
	if err != nil {
		return errAge
	}
	*a = Age(d)
	return nil
}

var errLimit = errors.New("must be a number of messages a second, or {per_second: 50, per_sender: 1}")

var errAge = errors.New("must be a time such as 30d, 12w or 36h")
