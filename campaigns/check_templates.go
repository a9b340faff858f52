package campaigns

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"rapport/channels"
	"rapport/templates"
)

// use is one step's use of a template.
type use struct {
	step node // the template's name in the step
	vars map[string]any
	ask  bool
}

// sender checks that the workspace has a sender for a channel. Push needs none:
// browsers show who subscribed them.
func (c *campaignReader) sender(at node, ch channels.Channel) {
	if _, given := c.workspace.Senders[ch]; given || ch == channels.Push {
		return
	}
	if !c.settled {
		c.silenced++
		return
	}
	at.problem("rapport.yaml names no sender for "+string(ch), "write it under senders: "+string(ch)+": {from: …}")
}

// template checks that a template exists and that this campaign gives
// everything it names.
func (c *campaignReader) template(n node, ch channels.Channel, u use) {
	name := n.raw()
	if n.kind() != aText || name == "" {
		return
	}
	ref := templates.Ref{Channel: ch, Name: name}
	if !c.workspace.Templates.Has(ref) {
		if c.brokenTemplate(ch, name) {
			return
		}
		n.problem("there is no "+string(ch)+" template "+quote(name),
			didYouMean(bareName(name), c.workspace.Templates.Names(ch), "write it in templates/"+string(ch)+"/"+bareName(name)+extension(ch)))
		return
	}
	for _, field := range c.workspace.Templates.Fields(ref) {
		m := c.given(field, u)
		if _, own := c.files[field.File]; own {
			c.at(field, m)
		} else if m = cmp.Or(m, c.exists(field, ch)); m != nil { // shipped; only the step can be mended
			n.problem(m.message+" (a file that comes with the program names it)", m.mend)
		}
	}
}

// bareName is a template's name without the folder and the ending of its file,
// which some write.
func bareName(name string) string {
	name, _, _ = strings.Cut(path.Base(name), ".")
	return name
}

// at reports a mistake where a template names a field.
func (r *reader) at(f templates.Field, m *mistake) {
	if m != nil {
		r.add(Problem{File: f.File, Line: f.Line, Column: f.Column, Message: m.message, Mend: m.mend})
	}
}

func extension(ch channels.Channel) string {
	if ch == channels.Email || ch == channels.SMS {
		return ".liquid"
	}
	return ".yaml"
}

// brokenTemplate reports whether a template's files have mistakes of their own,
// which are reported already.
func (r *reader) brokenTemplate(ch channels.Channel, name string) bool {
	for file := range r.broken {
		if isTemplate(file, "templates/"+string(ch)+"/"+name) {
			return true
		}
	}
	return false
}

// scriptAsks checks that a call script asks the question whose answer the step
// waits for, and takes the keys of its scale.
func (c *campaignReader) scriptAsks(template node, id string, ask *Ask) {
	for _, script := range c.scripts(template.raw()) {
		if id == "" || c.broken[script.file] {
			continue
		}
		at := slices.IndexFunc(script.questions, func(q scriptQuestion) bool { return q.id == id })
		if at < 0 {
			template.problem("the script "+script.file+" asks no question "+quote(id),
				didYouMean(id, script.ids(), "give one of its questions this id, or write another id after \"ask:\""))
			continue
		}
		if expect, keys := script.questions[at].expect, ask.keys(); c.keysMissScale(expect, keys) {
			template.problem("the script "+script.file+" expects "+expect+" for "+quote(id)+", and answers on the scale "+string(ask.Scale)+" are "+keys,
				"write expect: "+keys+" there, or give the step the scale that the call asks for")
		}
	}
}

// keysMissScale reports whether the keys that a script takes are not those of a
// scale. What is spoken or recorded is read as it comes, and a workspace that was
// applied is taken as it is.
func (c *campaignReader) keysMissScale(expect, keys string) bool {
	byKeys := expect == string(channels.ExpectYesNo) || strings.HasPrefix(expect, string(channels.ExpectDigits)+" ")
	same := expect == keys || keys == string(channels.ExpectYesNo) && expect == "digits 1-2"
	return byKeys && keys != "" && !same && !c.applied
}

// keys is what a call has to expect for an answer by keys to be one on the scale; ""
// where any will do.
func (a *Ask) keys() string {
	switch a.Scale {
	case CSAT5, NPS:
		span := ranges[a.Scale]
		return fmt.Sprintf("%s %g-%g", channels.ExpectDigits, span[0], span[1])
	case YesNo:
		return string(channels.ExpectYesNo)
	case Choice:
		return fmt.Sprintf("%s 1-%d", channels.ExpectDigits, len(a.Choices))
	}
	return ""
}

// given checks a field that depends on who uses the template: a mistake, or nil.
func (c *campaignReader) given(f templates.Field, u use) *mistake {
	name, place := strings.Join(f.Path, "."), c.campaign.File+":"+itoa(u.step.line)
	switch {
	case len(f.Path) < 2 || f.Defaulted:
		return nil
	case f.Path[0] == "event" && !c.hasEvent():
		return wrong(fmt.Sprintf("%s is not known here: campaign %s, which sends this at %s, starts by %q and has no event", name, c.campaign.ID, place, c.campaign.Trigger.Kind),
			"give it a default, or send another template there")
	case f.Path[0] == "event" && !slices.Contains(c.assured, name):
		return c.missing(c.mayBeMissing(name))
	case f.Path[0] == "answers":
		if m := c.answerGiven(f.Path); m != nil || slices.Contains(c.assured, name) {
			return m
		}
		return c.missing(wrong(name+" is missing where the customer did not answer",
			"write "+defaulted(name)+", or send the template in an arm: if: "+name+" != nil"))
	case name == "links.survey" && !u.ask:
		return wrong("links.survey leads nowhere in "+place+", where nothing is asked", "send this template by an \"ask:\" step, or take the link out")
	case f.Path[0] == "vars":
		if _, given := u.vars[f.Path[1]]; !given {
			return wrong(name+" is not given by the step at "+place, "write vars: {"+f.Path[1]+": …} in the step, or "+defaulted(name))
		}
	}
	return nil
}

// missing is the mistake of a text that names what some messages lack: none in a
// workspace that was applied.
func (r *reader) missing(m *mistake) *mistake {
	if r.applied {
		return nil
	}
	return m
}

func (c *campaignReader) mayBeMissing(name string) *mistake {
	if c.campaign.Trigger.Kind == Manual {
		return wrong(name+" may be missing where somebody starts campaign "+c.campaign.ID+" by hand",
			"write "+defaulted(name)+", or make it what tells entries apart: entry: {key: "+name+"}")
	}
	return wrong(name+" may be missing from the event that starts campaign "+c.campaign.ID,
		"write "+defaulted(name)+", or name it in the campaign's trigger: where: "+name+" != nil")
}

func (c *campaignReader) answerGiven(path []string) *mistake {
	ids := append(slices.Sorted(maps.Keys(c.asks)), c.questions...)
	if !slices.Contains(ids, path[1]) {
		return wrong("campaign "+c.campaign.ID+" asks no question "+quote(path[1]),
			didYouMean(path[1], ids, "name the id of one of its ask steps"))
	}
	return walk(answerBinding(Answer{}), path, 2).mistake()
}

func defaulted(name string) string { return "{{ " + name + " | default: '…' }}" }
