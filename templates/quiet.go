package templates

import "strings"

// quiet takes the space out of blocks that say nothing: an if that only
// assigns leaves no empty lines behind, as elsewhere in Liquid.
func quiet(pieces []piece) {
	type block struct {
		from   int
		speaks bool
	}
	var open []block
	speak := func() {
		if len(open) > 0 {
			open[len(open)-1].speaks = true
		}
	}
	captures := 0
	for i, p := range pieces {
		switch {
		case p.tag != nil && p.tag.name == "capture":
			captures++
		case p.tag != nil && p.tag.name == "endcapture":
			captures--
		case captures > 0:
			// What is captured is not shown here.
		case p.tag == nil:
			if strings.TrimSpace(p.text) != "" {
				speak()
			}
		case p.tag.name == "if" || p.tag.name == "unless" || p.tag.name == "case" || p.tag.name == "for":
			open = append(open, block{from: i})
		case strings.HasPrefix(p.tag.name, "end") && len(open) > 0:
			last := open[len(open)-1]
			open = open[:len(open)-1]
			if last.speaks {
				speak()
				continue
			}
			silence(pieces[last.from : i+1])
		case p.tag.name == "" || p.tag.name == "cycle":
			speak()
		}
	}
}

// silence empties the literal text among pieces that is not captured.
func silence(pieces []piece) {
	captures := 0
	for i, p := range pieces {
		switch {
		case p.tag != nil && p.tag.name == "capture":
			captures++
		case p.tag != nil && p.tag.name == "endcapture":
			captures--
		case p.tag == nil && captures == 0:
			pieces[i].text = ""
		}
	}
}
