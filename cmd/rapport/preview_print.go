package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"rapport/channels"
)

// print writes a preview for people.
func (p preview) print(w io.Writer) {
	fmt.Fprintf(w, "%s %s (%s), as %s gets it\n", p.Channel, p.Template, p.Locale, p.Customer)
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(w, "  %-10s %s\n", name, text)
		}
	}
	switch c := p.Content; {
	case c.Email != nil:
		line("subject", c.Email.Subject)
		line("preheader", c.Email.Preheader)
		line("HTML", fmt.Sprintf("%.1f KB", float64(p.HTMLBytes)/1024))
		block(w, c.Email.Text)
	case c.SMS != nil:
		line("segments", fmt.Sprintf("%d (%s)", p.Segments, p.Encoding))
		block(w, c.SMS.Text)
	case c.Push != nil:
		line("title", c.Push.Title)
		line("body", c.Push.Body)
		line("url", c.Push.URL)
		for _, action := range c.Push.Actions {
			line("action", action.Title+" "+action.URL)
		}
	case c.Call != nil:
		printScript(w, c.Call)
	}
	if len(p.Lookalikes) > 0 {
		line("links", strings.Join(p.Lookalikes, ", ")+": for show here, they open nothing; each message that is sent has its own")
	}
	line("file", p.File)
	if p.SentTo != "" {
		line("sent", "as a test to "+p.SentTo+map[bool]string{true: ", through the sandbox: nobody gets it"}[p.Simulated])
	}
}

func printScript(w io.Writer, c *channels.CallScript) {
	say := func(who, words string) {
		if words != "" {
			fmt.Fprintf(w, "  %-10s %s\n", who, words)
		}
	}
	say("says", c.Say)
	for _, q := range c.Questions {
		say("asks", q.Say)
		switch q.Expect {
		case channels.ExpectDigits:
			say("", fmt.Sprintf("(a key from %d to %d)", q.Low, q.High))
		case channels.ExpectRecord:
			say("", fmt.Sprintf("(records up to %s)", q.Record))
		default:
			say("", "("+string(q.Expect)+")")
		}
	}
	if c.Transfer != nil {
		say("transfers", fmt.Sprintf("to %s when %s is %d or less: %s", c.Transfer.To, c.Transfer.Question, c.Transfer.AtOrBelow, c.Transfer.Say))
	}
	say("ends with", c.Bye)
	say("voicemail", c.Voicemail)
}

// block writes the words of a message, set apart from what is said of it.
func block(w io.Writer, text string) {
	for line := range strings.Lines(strings.TrimSpace(text)) {
		fmt.Fprintf(w, "  | %s\n", strings.TrimRight(line, "\n"))
	}
}

// openHTML writes an e-mail's HTML to a file of its own and opens it where there
// is a screen and a program for it.
func openHTML(ctx context.Context, html string) (string, error) {
	file, err := os.CreateTemp("", "rapport-preview-*.html")
	if err != nil {
		return "", err
	}
	if _, err := file.WriteString(html); err != nil {
		return "", err
	}
	if err := file.Close(); err != nil {
		return "", err
	}
	if os.Getenv("DISPLAY") == "" {
		return file.Name(), nil
	}
	if opener, err := exec.LookPath("xdg-open"); err == nil {
		_ = exec.CommandContext(context.WithoutCancel(ctx), opener, file.Name()).Start() // the path is printed all the same
	}
	return file.Name(), nil
}
