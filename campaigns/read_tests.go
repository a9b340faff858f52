package campaigns

import (
	"slices"
	"time"
)

// usualTestDays is how long a test goes on after the last line of its script,
// where it does not say and that line is no wait, with which it ends.
const usualTestDays = 30 * 24 * time.Hour

// longestTest bounds a test's days.
const longestTest = 2 * 366 * 24 * time.Hour

// testReader reads one campaign test.
type testReader struct {
	*reader
	test *Test
	// messages are those that the test's campaigns may send.
	messages []Message
	// clock is the instant that the script has come to.
	clock time.Time
	// waits says that its last line was a wait.
	waits bool
}

// readTests reads every campaign test. A test of a campaign that has mistakes
// is left out; what is wrong with the test itself is reported all the same.
func (r *reader) readTests() {
	for _, file := range r.folder("tests") {
		for _, root := range r.documents(file, `a campaign test, which begins with "test:"`) {
			r.readTest(root)
		}
	}
}

func (r *reader) readTest(root node) {
	before := r.mistakes()
	m := root.fields("")
	title := m.need("test", `say what it shows: "test: an unhappy customer gets a case"`)
	t := &testReader{reader: r, test: &Test{Title: title.text(), File: title.src.file, Line: title.line, says: root.meaning()}}
	t.read(m)
	m.end()
	sound := r.mistakes() == before && !slices.ContainsFunc(t.test.Campaigns, func(id string) bool { return r.workspace.Campaigns[id] == nil })
	if sound {
		r.workspace.Tests = append(r.workspace.Tests, *t.test)
	}
}

func (t *testReader) read(m *mapping) {
	into := t.test
	into.Zone = t.workspace.zone()
	if zone := m.get("zone").zone(); zone != nil {
		into.Zone = zone
	}
	t.readCampaignNames(m)
	t.messages = t.workspace.Messages(into.Campaigns...)
	into.Start = t.instant(m.need("start", "write when the test begins, such as \"start: 2026-12-01 11:00\""))
	t.clock = into.Start
	if rollout := m.get("rollout"); rollout.is("true or false", aFlag) {
		into.Rollout = rollout.raw() == "true"
	}
	t.readCustomers(m)
	t.readScript(m.get("script"))
	t.readUntil(m.get("until"))
	expect := m.need("expect", "write what is to come of it, such as \"- {email: welcome}\"")
	items := expect.items("a list of expectations, each on a line that begins with \"- \"")
	if expect.kind() == aList && len(items) == 0 {
		expect.problem("this test expects nothing", `write what is to come of it, or "- never: message"`)
	}
	for _, item := range items {
		into.Expect = append(into.Expect, t.readExpectation(item))
	}
}

// readCampaignNames reads what the test is about, and which campaigns work
// beside it.
func (t *testReader) readCampaignNames(m *mapping) {
	names := []node{m.need("campaign", `name the campaign that is tested: "campaign: after-delivery"`)}
	if beside := m.get("beside"); beside.present() {
		names = append(names, beside.items("a list of campaigns that work beside it, such as [weekly-news]")...)
	}
	for _, n := range names {
		id := n.text()
		if id == "" {
			continue
		}
		t.checkCampaign(n, id, "name one of campaigns/")
		t.test.Campaigns = append(t.test.Campaigns, id)
	}
}

// checkCampaign checks that there is a campaign of that name. A file that could
// not be read may hold it.
func (r *reader) checkCampaign(n node, id, otherwise string) {
	_, declared := r.campaigns[id]
	switch {
	case declared:
	case r.campaignsUnread:
		r.silenced++
	default:
		n.problem("there is no campaign "+quote(id), didYouMean(id, r.campaignNames(), otherwise))
	}
}

// readUntil reads when the test ends: an instant, or how long it goes on after
// the last line of its script.
func (t *testReader) readUntil(n node) {
	into := t.test
	into.Until = t.clock
	if !t.waits {
		into.Until = t.clock.Add(usualTestDays)
	}
	if !n.present() || !n.is("an instant such as 2026-12-24, or a duration such as 30d", aText, aNumber) {
		return
	}
	if long, problem := parseDuration(n.raw()); problem == nil {
		into.Until = t.clock.Add(long)
	} else {
		into.Until = t.instant(n)
	}
	switch {
	case into.Until.IsZero():
	case into.Until.Before(t.clock):
		n.problem("the test ends before its script", "write a later end, or remove the line")
	case into.Until.Sub(into.Start) > longestTest:
		n.problem("the test goes on for more than two years", "write an earlier end")
	}
}

// instant reads a moment by the test's clock; zero where there is none.
func (t *testReader) instant(n node) time.Time {
	if !n.is("a moment such as 2026-12-01 10:00", aText, aNumber) {
		return time.Time{}
	}
	local, problem := parseInstant(n.raw())
	if n.report(problem); problem != nil {
		return time.Time{}
	}
	return local.In(t.test.Zone)
}

// whose reads the id of one of the test's customers. Where it is not written it
// is the only one there is.
func (t *testReader) whose(n node) string {
	people := t.test.Customers
	if !n.present() {
		if len(people) > 1 {
			n.problem("this does not say which customer is meant", "write customer: "+people[0].ID)
		}
		if len(people) == 0 {
			return ""
		}
		return people[0].ID
	}
	return t.anyone(n)
}

// anyone reads the id of one of the test's customers, or nothing.
func (t *testReader) anyone(n node) string {
	if !n.present() {
		return ""
	}
	id := n.text()
	ids := make([]string, len(t.test.Customers))
	for i, c := range t.test.Customers {
		ids[i] = c.ID
	}
	if id != "" && !slices.Contains(ids, id) {
		n.problem("there is no customer "+quote(id)+" in this test", didYouMean(id, ids, ""))
	}
	return id
}
