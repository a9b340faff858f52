package main

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"os"
	"strings"
	"time"

	"rapport/campaigns"
)

// The JUnit format, as GitLab, Jenkins and GitHub's reporters read it.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr"`
	Line    int           `xml:"line,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Days    string `xml:",chardata"`
}

// writeJUnit writes a suite for each file of tests.
func writeJUnit(file string, w *campaigns.Workspace, played []performance, took time.Duration) error {
	all := junitSuites{Tests: len(played), Time: fmt.Sprintf("%.3f", took.Seconds())}
	for _, p := range played {
		if last := len(all.Suites) - 1; last < 0 || all.Suites[last].Name != p.Test.File {
			all.Suites = append(all.Suites, junitSuite{Name: p.Test.File})
		}
		suite := &all.Suites[len(all.Suites)-1]
		one := junitCase{Name: p.Test.Title, Class: p.Test.Campaigns[0], File: p.Test.File, Line: p.Test.Line, Time: fmt.Sprintf("%.3f", p.took.Seconds())}
		if u := p.Unmet; u != nil {
			var days strings.Builder
			printDays(&days, w, p)
			one.Line = u.Line
			one.Failure = &junitFailure{strings.TrimPrefix("expected "+u.Expected+", but "+u.Instead, "expected , but "), cmp.Or(days.String(), u.Instead)}
			suite.Failures++
			all.Failures++
		}
		suite.Tests++
		suite.Cases = append(suite.Cases, one)
	}
	content, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("write the results to %s: %w", file, err)
	}
	return os.WriteFile(file, append([]byte(xml.Header), append(content, '\n')...), 0o644) //nolint:gosec // read by another user: the CI's
}
