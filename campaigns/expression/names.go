package expression

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// field checks a name: orders.count, traits.favourite, event["Order ID"].
func (c *checker) field(n ast.Node) node {
	path, ok := pathOf(n)
	if !ok {
		return c.mistake(n, "", "%s is no field", c.name(n))
	}
	switch path[0] {
	case "event":
		return c.property(n, path)
	case "traits":
		return c.trait(n, path)
	case "answers":
		return c.answer(n, path)
	case "steps":
		return c.step(n, path)
	}
	name := strings.Join(path, ".")
	if name == (pressure{}).name() {
		return pressure{}
	}
	f, known := fields[name]
	if !known {
		return c.unknownField(n, name)
	}
	return c.inMajorUnits(f)
}

// pathOf flattens a.b["c"] to its names.
func pathOf(n ast.Node) ([]string, bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return []string{n.Value}, true
	case *ast.MemberNode:
		path, ok := pathOf(n.Node)
		property, named := n.Property.(*ast.StringNode)
		if !ok || !named || n.Method || n.Optional {
			return nil, false
		}
		return append(path, property.Value), true
	}
	return nil, false
}

// inMajorUnits divides money by the workspace's scale.
func (c *checker) inMajorUnits(f field) node {
	if !f.money || c.scope.MoneyScale <= 1 {
		return fieldValue{field: f}
	}
	scale := literal{typ: Number, value: float64(c.scope.MoneyScale)}
	return arithmetic{op: "/", left: fieldValue{field: f}, right: scale}
}

func (c *checker) property(n ast.Node, path []string) node {
	switch {
	case !c.scope.Event:
		return c.mistake(n, "ask about the customer, such as orders.total > 100, or let an event start the campaign", "%s is known only in campaigns that an event starts", c.name(n))
	case len(path) == 1:
		return c.mistake(n, "name one of its properties: event.total", "event is not a value")
	}
	return property{path: path[1:]}
}

func (c *checker) trait(n ast.Node, path []string) node {
	if len(path) != 2 {
		return c.mistake(n, "write traits.<name>", "%s is no trait", c.name(n))
	}
	typ, declared := c.scope.Traits[path[1]]
	switch {
	case !declared:
		return c.unknown(n, "trait", "traits", path[1], slices.Sorted(maps.Keys(c.scope.Traits)), "")
	case !traitType(typ) || !traitKey(path[1]):
		return c.mistake(n, "", "trait %q has a name or a type that conditions cannot read", path[1])
	}
	return trait{key: path[1], typ: typ}
}

func (c *checker) answer(n ast.Node, path []string) node {
	switch {
	case c.scope.Answers == nil:
		return c.mistake(n, "", "%s is known only inside a journey", c.name(n))
	case len(path) != 3 || !slices.Contains(answerParts, path[2]):
		return c.mistake(n, "write answers.<ask id>.score, .choice or .text", "%s is no part of an answer", c.name(n))
	case !slices.Contains(c.scope.Answers, path[1]):
		return c.unknown(n, "question", "answers", path[1], c.scope.Answers, "."+path[2])
	}
	return answerPart{id: path[1], part: path[2]}
}

func (c *checker) step(n ast.Node, path []string) node {
	switch {
	case c.scope.Steps == nil:
		return c.mistake(n, "", "%s is known only inside a journey", c.name(n))
	case len(path) > 1 && !slices.Contains(c.scope.Steps, path[1]):
		return c.unknown(n, "step", "steps", path[1], c.scope.Steps, ".status")
	case len(path) != 3 || path[2] != "status":
		return c.mistake(n, "write steps.<id>.status", "%s is nothing known about a step", c.name(n))
	}
	statuses, known := c.scope.Statuses[path[1]]
	if !known {
		statuses = stepStatuses
	}
	return stepStatus{id: path[1], statuses: statuses}
}

// unknown reports a name that was not declared in a group: a trait, a question,
// a step.
func (c *checker) unknown(n ast.Node, what, group, name string, known []string, suffix string) node {
	near := nearest(name, known)
	if near == "" { // steps.follow-up.status is read as steps.follow minus up.status
		for _, k := range known {
			if strings.HasPrefix(k, name+"-") {
				near = k
			}
		}
	}
	mend := ""
	switch {
	case near != "":
		mend = "write " + member(group, near) + suffix
	case len(known) > 0:
		mend = group + " known here: " + strings.Join(known, ", ")
	}
	return c.mistake(n, mend, "there is no %s %q", what, name)
}

// member writes group.name, or group["name"] where the name needs quotes: a
// hyphen would be a minus.
func member(group, name string) string {
	for i, r := range name {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return fmt.Sprintf("%s[%q]", group, name)
		}
	}
	return group + "." + name
}

// unknownField reports a name that stands for nothing, with the likeliest thing
// that was meant.
func (c *checker) unknownField(n ast.Node, name string) node {
	return c.mistake(n, c.mendField(name), "there is no field %s", name)
}

func (c *checker) mendField(name string) string {
	known := c.fieldNames()
	if bare, ok := strings.CutPrefix(name, "customer."); ok && slices.Contains(known, bare) {
		return "write " + bare
	}
	if slices.Contains(functions, name) {
		return "it is a function: " + usage[name]
	}
	if other, known := otherNames[strings.ToLower(name)]; known {
		return "write " + other
	}
	if near := nearest(name, known); near != "" {
		return "write " + near
	}
	group, _, dotted := strings.Cut(name, ".")
	if members := groups()[group]; members != nil {
		slices.Sort(members)
		return group + " has " + strings.Join(members, ", ")
	}
	if !dotted && c.scope.Event && name == strings.ToLower(name) {
		return "write event." + name + ` if it belongs to the event, and "` + name + `" in quotes if it is a text`
	}
	if !dotted {
		return `put a text in quotes: "` + name + `"`
	}
	return ""
}

// otherNames are what people look for by another name than it has here.
var otherNames = map[string]string{
	"null": "nil", "none": "nil", "empty": "nil", "undefined": "nil", "yes": "true", "no": "false",
	"today": "now()", "age": "days_since(born_on) / 365", "birthday": "days_to_anniversary(born_on) == 0 for who has theirs today",
	"name": "first_name", "language": "locale", "lang": "locale", "mobile": "phone",
	"last_order": "orders.last_at", "last_purchase": "orders.last_at", "order_count": "orders.count", "total_spent": "orders.total", "revenue": "orders.total",
}

func (c *checker) fieldNames() []string {
	known := slices.Collect(maps.Keys(fields))
	known = append(known, (pressure{}).name())
	for t := range c.scope.Traits {
		known = append(known, member("traits", t))
	}
	for _, id := range c.scope.Answers {
		known = append(known, member("answers", id)+".score")
	}
	for _, id := range c.scope.Steps {
		known = append(known, member("steps", id)+".status")
	}
	slices.Sort(known)
	return known
}
