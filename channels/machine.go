package channels

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Opens and clicks tell of people only where no machine made them. What is
// known of a visit by itself is judged by MachineVisit, what the visits of one
// message say together by MarkMachines. Both err on the side of people: what
// looks like nobody in particular counts.

// machineAgents are what programs call themselves that fetch what nobody looks
// at: scanners of mail gateways, previews of chats, crawlers, libraries.
var machineAgents = regexp.MustCompile(`(?i)(?:^|[^a-z])(?:` +
	`[a-z]*bot|[a-z]*crawler|[a-z]*spider|[a-z-]*scanner|[a-z]*preview|externalhit|whatsapp|skypeuripreview|embedly|` +
	`barracuda[a-z]*|proofpoint|mimecast|messagelabs|cloudmark|safelinks[a-z-]*|fireeye|trendmicro|ironport|sophos|forcepoint|vade|urlscan|virustotal|` +
	`headlesschrome|phantomjs|puppeteer|playwright|python-requests|python-urllib|aiohttp|go-http-client|libwww-perl|lwp|okhttp|java|apache-httpclient|axios|node-fetch|undici|` +
	`curl|wget|winhttp|guzzlehttp|monitor|uptime[a-z]*` +
	`)(?:[^a-z]|$)`)

// peoplesAgents name a machine and stand for a person: Gmail's and Yahoo's
// picture proxies fetch when the letter is opened, and a Cubot is a telephone.
var peoplesAgents = regexp.MustCompile(`(?i)googleimageproxy|yahoomailproxy|\bcubot\b`)

// appleProxy is all that Apple's Mail Privacy Protection says of itself. It
// fetches the pictures of every letter when it arrives, read or not.
const appleProxy = "Mozilla/5.0"

// MachineVisit reports whether a visit of one of our links is likely nobody's:
// people's programs do not ask with HEAD, and say who they are.
func MachineVisit(method, agent string) bool {
	agent = strings.TrimSpace(agent)
	switch {
	case method == http.MethodHead, agent == appleProxy:
		return true
	case peoplesAgents.MatchString(agent):
		return false
	}
	return machineAgents.MatchString(agent)
}

// How scanners walk through a letter.
const (
	scanAtOnce   = 2 * time.Second // after delivery nobody has read a line
	scanTogether = 5 * time.Second // three links in this time are followed by nobody
	scanPair     = time.Second     // nor two in this
)

// MarkMachines marks the clicks among the reports of one message that a person
// cannot have made: before the message arrived or at once after that, or many
// links within seconds. delivered is zero where it is not known.
func MarkMachines(reports []*Report, delivered time.Time) {
	var clicks []*Report
	for _, r := range reports {
		if r.Kind == ReportClicked {
			clicks = append(clicks, r)
		}
	}
	slices.SortStableFunc(clicks, func(a, b *Report) int { return a.At.Compare(b.At) })
	for i, first := range clicks {
		if !delivered.IsZero() && first.At.Before(delivered.Add(scanAtOnce)) {
			first.Bot = true
		}
		links := map[string]bool{first.Link: true}
		for j := i + 1; j < len(clicks) && clicks[j].At.Sub(first.At) <= scanTogether; j++ {
			links[clicks[j].Link] = true
			if len(links) > 2 || len(links) == 2 && clicks[j].At.Sub(first.At) <= scanPair {
				for _, click := range clicks[i : j+1] {
					click.Bot = true
				}
			}
		}
	}
}
