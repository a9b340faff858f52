package campaigns

import (
	"maps"
	"slices"
	"strings"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/templates"
)

// checkTemplates checks what every template may name whoever uses it: the
// customer, the brand and the links.
func (r *reader) checkTemplates() {
	for _, ch := range channels.All() {
		for _, name := range r.workspace.Templates.Names(ch) {
			for _, field := range r.workspace.Templates.Fields(templates.Ref{Channel: ch, Name: name}) {
				if _, own := r.files[field.File]; own {
					r.at(field, r.exists(field, ch))
				}
			}
		}
	}
}

// exists checks a field that does not depend on who uses the template.
func (r *reader) exists(f templates.Field, ch channels.Channel) *mistake {
	if len(f.Path) == 1 {
		return wrong(quote(f.Path[0])+" is a group of fields", "name one of them, such as "+example(f.Path[0]))
	}
	var found lookup
	switch f.Path[0] {
	case "customer":
		found = walk(r.workspace.customerBinding(barest(ch)), f.Path, 1)
		if f.Path[1] == "traits" && !r.settled {
			return nil
		}
	case "brand":
		if found = walk(r.workspace.Brand.binding(), f.Path, 1); found.known && found.missing && r.settled && !f.Defaulted {
			return wrong(strings.Join(f.Path, ".")+" is not in rapport.yaml", "write it there under brand")
		}
		found.missing = false
	case "links":
		found = walk(map[string]any{"unsubscribe": "", "preferences": "", "survey": "", "not_me": ""}, f.Path, 1)
	default:
		return nil // event, answers and vars depend on the campaign
	}
	if found.known && found.missing && !f.Defaulted {
		name := strings.Join(f.Path, ".")
		return r.missing(wrong(name+" is not known of every customer", "write "+defaulted(name)+", or put it between {% if "+name+" %} and {% endif %}"))
	}
	return found.mistake()
}

func example(root string) string {
	return map[string]string{
		"answers": "answers.csat.score", "brand": "brand.name", "customer": "customer.first_name",
		"event": "event.order_id", "links": "links.unsubscribe", "vars": "vars.colour",
	}[root]
}

// barest is a customer of whom no more is known than of everybody who can be
// reached by a channel. What templates see of them shows which fields there are
// and which may be missing.
func barest(ch channels.Channel) *customers.Customer {
	c := &customers.Customer{ID: "c", Kind: "consumer", CreatedAt: time.Unix(0, 0)}
	switch ch {
	case channels.Email:
		c.Email = "c@example.com"
	case channels.SMS, channels.Call:
		c.Phone = "+12025550100"
	}
	return c
}

// lookup is what became of looking for a field.
type lookup struct {
	known, missing bool
	single         bool     // the part before is a value, not a group
	name, unknown  string   // the whole field, and the part that is not there
	beside         []string // what is there instead
}

func (f lookup) mistake() *mistake {
	if f.known {
		return nil
	}
	if f.single {
		return wrong(f.name+" is more than there is: "+strings.TrimSuffix(f.name, "."+f.unknown)+" has no fields", "write "+strings.TrimSuffix(f.name, "."+f.unknown))
	}
	if f.unknown == "" {
		return wrong(f.name+" is a group of fields", "name one of them: "+strings.Join(f.beside, ", "))
	}
	prefix := strings.TrimSuffix(f.name, f.unknown)
	return wrong("there is no field "+f.name, didYouMean(f.unknown, f.beside, prefix[:max(0, len(prefix)-1)]+" has "+strings.Join(f.beside, ", ")))
}

// walk follows a path from its part i on through what templates see. Lists and
// text have a size, a first and a last in Liquid.
func walk(bindings map[string]any, path []string, i int) lookup {
	for {
		f := lookup{name: strings.Join(path[:min(i+1, len(path))], "."), beside: slices.Sorted(maps.Keys(bindings))}
		if i == len(path) {
			return f
		}
		f.unknown = path[i]
		value, found := bindings[path[i]]
		if !found {
			return f
		}
		i++
		inner, group := value.(map[string]any)
		if !group {
			f.known = i == len(path) || i == len(path)-1 && slices.Contains([]string{"size", "first", "last"}, path[i])
			f.missing = value == nil
			if !f.known {
				f.name, f.unknown, f.single = strings.Join(path[:i+1], "."), path[i], true
			}
			return f
		}
		bindings = inner
	}
}
