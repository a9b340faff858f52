package templates

import "rapport/channels"

// Problem is one mistake in a template file.
type Problem struct {
	File         string
	Line, Column int
	Message      string
	Mend         string
}

// Bindings is the plain data a template sees: customer, event, answers, brand,
// links, vars; maps, slices, strings, numbers, bools and times only.
type Bindings map[string]any

// Field is one value a template names, such as customer.first_name.
type Field struct {
	Path         []string
	File         string
	Line, Column int
	// Defaulted says that the template handles its absence itself (default
	// filter, if).
	Defaulted bool
}

// Ref names a template.
type Ref struct {
	Channel channels.Channel
	Name    string
}
