package campaigns

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// pair is one "key: value" of a map.
type pair struct {
	key          string
	line, column int // of the key
	value        node
}

// pairs reads a map whose keys the writer chooses. A key that stands twice was
// reported already; its first value counts.
func (n node) pairs(want string) []pair {
	if !n.is(want, aMap) {
		return nil
	}
	var pairs []pair
	for _, entry := range n.value.(*ast.MappingNode).Values {
		switch entry.Key.(type) {
		case *ast.MergeKeyNode, *ast.MappingKeyNode:
			continue
		}
		key := entry.Key.GetToken().Value
		if slices.ContainsFunc(pairs, func(p pair) bool { return p.key == key }) {
			continue
		}
		line, column := n.src.place(entry.Key.GetToken())
		pairs = append(pairs, pair{key, line, column, n.src.node(entry.Value, quote(key))})
	}
	return pairs
}

// problem reports a mistake at the key.
func (p pair) problem(message, mend string) {
	p.value.src.problem(p.line, p.column, message, mend)
}

// mapping is a map whose keys the language knows. It remembers which were
// asked for, so that end can report the others.
type mapping struct {
	node
	entries []pair
	asked   []string
	missing []missingKey
}

// missingKey is a key that must be there and is not. why is its mend.
type missingKey struct{ key, why string }

// fields opens a map of known keys. want completes the mend when the value is
// something else.
func (n node) fields(want string) *mapping {
	return &mapping{node: n, entries: n.pairs(want)}
}

// open reports whether there is a map to read.
func (m *mapping) open() bool { return m.kind() == aMap }

// has reports whether a key is written, without asking for it.
func (m *mapping) has(key string) bool {
	_, found := m.pair(key)
	return found
}

func (m *mapping) pair(key string) (pair, bool) {
	for _, p := range m.entries {
		if p.key == key {
			return p, true
		}
	}
	return pair{}, false
}

// get is the value of a key; absent when the key is not written. A key with
// nothing after it is reported, and absent.
func (m *mapping) get(key string) node {
	if !slices.Contains(m.asked, key) {
		m.asked = append(m.asked, key)
	}
	p, found := m.pair(key)
	if !found {
		return node{src: m.src, label: quote(key), line: m.line, column: m.column}
	}
	if p.value.kind() == aBlank {
		p.problem(quote(key)+" has no value", "write one after the colon, or remove the line")
		return node{src: m.src, label: quote(key), line: p.line, column: p.column}
	}
	return p.value
}

// need is get for a key that must be there; why is the mend when it is not.
func (m *mapping) need(key, why string) node {
	if !m.has(key) && m.open() {
		m.missing = append(m.missing, missingKey{key, why})
	}
	return m.get(key)
}

// end reports the keys nobody asked for and those that are missing. One that is
// there misspelt is not missing as well.
func (m *mapping) end() {
	for _, p := range m.entries {
		if slices.Contains(m.asked, p.key) {
			continue
		}
		p.unknown(m.asked)
		meant := nearest(p.key, m.asked)
		m.missing = slices.DeleteFunc(m.missing, func(k missingKey) bool { return k.key == meant })
	}
	for _, k := range m.missing {
		m.problem(quote(k.key)+" is missing here", k.why)
	}
}

func (p pair) unknown(known []string) {
	p.problem("unknown key "+quote(p.key), didYouMean(p.key, known, "the keys here are "+strings.Join(known, ", ")))
}
