package sandbox

import (
	"testing"

	"rapport/trust/bounds"
)

// FuzzDelay holds that what is read as a delay is written so that it reads the same.
func FuzzDelay(f *testing.F) {
	for _, seed := range []string{"2s-5m", "30s", "-1s", "1h-1s", "9223372036854775807ns-1h", " 1ms - 2ms "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		defer bounds.Watch(t)()
		var read, again Delay
		if read.UnmarshalText([]byte(text)) != nil {
			return
		}
		written, _ := read.MarshalText()
		if err := again.UnmarshalText(written); err != nil || again != read {
			t.Errorf("%q is %v, and %q is %v, %v", text, read, written, again, err)
		}
	})
}
