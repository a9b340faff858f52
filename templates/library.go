package templates

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sort"

	"rapport/channels"
)

// Library is every template of a workspace and those shipped with the program,
// checked and compiled. It does not change once loaded, and may be used by
// many at once.
type Library struct {
	locale    string // of the workspace
	templates map[Ref]*template
}

// template is one message in every locale it is written in.
type template struct {
	variants map[string]*variant // by locale; "" is the file without one
}

// variant is one file.
type variant struct {
	locale string
	file   string
	body   body // nil when the file has problems
	fields []Field
}

// body is what a file holds, compiled for its channel.
type body interface {
	render(b Bindings) (channels.Content, error)
}

// Has reports whether there is a template, sound or not.
func (l *Library) Has(ref Ref) bool {
	_, ok := l.templates[ref]
	return ok
}

// Names lists the templates of a channel in alphabetical order, shipped ones
// included.
func (l *Library) Names(ch channels.Channel) []string {
	var names []string
	for ref := range l.templates {
		if ref.Channel == ch {
			names = append(names, ref.Name)
		}
	}
	sort.Strings(names)
	return names
}

// Locales lists the locales a template is written in, in alphabetical order.
func (l *Library) Locales(ref Ref) []string {
	t := l.templates[ref]
	if t == nil {
		return nil
	}
	var locales []string
	for _, v := range t.variants {
		locales = append(locales, v.locale)
	}
	sort.Strings(locales)
	return slices.Compact(locales)
}

// Version is one file of a template, with the values it names.
type Version struct {
	Locale string
	File   string
	Fields []Field
}

// Names reports whether the template names a field.
func (v Version) Names(path ...string) bool {
	return slices.ContainsFunc(v.Fields, func(f Field) bool { return slices.Equal(f.Path, path) })
}

// Versions lists the files of a template, by locale.
func (l *Library) Versions(ref Ref) []Version {
	t := l.templates[ref]
	if t == nil {
		return nil
	}
	var versions []Version
	for _, v := range t.variants {
		versions = append(versions, Version{v.locale, v.file, v.fields})
	}
	slices.SortFunc(versions, func(a, b Version) int { return cmp.Or(cmp.Compare(a.Locale, b.Locale), cmp.Compare(a.File, b.File)) })
	return versions
}

// Fields lists every value a template names, in any of its locales, its layout
// and its subject included, in the order of the files.
func (l *Library) Fields(ref Ref) []Field {
	t := l.templates[ref]
	if t == nil {
		return nil
	}
	var fields []Field
	for _, v := range t.variants {
		fields = append(fields, v.fields...)
	}
	slices.SortStableFunc(fields, inFileOrder)
	// A preheader stands in two parts of a message, a layout in many messages.
	return slices.CompactFunc(fields, func(a, b Field) bool { return inFileOrder(a, b) == 0 })
}

func inFileOrder(a, b Field) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), slices.Compare(a.Path, b.Path))
}

// Render fills a template in for one customer, in the nearest locale to the
// wished one that it is written in, and says which that was. Only the part of
// the content that belongs to the channel is set.
//
// A field that has no value, where the template does not handle its absence,
// is a *MissingField. Nil, "" and the zero time are no values. No error tells
// a value.
func (l *Library) Render(ref Ref, locale string, b Bindings) (channels.Content, string, error) {
	t := l.templates[ref]
	if t == nil {
		return channels.Content{}, "", fmt.Errorf("render %s %s: there is no such template", ref.Channel, ref.Name)
	}
	v := t.choose(locale, l.locale)
	if v == nil {
		return channels.Content{}, "", fmt.Errorf("render %s %s: it is not written in %q, and has no file without a locale", ref.Channel, ref.Name, locale)
	}
	content, err := v.render(b)
	if err != nil {
		return channels.Content{}, v.locale, fmt.Errorf("render %s %s (%s): %w", ref.Channel, ref.Name, v.locale, err)
	}
	return content, v.locale, nil
}

// Locale is the one Render would write a template in for a wished locale; ""
// where there is none.
func (l *Library) Locale(ref Ref, wished string) string {
	if t := l.templates[ref]; t != nil {
		if v := t.choose(wished, l.locale); v != nil {
			return v.locale
		}
	}
	return ""
}

func (v *variant) render(b Bindings) (channels.Content, error) {
	if v.body == nil {
		return channels.Content{}, errors.New("the file has mistakes")
	}
	if err := b.check(); err != nil {
		return channels.Content{}, err
	}
	return v.body.render(b)
}

// choose finds the variant nearest to a locale: fa-IR, fa, the workspace's
// locale, the file without a locale.
func (t *template) choose(locale, workspace string) *variant {
	for _, wish := range []string{locale, workspace} {
		for _, candidate := range Fallbacks(wish) {
			if v, ok := t.variants[candidate]; ok {
				return v
			}
			// The file without a locale is written in one all the same.
			if v, ok := t.variants[""]; ok && v.locale == candidate {
				return v
			}
		}
	}
	return t.variants[""]
}

// MissingField says that a template names a field that has no value.
type MissingField struct{ Path string }

func (e *MissingField) Error() string { return e.Path + " has no value" }

// inPart says in which part of a message an error arose.
func inPart(part string, err error) error { return fmt.Errorf("%s: %w", part, err) }
