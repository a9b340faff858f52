package campaigns

import (
	"strings"

	"rapport/campaigns/replytext"
)

// read understands what was pressed, chosen or written as an answer on the
// question's scale. An answer outside the scale is none.
func (a *Ask) read(raw string) (replytext.Reading, bool) {
	switch a.Scale {
	case CSAT5:
		return replytext.ReadScore(raw, 1, 5)
	case NPS:
		return replytext.ReadScore(raw, 0, 10)
	case YesNo:
		return replytext.ReadYesNo(raw)
	case Choice:
		return replytext.ReadChoice(raw, a.Choices)
	case Text:
		words := strings.TrimSpace(raw)
		return replytext.Reading{Text: words}, words != ""
	}
	return replytext.Reading{}, false
}
