package domain

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// mostLookups is how many terms of an SPF record may ask DNS, all records it
// includes counted (RFC 7208 §4.6.4).
const mostLookups = 10

var errLookups = errors.New("it needs more than 10 DNS lookups, so that receivers give up on it")

// spf looks at the record of the domain that bounces go to: that is the one
// receivers judge (RFC 7208 §2.4).
func (c Checkup) spf(ctx context.Context) []Finding {
	name := c.returnPath()
	found := func(level Level, what, mend string, record *Record) []Finding {
		return []Finding{{Check: "SPF", Level: level, What: name + " " + what, Mend: mend, Record: record}}
	}
	own, err := c.spfRecords(ctx, name)
	if err != nil {
		return found(Fail, "cannot be looked up: "+err.Error(), "", nil)
	}
	switch {
	case len(own) == 0:
		return found(c.without(), "has no SPF record", "write one", txt(name, "v=spf1 "+c.permission()+" ~all"))
	case len(own) > 1:
		return found(Fail, fmt.Sprintf("has %d SPF records, so that none counts (RFC 7208 §4.5)", len(own)), "make one of them", nil)
	}
	walk := &spfWalk{Checkup: c, seen: map[string]bool{}}
	if err := walk.record(ctx, name, own[0]); err != nil {
		return found(Fail, "has an SPF record that does not hold: "+err.Error(), "", nil)
	}
	findings := found(OK, fmt.Sprintf("has one SPF record, which needs %d of 10 lookups", walk.lookups), "", nil)
	switch walk.all {
	case "+all", "all":
		findings = append(findings, found(Fail, "lets everybody send in its name ("+walk.all+")", "end the record with ~all", txt(name, replaceLast(own[0], walk.all, "~all")))...)
	case "?all", "":
		findings = append(findings, found(Warn, "says nothing about who else may send", "end the record with ~all", nil)...)
	}
	return append(findings, c.permitted(ctx, walk, name, own[0])...)
}

// without is how bad it is to have no record: a provider that puts its own domain
// on the envelope needs none.
func (c Checkup) without() Level {
	if c.Include != "" && c.ReturnPath == "" {
		return Warn
	}
	return Fail
}

// permission is the term that lets our relay send.
func (c Checkup) permission() string {
	switch {
	case c.Include != "":
		return "include:" + c.Include
	case c.Relay != "":
		return "a:" + c.Relay
	}
	return "mx"
}

// permitted looks for our relay in what a record allows.
func (c Checkup) permitted(ctx context.Context, walk *spfWalk, name, record string) []Finding {
	allowed, who := true, c.Include
	switch {
	case c.Include != "":
		allowed = walk.seen[c.Include]
	case c.Relay != "":
		who = c.Relay
		addresses, err := c.DNS.addresses(ctx, c.Relay)
		allowed = err == nil && len(addresses) > 0
		for _, address := range addresses {
			allowed = allowed && (address.IsLoopback() || walk.allows(address))
		}
	}
	if allowed {
		return nil
	}
	head, rest, _ := strings.Cut(record, " ")
	return []Finding{{
		Check: "SPF", Level: Warn, What: name + " does not let " + who + " send",
		Mend:   "add it, unless mail leaves from other machines or with another domain on its envelope",
		Record: txt(name, strings.TrimSpace(head+" "+c.permission()+" "+rest)),
	}}
}

func (c Checkup) spfRecords(ctx context.Context, name string) ([]string, error) {
	all, err := c.DNS.texts(ctx, name)
	var own []string
	for _, text := range all {
		if version, _, _ := strings.Cut(strings.ToLower(text), " "); version == "v=spf1" {
			own = append(own, text)
		}
	}
	return own, err
}

// spfWalk follows a record through what it includes.
type spfWalk struct {
	Checkup
	seen    map[string]bool // included names
	nets    []netip.Prefix  // what may send
	lookups int
	all     string // the last term of the first record
	depth   int
}

func (w *spfWalk) allows(address netip.Addr) bool {
	for _, prefix := range w.nets {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

func (w *spfWalk) record(ctx context.Context, name, text string) error {
	w.depth++
	defer func() { w.depth-- }()
	for _, term := range strings.Fields(text)[1:] {
		if err := w.term(ctx, name, strings.ToLower(term)); err != nil {
			return err
		}
	}
	return nil
}

// term takes in one mechanism or modifier (RFC 7208 §5, §6). Terms with macros
// are counted and not followed: they depend on the message.
func (w *spfWalk) term(ctx context.Context, name, term string) error {
	bare := strings.TrimLeft(term, "+-~?")
	kind, value, _ := strings.Cut(bare, ":")
	if modifier, target, is := strings.Cut(bare, "="); is && !strings.Contains(modifier, ":") {
		kind, value = modifier, target
	}
	kind, bits, _ := strings.Cut(kind, "/")
	switch kind {
	case "all":
		if w.depth == 1 {
			w.all = term
		}
		return nil
	case "ip4", "ip6":
		prefix, err := prefixOf(value)
		if err != nil {
			return fmt.Errorf("%q names no network", term)
		}
		if bare == term || term[0] == '+' {
			w.nets = append(w.nets, prefix)
		}
		return nil
	case "exp":
		return nil
	case "include", "redirect", "a", "mx", "ptr", "exists":
	default:
		if strings.Contains(bare, "=") {
			return nil // an unknown modifier is passed over (RFC 7208 §6)
		}
		return fmt.Errorf("%q is no term of SPF", term)
	}
	if w.lookups++; w.lookups > mostLookups {
		return errLookups
	}
	if strings.Contains(value, "%") || kind == "ptr" || kind == "exists" {
		return nil
	}
	if value, slash, is := strings.Cut(value, "/"); is {
		return w.hosts(ctx, kind, either(value, name), slash)
	}
	if kind == "a" || kind == "mx" {
		return w.hosts(ctx, kind, either(value, name), bits)
	}
	return w.follow(ctx, kind, value)
}

// follow reads the record of another name.
func (w *spfWalk) follow(ctx context.Context, kind, value string) error {
	if w.seen[value] {
		return nil
	}
	w.seen[value] = true
	records, err := w.spfRecords(ctx, value)
	if err != nil {
		return err
	}
	if len(records) != 1 {
		return fmt.Errorf("%s:%s has %d SPF records where there must be one", kind, value, len(records))
	}
	if kind == "redirect" {
		w.depth-- // its end counts as ours
		defer func() { w.depth++ }()
	}
	return w.record(ctx, value, records[0])
}

// hosts takes in the addresses of a name or of its mail servers.
func (w *spfWalk) hosts(ctx context.Context, kind, name, bits string) error {
	names := []string{name}
	if kind == "mx" {
		var err error
		if names, err = w.DNS.exchangers(ctx, name); err != nil {
			return err
		}
	}
	for _, host := range names {
		addresses, err := w.DNS.addresses(ctx, host)
		if err != nil {
			return err
		}
		for _, address := range addresses {
			prefix := netip.PrefixFrom(address, address.BitLen())
			if wide, err := netip.ParsePrefix(address.String() + "/" + bits); err == nil && address.Is4() {
				prefix = wide.Masked()
			}
			w.nets = append(w.nets, prefix)
		}
	}
	return nil
}

func prefixOf(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		prefix, err := netip.ParsePrefix(text)
		return prefix.Masked(), err
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(address, address.BitLen()), nil
}

func replaceLast(text, old, replacement string) string {
	if at := strings.LastIndex(strings.ToLower(text), old); at >= 0 {
		return text[:at] + replacement + text[at+len(old):]
	}
	return text
}

func either(first, second string) string {
	if first != "" {
		return first
	}
	return second
}
