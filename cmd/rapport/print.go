package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"rapport/customers"
)

// printJSON writes a result for other programs.
func printJSON(w io.Writer, result any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(result)
}

// newTable is a table as every command prints them.
func newTable(w io.Writer, header ...any) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	style := table.StyleLight
	style.Options = table.OptionsNoBordersAndSeparators
	style.Options.SeparateHeader = true
	t.SetStyle(style)
	t.AppendHeader(table.Row(header))
	return t
}

// stamp writes an instant in a zone, to the minute.
func stamp(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(zone).Format("Mon 2006-01-02 15:04")
}

// printTimeline writes what happened, a line an event, each day named once.
func printTimeline(w io.Writer, events []customers.Event, zone *time.Location) {
	day := ""
	for _, event := range events {
		at := event.At.In(zone)
		date := at.Format("Mon 2006-01-02")
		if date == day {
			date = strings.Repeat(" ", len(date))
		} else {
			day = date
		}
		fmt.Fprintf(w, "  %s  %s  %s\n", date, at.Format("15:04"), eventLine(event))
	}
}

// eventLine is an event with what is worth knowing of it.
func eventLine(e customers.Event) string {
	var details []string
	for _, name := range []string{"campaign", "template", "provider", "order_id", "total", "question", "answer", "heard", "score", "link", "text", "title", "queue", "reason", "segments", "about", "by", "media", "subject", "attachments", "claimed"} {
		if value, known := e.Properties[name]; known && value != "" {
			details = append(details, name+" "+strings.Join(strings.Fields(customers.Told(value)), " "))
		}
	}
	if e.Campaign != "" && !slices.ContainsFunc(details, func(d string) bool { return strings.HasPrefix(d, "campaign ") }) {
		details = append([]string{"campaign " + e.Campaign}, details...)
	}
	if len(details) == 0 {
		return e.Name
	}
	return e.Name + "  (" + strings.Join(details, ", ") + ")"
}
