package campaigns

import (
	"fmt"
	"strings"
)

// stepChanges compares two lists of steps. A step that was put in before others
// does not make them different, although their paths are.
func (m meanings) steps(before, after []Step) []Change {
	list := []Change{}
	common := commonTexts(m.texts(before, after))
	common = append(common, twoPlaces{len(before), len(after)}) // the end of both
	b, a := 0, 0
	for _, same := range common {
		list = append(list, m.unlike(before[b:same.before], after[a:same.after])...)
		b, a = same.before+1, same.after+1
	}
	return list
}

// twoPlaces is a step that stands in both lists, by its places.
type twoPlaces struct{ before, after int }

// texts is all that the steps of two lists say, step by step.
func (m meanings) texts(before, after []Step) (then, now []string) {
	for _, s := range before {
		then = append(then, m.before.stepText(s))
	}
	for _, s := range after {
		now = append(now, m.after.stepText(s))
	}
	return then, now
}

// commonTexts is the longest row of steps that both lists hold in one order.
func commonTexts(before, after []string) []twoPlaces {
	lengths := make([][]int, len(before)+1)
	for i := range lengths {
		lengths[i] = make([]int, len(after)+1)
	}
	for i := len(before) - 1; i >= 0; i-- {
		for j := len(after) - 1; j >= 0; j-- {
			lengths[i][j] = max(lengths[i+1][j], lengths[i][j+1])
			if before[i] == after[j] {
				lengths[i][j] = lengths[i+1][j+1] + 1
			}
		}
	}
	var common []twoPlaces
	for i, j := 0, 0; i < len(before) && j < len(after); {
		switch {
		case before[i] == after[j]:
			common = append(common, twoPlaces{i, j})
			i, j = i+1, j+1
		case lengths[i+1][j] >= lengths[i][j+1]:
			i++
		default:
			j++
		}
	}
	return common
}

// unlike compares steps that stand between two common ones: those of one kind, or
// in the same place, changed; the rest was taken out or put in.
func (m meanings) unlike(before, after []Step) []Change {
	var list []Change
	for len(before) > 0 || len(after) > 0 {
		switch {
		case len(before) == 0:
			list = append(list, Change{"step " + after[0].Path, "", after[0].describe()})
			after = after[1:]
		case len(after) == 0:
			list = append(list, Change{"step " + before[0].Path, before[0].describe(), ""})
			before = before[1:]
		case len(before) > len(after) && before[0].Kind != after[0].Kind:
			list = append(list, Change{"step " + before[0].Path, before[0].describe(), ""})
			before = before[1:]
		case len(after) > len(before) && before[0].Kind != after[0].Kind:
			list = append(list, Change{"step " + after[0].Path, "", after[0].describe()})
			after = after[1:]
		default:
			list = append(list, m.step(before[0], after[0])...)
			before, after = before[1:], after[1:]
		}
	}
	return list
}

// step says how one step became another.
func (m meanings) step(s, after Step) []Change {
	place := "step " + s.Path
	if s.Kind != after.Kind {
		return []Change{{place, s.describe(), after.describe()}}
	}
	list := changes(m.before.stepFacts(s), m.after.stepFacts(after))
	for i := range list {
		list[i].Part = place + " (" + after.describe() + ") " + list[i].Part
	}
	for i := range max(len(s.Branch), len(after.Branch)) {
		arm := fmt.Sprintf("%s arm %d", place, i+1)
		switch {
		case i >= len(after.Branch):
			list = append(list, Change{arm, s.Branch[i].describe(), ""})
		case i >= len(s.Branch):
			list = append(list, Change{arm, "", after.Branch[i].describe()})
		default:
			for _, c := range changes(m.before.facts(s.Branch[i], "Steps"), m.after.facts(after.Branch[i], "Steps")) {
				c.Part = arm + " " + c.Part
				list = append(list, c)
			}
			list = append(list, m.steps(s.Branch[i].Steps, after.Branch[i].Steps)...)
		}
	}
	return list
}

// facts are what a step says beside the steps in its arms.
func (w *Workspace) stepFacts(s Step) []fact {
	said := w.facts(s, "Kind", "Path", "Line", "Column", "Branch")
	for i := range said {
		switch said[i].part { // as files name them
		case "wait.for":
			said[i].part = "wait"
		case "wait.event":
			said[i].part = "wait.for"
		}
	}
	return said
}

// stepText is all that a step says, its arms included.
func (w *Workspace) stepText(s Step) string {
	var b strings.Builder
	b.WriteString(string(s.Kind))
	for _, f := range w.stepFacts(s) {
		b.WriteString("\x00" + f.part + "\x00" + f.words)
	}
	for _, arm := range s.Branch {
		for _, f := range w.facts(arm, "Steps") {
			b.WriteString("\x01" + f.part + "\x00" + f.words)
		}
		for _, step := range arm.Steps {
			b.WriteString("\x02" + w.stepText(step) + "\x03")
		}
	}
	return b.String()
}

// describe says what an arm is for and does.
func (b Branch) describe() string {
	var words []string
	switch {
	case b.If != nil:
		words = append(words, "if "+b.If.String())
	case b.Name != "":
		words = append(words, "path "+b.Name)
	default:
		words = append(words, "else")
	}
	for i := range b.Steps {
		words = append(words, b.Steps[i].describe())
	}
	return strings.Join(words, ", ")
}
