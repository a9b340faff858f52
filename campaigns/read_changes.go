package campaigns

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"rapport/campaigns/expression"
)

// settable are the profile fields a campaign may change, beside traits.
var settable = map[string]expression.Type{
	"first_name": expression.String, "last_name": expression.String, "locale": expression.String,
	"country": expression.String, "city": expression.String, "zone": expression.String,
	"kind": expression.String, "tier": expression.String,
}

// readSet reads formulas for traits and profile fields.
func (c *campaignReader) readSet(n node) []Assignment {
	var set []Assignment
	for _, p := range n.pairs("what to change, such as {traits.vip: true}") {
		scope := c.inside()
		scope.Want = c.settableType(p)
		value := p.value
		if value.kind() == aBlank {
			p.problem(quote(p.key)+" has no value", `write a formula; nil forgets what is known`)
			continue
		}
		set = append(set, Assignment{p.key, c.expression(value, "a formula; text in it stands in quotes of its own, such as '\"gold\"'", scope)})
	}
	return set
}

// settableType is the type of a field that may be set; other fields are
// reported.
func (c *campaignReader) settableType(p pair) expression.Type {
	if trait, isTrait := traitName(p.key); isTrait {
		if declared, known := c.workspace.Traits[trait]; known {
			return declared
		}
		if c.settled {
			p.problem("there is no trait "+quote(trait), didYouMean(trait, slices.Sorted(maps.Keys(c.workspace.Traits)), "declare it under traits in rapport.yaml"))
		}
		return expression.Any
	}
	if declared, known := settable[p.key]; known {
		return declared
	}
	known := slices.Sorted(maps.Keys(settable))
	p.problem(quote(p.key)+" cannot be set", didYouMean(p.key, known, "set traits.<name>, or one of "+strings.Join(known, ", ")))
	return expression.Any
}

// readTags reads +vip and -lapsed, alone or in a list.
func readTags(n node) []TagChange {
	const want = "tags such as [+vip, -lapsed]"
	if n.kind() != aList {
		return []TagChange{small(n, want, parseTag)}
	}
	var changes []TagChange
	for _, item := range n.items(want) {
		changes = append(changes, small(item, "a tag such as +vip", parseTag))
	}
	return changes
}

func parseTag(text string) (TagChange, *mistake) {
	tag, add := strings.CutPrefix(text, "+")
	if !add {
		var remove bool
		if tag, remove = strings.CutPrefix(text, "-"); !remove {
			return TagChange{}, wrong(quote(text)+" does not say whether the tag is put on or taken off", "write +"+text+" or -"+text)
		}
	}
	if !identifier.MatchString(tag) {
		return TagChange{}, wrong(quote(tag)+" cannot be a tag", "use small letters, digits and hyphens, such as +"+slug(tag))
	}
	return TagChange{Tag: tag, Add: add}, nil
}

const (
	wantPoints = "points such as +100 or -50"
	mostPoints = 1_000_000_000
)

var pointsForm = regexp.MustCompile(`^[+-]?\d{1,18}$`)

// parsePoints reads +100 or -50.
func parsePoints(text string) (int64, *mistake) {
	if !pointsForm.MatchString(text) {
		return 0, wrong(quote(text)+" is not a number of points", "write "+wantPoints)
	}
	points, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil || points > mostPoints || points < -mostPoints:
		return 0, wrong(quote(text)+" is more points than anybody has", "write "+wantPoints)
	case points == 0:
		return 0, wrong("0 points change nothing", "write "+wantPoints+", or take the step out")
	case text[0] != '+' && text[0] != '-':
		return 0, wrong(quote(text)+" does not say whether points are given or taken", "write +"+text+" or -"+text)
	}
	return points, nil
}

// readConsent reads what is noted of a customer's word.
func (c *campaignReader) readConsent(n node) *ConsentChange {
	m := n.fields("a consent as {topic: marketing, channel: sms, to: out}")
	change := &ConsentChange{
		Topic:    c.topic(m.need("topic", "write which of rapport.yaml's topics it is about, such as \"topic: marketing\"")),
		Channels: readBy(m.need("channel", "write the channels it is about, such as \"channel: sms\" or \"channel: [email, sms]\"")),
	}
	to := choice(m.need("to", "write \"to: in\" or \"to: out\""), "", "in", "out")
	change.In = to == "in"
	m.end()
	return change
}
