package domain

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// dmarc looks at the policy of the domain that customers see, or of the one it
// belongs to (RFC 7489 §6.6.3), and at whether our mail would pass it.
func (c Checkup) dmarc(ctx context.Context) []Finding {
	name := c.Domain
	found := func(level Level, what, mend string, record *Record) Finding {
		return Finding{Check: "DMARC", Level: level, What: name + " " + what, Mend: mend, Record: record}
	}
	policies, err := c.policies(ctx, name)
	if organisation := organisational(name); err == nil && len(policies) == 0 && organisation != name {
		name = organisation
		policies, err = c.policies(ctx, name)
	}
	switch {
	case err != nil:
		return []Finding{found(Fail, "cannot be looked up: "+err.Error(), "", nil)}
	case len(policies) == 0:
		return []Finding{found(Fail, "has no DMARC policy, which large mailbox providers want of who sends much",
			"write one; watch the reports, then ask for more than none", txt("_dmarc."+name, "v=DMARC1; p=none; rua=mailto:dmarc@"+name))}
	case len(policies) > 1:
		return []Finding{found(Fail, fmt.Sprintf("has %d DMARC policies, so that none counts", len(policies)), "leave one", nil)}
	}
	tags := tagsOf(policies[0])
	findings := []Finding{c.policy(name, tags)}
	if tags["rua"] == "" {
		findings = append(findings, found(Warn, "asks for no reports (rua), so that nobody learns what fails", "add rua=mailto:…", nil))
	}
	return append(findings, c.aligned(tags))
}

func (c Checkup) policies(ctx context.Context, name string) ([]string, error) {
	texts, err := c.DNS.texts(ctx, "_dmarc."+name)
	var policies []string
	for _, text := range texts {
		if strings.HasPrefix(strings.ReplaceAll(text, " ", ""), "v=DMARC1") {
			policies = append(policies, text)
		}
	}
	return policies, err
}

// policy judges what receivers are asked to do with what fails.
func (c Checkup) policy(name string, tags map[string]string) Finding {
	asked := tags["p"]
	if below := tags["sp"]; name != c.Domain && below != "" {
		asked = below
	}
	f := Finding{Check: "DMARC", Level: OK, What: name + " asks that what fails is treated as: " + asked}
	switch asked {
	case "quarantine", "reject":
		if pct := tags["pct"]; pct != "" && pct != "100" {
			f.Level, f.What = Warn, f.What+", for "+pct+" % of it"
		}
	case "none":
		f.Level, f.Mend = Warn, "once the reports show that our own mail passes, ask for p=quarantine"
	default:
		f.Level, f.What, f.Mend = Fail, name+" has a DMARC policy that asks for nothing known (p="+asked+")", "write p=none, quarantine or reject"
	}
	return f
}

// aligned reports whether a signature or the envelope speaks for the domain that
// customers see (RFC 7489 §3.1). One of them is enough.
func (c Checkup) aligned(tags map[string]string) Finding {
	signed := false
	for _, key := range c.Keys {
		signed = signed || agrees(tags["adkim"], key.Domain, c.Domain)
	}
	f := Finding{Check: "DMARC", Level: OK, What: "signatures and the envelope speak for " + c.Domain}
	switch returned := agrees(tags["aspf"], c.returnPath(), c.Domain); {
	case signed && returned:
	case signed:
		f.What = "signatures speak for " + c.Domain + ", the envelope speaks for " + c.returnPath()
	case returned:
		f.Level, f.What = Warn, "only the envelope speaks for "+c.Domain+": forwarded mail fails"
		f.Mend = "sign with a key of the domain"
	default:
		f.Level, f.What = Fail, "neither a signature nor the envelope speaks for "+c.Domain+", so that every message fails"
		f.Mend = "sign with a key of the domain"
	}
	return f
}

func agrees(mode, one, other string) bool {
	if mode == "s" {
		return one == other
	}
	return organisational(one) == organisational(other)
}

// organisational is the domain that a name belongs to: the one below the public
// suffix (RFC 7489 §3.2).
func organisational(name string) string {
	if organisation, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil {
		return organisation
	}
	return name
}
