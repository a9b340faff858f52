package campaigns

import (
	"math"
	"slices"

	"rapport/channels"
	"rapport/deliveries"
)

// readBranches reads the arms of a branch; each goes on with its own steps.
func (c *campaignReader) readBranches(n node, path string) []Branch {
	const want = `a list of arms, such as "- if: …" with "then:" below it`
	items := n.items(want)
	if n.kind() == aList && len(items) == 0 {
		n.problem(`"branch" has no arms`, "write "+want)
	}
	var branches []Branch
	for i, item := range items {
		m := item.fields(`an arm with "if:" and "then:", or with "else:"`)
		prefix := path + "." + itoa(i) + "."
		if m.has("else") {
			branches = append(branches, c.readElse(m, prefix, i == len(items)-1))
		} else {
			branches = append(branches, c.readArm(m, prefix))
		}
		m.end()
	}
	return branches
}

func (c *campaignReader) readArm(m *mapping, prefix string) Branch {
	condition := m.need("if", `write when this arm is taken, or "else:" for all others`)
	arm := Branch{If: c.expression(condition, wantCondition, c.inside())}
	outside := len(c.assured)
	c.assured = append(c.assured, assures(condition)...)
	arm.Steps = c.readSteps(m.need("then", "write the steps of this arm; [] for none"), prefix)
	c.assured = c.assured[:outside]
	return arm
}

func (c *campaignReader) readElse(m *mapping, prefix string, last bool) Branch {
	p, _ := m.pair("else")
	if !last {
		p.problem(`"else" is not the last arm, so those after it are never taken`, "move it to the end")
	}
	if condition, found := m.pair("if"); found {
		condition.problem(`an arm has "if" or "else", not both`, `begin the second on a line of its own with "- "`)
		m.get("if")
		c.readSteps(m.get("then"), prefix)
	}
	return Branch{Steps: c.readSteps(m.get("else"), prefix)}
}

const wantPaths = "paths such as {a: {share: 50%, steps: []}, b: {share: 50%, steps: []}}"

// readSplit reads the paths of a split and how one of them wins.
func (c *campaignReader) readSplit(m *mapping, step *Step) {
	paths := m.need("paths", "write "+wantPaths)
	for i, p := range paths.pairs(wantPaths) {
		step.Branch = append(step.Branch, c.readPath(p, step.Path+"."+itoa(i)+"."))
	}
	winner := m.get("winner")
	step.Winner = readWinner(winner)
	switch {
	case paths.kind() != aMap:
	case len(step.Branch) < 2:
		paths.problem("a split has two paths or more, and this has "+itoa(len(step.Branch)), "write "+wantPaths+", or the steps without a split")
	default:
		checkShares(paths, step)
		if step.Winner != nil {
			checkWinner(winner, step)
		}
	}
}

func (c *campaignReader) readPath(p pair, prefix string) Branch {
	if !identifier.MatchString(p.key) {
		p.problem(quote(p.key)+" cannot be the name of a path", "use small letters, digits and hyphens, such as a or short-words")
	}
	m := p.value.fields("a path as {share: 50%, steps: []}")
	path := Branch{Name: p.key, Share: small(m.need("share", "write how many people take this path, such as \"share: 50%\""), wantShare, parsePartShare)}
	path.Steps = c.readSteps(m.need("steps", "write the steps of this path; [] for none"), prefix)
	m.end()
	return path
}

// parsePartShare reads a share of somebody.
func parsePartShare(text string) (float64, *mistake) {
	share, problem := parseShare(text)
	if problem == nil && share == 0 {
		return 0, wrong(quote(text)+" is nobody", "write a larger share, or take this out")
	}
	return share, problem
}

// checkShares makes sure that everybody takes a path, or has a winner to wait
// for.
func checkShares(paths node, step *Step) {
	var sum float64
	for _, path := range step.Branch {
		if path.Share == 0 {
			return // reported already
		}
		sum += path.Share
	}
	percent := math.Round(sum*1e8) / 1e6
	total := "the shares make " + decimal(percent) + "%"
	switch {
	case percent > 100:
		paths.problem(total, "lower them: all people together are 100%")
	case percent < 100 && step.Winner == nil:
		paths.problem(total+", so some people take no path", `make them 100%, or let the rest take the best path: winner: {by: clicked, after: 4h}`)
	case percent == 100 && step.Winner != nil:
		paths.problem(total+", so nobody is left to take the path that wins", `lower the shares, such as to 20% each, or remove "winner"`)
	}
}

// achievements are the statuses by which paths can be compared.
var achievements = []deliveries.Status{deliveries.Delivered, deliveries.Opened, deliveries.Clicked, deliveries.Answered}

// usualWinnerSample is how many messages must have had their time before a split
// is decided, where the file says nothing else.
const usualWinnerSample = 20

func readWinner(n node) *Winner {
	m := n.fields("how a path wins, such as {by: clicked, after: 4h}")
	if !m.open() {
		return nil
	}
	winner := &Winner{
		By:        choice(m.need("by", "write what counts, such as \"by: clicked\""), "", achievements...),
		After:     m.need("after", "write how long to wait for the response, such as \"after: 4h\"").duration(),
		MinSample: m.get("min_sample").whole(1, 1_000_000, usualWinnerSample),
	}
	m.end()
	return winner
}

// checkWinner makes sure that every path sends something that may reach the
// status it is compared by.
func checkWinner(n node, step *Step) {
	for _, path := range step.Branch {
		if by := step.Winner.By; by != "" && !slices.ContainsFunc(sendersOf(path.Steps), func(s *Step) bool { return s.mayReach(by) }) {
			n.problem("no message of the path "+quote(path.Name)+" can be "+string(by)+", so it never wins", mendWinner(path, by))
		}
	}
}

func mendWinner(path Branch, by deliveries.Status) string {
	switch {
	case len(sendersOf(path.Steps)) == 0:
		return `send something in it, or remove "winner"`
	case by == deliveries.Answered:
		return "ask something in it, or choose by: clicked"
	case by == deliveries.Opened:
		return "only e-mails are opened; choose by: clicked or by: delivered"
	}
	return "nobody clicks on a call; choose by: delivered or by: answered"
}

// sendersOf lists the steps that send a message.
func sendersOf(steps []Step) []*Step {
	var senders []*Step
	everyStep(steps, func(step *Step) {
		if step.Send != nil {
			senders = append(senders, step)
		}
	})
	return senders
}

// mayReach reports whether a message of the step can come to a status.
func (s *Step) mayReach(status deliveries.Status) bool {
	switch status {
	case deliveries.Answered:
		return s.Send.Ask != nil
	case deliveries.Opened:
		return slices.Contains(s.channels(), channels.Email)
	case deliveries.Clicked:
		return slices.ContainsFunc(s.channels(), func(ch channels.Channel) bool { return ch != channels.Call })
	}
	return true
}
