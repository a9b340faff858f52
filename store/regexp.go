package store

import (
	"database/sql/driver"
	"fmt"
	"regexp"
	"sync"

	"modernc.org/sqlite"
)

// registerRegexp gives SQLite what its REGEXP operator calls: it reads the
// operator and has no function for it. Conditions with matches are written with
// it. The driver keeps a function for all connections until the program ends,
// so it is given once.
var registerRegexp = sync.OnceValue(func() error {
	p := &patterns{compiled: map[string]*regexp.Regexp{}}
	return sqlite.RegisterDeterministicScalarFunction("regexp", 2, p.matches)
})

// patterns keeps compiled patterns from row to row.
type patterns struct {
	lock     sync.Mutex
	compiled map[string]*regexp.Regexp
}

// matches is regexp(pattern, text), which SQLite makes of text REGEXP pattern.
// A text that is NULL is not matched.
func (p *patterns) matches(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	source, isText := args[0].(string)
	if !isText {
		return nil, fmt.Errorf("regexp: the pattern is %T", args[0])
	}
	text, known := args[1].(string)
	if !known {
		return nil, nil
	}
	pattern, err := p.pattern(source)
	if err != nil {
		return nil, err
	}
	return pattern.MatchString(text), nil
}

func (p *patterns) pattern(source string) (*regexp.Regexp, error) {
	const most = 200 // of all live audiences; beyond it, begin again
	p.lock.Lock()
	defer p.lock.Unlock()
	if pattern, ok := p.compiled[source]; ok {
		return pattern, nil
	}
	pattern, err := regexp.Compile(source)
	if err != nil {
		return nil, err
	}
	if len(p.compiled) >= most {
		clear(p.compiled)
	}
	p.compiled[source] = pattern
	return pattern, nil
}
