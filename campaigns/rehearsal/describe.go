package rehearsal

import (
	"fmt"
	"strings"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/deliveries"
)

// Tells reports whether a line is worth a reader's while: what happened, not
// every place a journey passed on its way.
func (l Line) Tells() bool {
	switch l.Kind {
	case Arrived, WasPlanned:
		return false
	case Stepped:
		return strings.HasPrefix(l.Reason, "branch ") || strings.HasPrefix(l.Reason, "path ") || l.Reason == "unanswered" ||
			l.Reason == "timed_out" || l.Reason == "happened"
	case CameBack:
		return !strings.HasPrefix(l.Reason, string(deliveries.Delivered))
	}
	return true
}

// Words says a line in words, without when and who, times by a zone's clock.
func (l Line) Words(zone *time.Location) string {
	what := string(l.Kind)
	switch l.Kind {
	case Happened:
		return l.Name
	case Entered:
		what = "enters " + l.Campaign
	case Refused:
		what = "does not enter " + l.Campaign
	case LeftJourney:
		what = "leaves " + l.Campaign
	case FinishedJourney:
		if what = "finishes " + l.Campaign; l.Reason == string(campaigns.Finished) {
			return what
		}
	case Stepped:
		return "step " + l.Name + ": " + l.Reason
	case WasPlanned, WentOut, WasSkipped, WasFailed, CameBack, Held, Mistaken:
		return l.aboutMessage(zone)
	case Answered:
		return "answers " + l.Name + ": " + l.Reason
	case CaseOpened:
		return fmt.Sprintf("case in %s, %s: %s", l.Case.Queue, l.Case.Priority, l.Case.Title)
	case Tagged:
		return "tag " + map[any]string{true: "+", false: "-"}[l.Value] + l.Name
	case WasSet:
		return fmt.Sprintf("%s is set to %v", l.Name, l.Value)
	case PointsAdded:
		return fmt.Sprintf("points %+d", l.Number)
	case Consented:
		return "consent " + l.Name + "/" + string(l.Channel) + map[any]string{true: " in", false: " out"}[l.Value]
	case Blocked:
		what = string(l.Channel) + " address is suppressed"
	case WasDecided:
		if l.Number > 0 {
			what = fmt.Sprintf("stage %d of %s is judged: %s", l.Number, l.Campaign, l.Name)
		}
	case GoalReached:
		what = "goal reached"
		if value, _ := l.Value.(float64); value != 0 {
			what += ", worth " + plain(value)
		}
	}
	if l.Reason != "" {
		what += " (" + l.Reason + ")"
	}
	return what
}

func (l Line) aboutMessage(zone *time.Location) string {
	what := strings.TrimSpace(string(l.Channel) + " " + l.Name)
	switch l.Kind {
	case WentOut:
		if l.Number > 1 {
			what += fmt.Sprintf(", attempt %d,", l.Number)
		}
		return what + " goes out" + quoted(l.Content)
	case Held:
		until, _ := l.Value.(time.Time)
		return what + " waits until " + until.In(zone).Format("Mon 2006-01-02 15:04") + " (" + l.Reason + ")"
	case CameBack:
		return what + ": " + l.Reason
	case Mistaken:
		return what + " cannot be written: " + l.Reason
	case WasPlanned:
		return what + " is planned"
	}
	if l.Reason == "" {
		return what + " " + string(l.Kind)
	}
	return what + " " + string(l.Kind) + ": " + l.Reason
}

// quoted is the beginning of what a message says.
func quoted(c *channels.Content) string {
	text := ""
	switch {
	case c == nil:
	case c.Email != nil:
		text = c.Email.Subject
	case c.SMS != nil:
		text = c.SMS.Text
	case c.Push != nil:
		text = c.Push.Title
	}
	runes := []rune(strings.Join(strings.Fields(text), " "))
	switch {
	case len(runes) == 0:
		return ""
	case len(runes) > 60:
		runes = append(runes[:59], '…')
	}
	return ": “" + string(runes) + "”"
}
