package campaigns

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"rapport/channels"
)

// Title says what the step does.
func (s *Step) Title() string { return s.describe() }

// describe says what a step does.
func (s *Step) describe() string {
	switch s.Kind {
	case StepWait:
		return s.Wait.describe()
	case StepEmail, StepSMS, StepCall, StepPush:
		return string(s.Kind) + " with " + s.Send.Template
	case StepReach:
		return "reach by " + joinedChannels(s.channels(), ", then ") + " with " + s.Send.Template
	case StepAsk:
		return "ask " + s.ID + " by " + joinedChannels(s.channels(), " or ")
	case StepSplit:
		return "split " + s.ID
	case StepPoints:
		return "points " + signed(s.Points)
	case StepConsent:
		return s.Consent.describe()
	case StepWebhook:
		return "tell " + hostOf(s.Webhook.URL)
	case StepEnter:
		return "enter " + s.Enter
	case StepCase:
		return strings.TrimSpace("open a case " + inQueue(s.Case.Queue))
	case StepSet:
		fields := make([]string, len(s.Set))
		for i, assignment := range s.Set {
			fields[i] = assignment.Field
		}
		return "set " + strings.Join(fields, ", ")
	case StepTag:
		return "tag " + describeTags(s.Tag)
	}
	return string(s.Kind)
}

func (w Wait) describe() string {
	switch {
	case w.Event != "":
		return "wait for " + w.Event + ", at most " + spell(w.AtMost)
	case w.Until != nil:
		return fmt.Sprintf("wait until %02d:%02d", *w.Until/60, *w.Until%60)
	}
	return "wait " + spell(w.For)
}

func (c ConsentChange) describe() string {
	return consentMark(c.In) + " to " + c.Topic + " by " + joinedChannels(c.Channels, ", ")
}

func joinedChannels(all []channels.Channel, with string) string {
	names := make([]string, len(all))
	for i, ch := range all {
		names[i] = string(ch)
	}
	return strings.Join(names, with)
}

// hostOf is the part of an address that says whose it is; what follows may hold
// a secret.
func hostOf(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return "another system"
	}
	return parsed.Hostname()
}

func inQueue(queue string) string {
	if queue == "" {
		return ""
	}
	return "in " + queue
}

func describeTags(changes []TagChange) string {
	words := make([]string, len(changes))
	for i, change := range changes {
		words[i] = map[bool]string{true: "+", false: "-"}[change.Add] + change.Tag
	}
	return strings.Join(words, ", ")
}

// spell writes a duration as campaign files do: 1d12h.
func spell(d time.Duration) string {
	var b strings.Builder
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if n := d / unit.length; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, unit.name)
			d -= n * unit.length
		}
	}
	return b.String()
}

// stamp writes a moment as the command line and the console do, in the workspace's
// zone.
func (w *Workspace) stamp(t time.Time) string { return t.In(w.Zone).Format("Mon 2006-01-02 15:04") }
