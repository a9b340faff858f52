package webhooks

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

// Own listens to what our own doors stored: clicks, opens, unsubscribes, survey
// answers and what browsers report. The doors have checked the token, so that
// nothing is left to verify.
type Own struct {
	Addresses deliveries.Addresses
}

// Verify implements channels.Listener. Visits never arrive from outside.
func (o Own) Verify(channels.Callback) error {
	return errors.New("visits of our own links are not callbacks")
}

// Reports implements channels.Listener.
func (o Own) Reports(c channels.Callback) ([]channels.Report, error) {
	form, err := url.ParseQuery(string(c.Body))
	if err != nil {
		return nil, fmt.Errorf("read a stored visit: %w", err)
	}
	millis, err := strconv.ParseInt(form.Get("at"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("read the moment of a stored visit: %w", err)
	}
	report := channels.Report{At: time.UnixMilli(millis).UTC()}
	machine := channels.MachineVisit(c.Method, c.Header.Get("User-Agent"))
	path := deliveries.Door(c.URL)
	switch {
	case strings.HasPrefix(path, deliveries.PathClick):
		report.Kind, report.Link, report.Bot = channels.ReportClicked, form.Get("link"), machine
	case strings.HasPrefix(path, deliveries.PathOpen):
		report.Kind, report.Bot = channels.ReportOpened, machine
	case strings.HasPrefix(path, deliveries.PathUnsubscribe):
		return unsubscribed(report, form), nil
	case strings.HasPrefix(path, deliveries.PathPreferences):
		return preferred(report, form), nil
	case strings.HasPrefix(path, deliveries.PathNotMe):
		return disowned(report, form), nil
	case strings.HasPrefix(path, deliveries.PathSurvey):
		report.Kind, report.Answer, report.Text = channels.ReportAnswered, form.Get("score"), form.Get("text")
	case path == deliveries.PathPushReports:
		return o.pushed(report, form)
	default:
		return nil, fmt.Errorf("a stored visit is of no known door")
	}
	return []channels.Report{report}, nil
}

// unsubscribed reads a stop, by the page or the mail program, or that it was a
// mistake.
func unsubscribed(report channels.Report, form url.Values) []channels.Report {
	if form.Has("yes") {
		return preferred(report, form)
	}
	report.Kind = channels.ReportUnsubscribed
	if form.Has("page") {
		report.Reason = channels.ReasonByPage
	}
	return []channels.Report{report}
}

// preferred reads choices, and which blocked channels are to be free again.
func preferred(report channels.Report, form url.Values) []channels.Report {
	var reports []channels.Report
	for _, ch := range form["free"] {
		freed := report
		freed.Kind, freed.Channel, freed.Reason = channels.ReportResubscribed, channels.Channel(ch), channels.ReasonByPage
		reports = append(reports, freed)
	}
	report.Kind, report.Choices = channels.ReportPreferred, append(choices(form["yes"], true), choices(form["no"], false)...)
	if len(report.Choices) == 0 {
		return reports
	}
	return append(reports, report)
}

// disowned reads that an address is not the customer's, on the other channel to
// the same number too.
func disowned(report channels.Report, form url.Values) []channels.Report {
	report.Kind, report.Reason, report.From = channels.ReportDisowned, channels.ReasonNotTheirs, form.Get("from")
	reports := []channels.Report{report}
	if also := form.Get("also"); also != "" {
		report.Channel = channels.Channel(also)
		reports = append(reports, report)
	}
	return reports
}

// pushed reads what a service worker reported.
func (o Own) pushed(report channels.Report, form url.Values) ([]channels.Report, error) {
	token, err := o.Addresses.Signer.Open(deliveries.PushReport, form.Get("token"))
	if err != nil {
		return nil, err
	}
	report.Channel, report.Delivery = channels.Push, token.Delivery
	switch form.Get("kind") {
	case "shown":
		report.Kind = channels.ReportDelivered
	case "clicked":
		report.Kind, report.Link, report.Action = channels.ReportClicked, form.Get("link"), form.Get("action")
	case "closed":
		report.Kind = channels.ReportClosed
	default:
		return nil, nil
	}
	return []channels.Report{report}, nil
}
