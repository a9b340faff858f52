package channels_test

import (
	"errors"
	"io"
	"testing"

	"rapport/channels"
)

// zeros is a letter of so many bytes.
func zeros(n int64) io.Reader { return io.LimitReader(nothing{}, n) }

type nothing struct{}

func (nothing) Read(p []byte) (int, error) { return len(p), nil }

func TestLettersShareTheirRoom(t *testing.T) {
	var memory channels.LetterMemory
	take := func(n int64) (done func(), err error) {
		letter, done := memory.Letter(zeros(n))
		_, err = io.Copy(io.Discard, letter)
		return done, err
	}
	first, err := take(30 << 20)
	if err != nil {
		t.Fatalf("the largest letter does not fit: %v", err)
	}
	second, err := take(20 << 20)
	if !errors.Is(err, channels.ErrNoRoom) {
		t.Errorf("beside it another: %v", err)
	}
	for range 100 {
		if _, err := take(100 << 10); err != nil {
			t.Fatalf("a small one: %v", err)
		}
	}
	second()
	first()
	if done, err := take(30 << 20); err != nil {
		t.Errorf("once it is stored: %v", err)
	} else {
		done()
	}
}
