package channels

import (
	"net/http"
	"testing"
	"time"
)

// What really visits links, by what it says of itself.
func TestMachinesAreToldFromPeople(t *testing.T) {
	for _, c := range []struct {
		who, method, agent string
		machine            bool
	}{
		{"Chrome on Windows", "GET", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36", false},
		{"Safari on an iPhone", "GET", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1", false},
		{"Firefox on Linux", "GET", "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", false},
		{"Outlook on Windows", "GET", "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; Trident/7.0; .NET4.0C; .NET4.0E; ms-office; MSOffice 16)", false},
		{"Thunderbird", "GET", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0", false},
		{"Gmail's picture proxy", "GET", "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", false},
		{"a proxy that says nothing", "GET", "", false},
		{"Yahoo's picture proxy", "GET", "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", false},
		{"a Cubot telephone", "GET", "Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36", false},
		{"an iPad with Apple Mail", "GET", "Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148", false},

		{"Apple's Mail Privacy Protection", "GET", "Mozilla/5.0", true},
		{"a browser that asks with HEAD", "HEAD", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36", true},
		{"Google's crawler", "GET", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", true},
		{"Bing's preview", "GET", "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; BingPreview/1.0b)", true},
		{"Slack", "GET", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", true},
		{"Facebook", "GET", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", true},
		{"WhatsApp", "GET", "WhatsApp/2.23.20.0", true},
		{"Skype and Teams", "GET", "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com", true},
		{"Telegram", "GET", "TelegramBot (like TwitterBot)", true},
		{"Barracuda", "GET", "Barracuda Sentinel (EE)", true},
		{"Apple's own", "GET", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)", true},
		{"a headless browser", "GET", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/130.0.0.0 Safari/537.36", true},
		{"Python", "GET", "python-requests/2.32.3", true},
		{"Go", "GET", "Go-http-client/1.1", true},
		{"curl", "GET", "curl/8.5.0", true},
		{"Java", "GET", "Java/17.0.2", true},
	} {
		if got := MachineVisit(c.method, c.agent); got != c.machine {
			t.Errorf("%s is taken for a machine: %v", c.who, got)
		}
	}
}

func TestVisitsOfOneLetterTellAMachineTogether(t *testing.T) {
	delivered := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	type visit struct {
		link  string // "" is an open
		after time.Duration
	}
	for _, c := range []struct {
		what     string
		visits   []visit
		machines []bool
	}{
		{"one click", []visit{{"a", time.Minute}}, []bool{false}},
		{"a click at once", []visit{{"a", time.Second}}, []bool{true}},
		{"a click before the letter is there", []visit{{"a", -3 * time.Second}}, []bool{true}},
		{"an open at once, on a screen that is lit", []visit{{"", time.Second}}, []bool{false}},
		{"two links, read in between", []visit{{"a", time.Minute}, {"b", time.Minute + 4*time.Second}}, []bool{false, false}},
		{"the same link twice", []visit{{"a", time.Minute}, {"a", time.Minute + 200*time.Millisecond}}, []bool{false, false}},
		{"two links in one breath", []visit{{"a", time.Minute}, {"b", time.Minute + 800*time.Millisecond}}, []bool{true, true}},
		{"all links in seconds", []visit{{"c", time.Minute + 4*time.Second}, {"a", time.Minute}, {"b", time.Minute + 2*time.Second}}, []bool{true, true, true}},
		{"a machine, and a person after it", []visit{{"a", time.Minute}, {"b", time.Minute + 500*time.Millisecond}, {"a", time.Minute + 9*time.Second}}, []bool{true, true, false}},
	} {
		var reports []*Report
		for _, v := range c.visits {
			r := &Report{Kind: ReportClicked, Link: v.link, At: delivered.Add(v.after)}
			if v.link == "" {
				r.Kind = ReportOpened
			}
			reports = append(reports, r)
		}
		MarkMachines(reports, delivered)
		for i, r := range reports {
			if r.Bot != c.machines[i] {
				t.Errorf("%s: visit %d is a machine's: %v", c.what, i, r.Bot)
			}
		}
	}
	unknown := &Report{Kind: ReportClicked, Link: "a", At: delivered}
	if MarkMachines([]*Report{unknown}, time.Time{}); unknown.Bot {
		t.Error("a click is judged by a delivery nobody knows of")
	}
	if !MachineVisit(http.MethodHead, "") {
		t.Error("HEAD is a person's")
	}
}
