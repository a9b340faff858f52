package expression

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"

	"rapport/channels"
)

// usage shows how each function is called.
var usage = map[string]string{
	"did":         `did("Order Completed"), did("Order Completed", "90d") or did("Order Completed", "2023-01-01", "2024-01-01")`,
	"consent":     `consent("marketing", "sms")`,
	"reachable":   `reachable("sms")`,
	"in_segment":  `in_segment("id")`,
	"days_since":  `days_since(created_at)`,
	"hours_since": `hours_since(created_at)`,
	"now":         `now()`,

	"days_to_anniversary": `days_to_anniversary(born_on)`,
}

// functions are their names.
var functions = slices.Sorted(maps.Keys(usage))

func (c *checker) call(n, callee ast.Node, args []ast.Node) node {
	path, _ := pathOf(callee)
	name := strings.Join(path, ".")
	switch name {
	case "did":
		return c.did(n, args)
	case "consent":
		return c.consent(n, args)
	case "reachable":
		return c.reachable(n, args)
	case "in_segment":
		return c.segment(n, args)
	case "days_since":
		return c.ofTime(n, name, args, func(since node) node { return elapsed{since, day} })
	case "hours_since":
		return c.ofTime(n, name, args, func(since node) node { return elapsed{since, time.Hour} })
	case "days_to_anniversary":
		return c.ofTime(n, name, args, func(of node) node { return anniversary{of} })
	case "now":
		if len(args) != 0 {
			return c.misused(n, name)
		}
		return present{}
	}
	mend := "functions are " + strings.Join(functions, ", ")
	if near := nearest(name, functions); near != "" {
		mend = "write " + usage[near]
	}
	if name == "" {
		name = c.name(callee)
	}
	return c.mistake(n, mend, "there is no function %s", name)
}

// misused reports arguments that do not fit.
func (c *checker) misused(n ast.Node, function string) node {
	return c.mistake(n, "write "+usage[function], "%s is called with arguments it does not take", function)
}

// quoted reads arguments that must be texts in quotes.
func quoted(args []ast.Node) ([]string, bool) {
	texts := make([]string, len(args))
	for i, arg := range args {
		s, ok := arg.(*ast.StringNode)
		if !ok || s.Value == "" || strings.ContainsRune(s.Value, 0) {
			return nil, false
		}
		texts[i] = s.Value
	}
	return texts, true
}

func (c *checker) did(n ast.Node, args []ast.Node) node {
	texts, ok := quoted(args)
	if !ok || len(texts) < 1 || len(texts) > 3 {
		return c.misused(n, "did")
	}
	k := Count{Event: texts[0]}
	switch len(texts) {
	case 2:
		if k.Within, ok = parseDuration(texts[1]); !ok {
			return c.mistake(args[1], `write a duration such as "90d" or "1d12h"`, "%q is no duration", texts[1])
		}
	case 3:
		return c.didBetween(k, args, texts)
	}
	return happened{count: k}
}

func (c *checker) didBetween(k Count, args []ast.Node, texts []string) node {
	var ok bool
	if k.From, ok = parseInstant(texts[1]); !ok {
		return c.mistake(args[1], `write a date such as "2023-01-01"`, "%q is no date", texts[1])
	}
	if k.Until, ok = parseInstant(texts[2]); !ok {
		return c.mistake(args[2], `write a date such as "2024-01-01"`, "%q is no date", texts[2])
	}
	if !k.From.Before(k.Until) {
		return c.mistake(args[2], "write the earlier date first; the later one is not included", "nothing lies from %s until %s", texts[1], texts[2])
	}
	return happened{count: k}
}

func (c *checker) consent(n ast.Node, args []ast.Node) node {
	texts, ok := quoted(args)
	if !ok || len(texts) != 2 {
		return c.misused(n, "consent")
	}
	byDefault, known := c.scope.Topics[texts[0]]
	if !known {
		c.unknownWord(args[0], "topic", texts[0], slices.Sorted(maps.Keys(c.scope.Topics)))
	}
	ch, valid := c.channel(args[1], texts[1])
	if !known || !valid {
		return broken{}
	}
	return consented{topic: texts[0], channel: ch, byDefault: byDefault}
}

func (c *checker) reachable(n ast.Node, args []ast.Node) node {
	texts, ok := quoted(args)
	if !ok || len(texts) != 1 {
		return c.misused(n, "reachable")
	}
	ch, valid := c.channel(args[0], texts[0])
	if !valid {
		return broken{}
	}
	return reachable{channel: ch}
}

func (c *checker) channel(at ast.Node, name string) (channels.Channel, bool) {
	ch := channels.Channel(name)
	if !ch.Valid() {
		var known []string
		for _, k := range channels.All() {
			known = append(known, string(k))
		}
		c.unknownWord(at, "channel", name, known)
	}
	return ch, ch.Valid()
}

func (c *checker) segment(n ast.Node, args []ast.Node) node {
	texts, ok := quoted(args)
	if !ok || len(texts) != 1 {
		return c.misused(n, "in_segment")
	}
	p, known := c.scope.Segments[texts[0]]
	switch {
	case !known:
		return c.unknownWord(args[0], "segment", texts[0], slices.Sorted(maps.Keys(c.scope.Segments)))
	case p == nil:
		return segment{id: texts[0], root: literal{typ: Bool, value: true}}
	}
	return segment{id: texts[0], root: asCondition(p.root)}
}

// unknownWord reports a text that names nothing.
func (c *checker) unknownWord(at ast.Node, what, name string, known []string) node {
	mend := ""
	switch near := nearest(name, known); {
	case near != "":
		mend = `write "` + near + `"`
	case len(known) > 0:
		mend = "known: " + strings.Join(known, ", ")
	}
	return c.mistake(at, mend, "there is no %s %q", what, name)
}

// ofTime checks a function of one time.
func (c *checker) ofTime(n ast.Node, name string, args []ast.Node, function func(node) node) node {
	if len(args) != 1 {
		return c.misused(n, name)
	}
	at := c.node(args[0])
	if !isBroken(at) {
		at = c.asWanted(args[0], at, Time)
	}
	switch t := at.kind(); {
	case isBroken(at):
		return at
	case t != Time && t != Any:
		return c.mistake(args[0], "write "+usage[name], "%s is %s; %s takes a time", c.name(args[0]), t.words(), name)
	}
	return function(at)
}
