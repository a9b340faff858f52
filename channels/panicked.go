package channels

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
)

// Panicked says that the program itself has a mistake. Nobody knows how far it came with
// what it did. What panicked is told by the runtime's own errors, which name no person,
// and else by its type alone.
type Panicked struct {
	What  string
	Stack []byte
}

func (p *Panicked) Error() string { return "the program panicked: " + p.What }

// Recovered does something and gives a panic in it back as a *Panicked.
func Recovered(do func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panicked(value)
		}
	}()
	return do()
}

func panicked(value any) *Panicked {
	p := &Panicked{What: fmt.Sprintf("%T", value), Stack: debug.Stack()}
	if own, is := value.(runtime.Error); is {
		p.What = own.Error()
	}
	return p
}

// StackIn is where something panicked, as attributes of a line in the log; none where
// err is of no panic.
func StackIn(err error) []any {
	var p *Panicked
	if !errors.As(err, &p) {
		return nil
	}
	return []any{"stack", string(p.Stack)}
}
