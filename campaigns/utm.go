package campaigns

import (
	"cmp"
	"net/url"
	"regexp"
	"strings"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/templates"
)

// UTM is what links tell the shop's own statistics of where a visitor comes
// from. Empty words have their usual meaning.
type UTM struct {
	None                     bool // links say nothing
	Source, Medium, Campaign string
}

// utmFor is what the links of a delivery say; nil is nothing. A campaign's word
// goes before the workspace's, each by itself.
func (w *Workspace) utmFor(c *Campaign, d deliveries.Delivery) url.Values {
	var own UTM
	if c != nil && c.UTM != nil {
		own = *c.UTM
	}
	if own.None || (c == nil || c.UTM == nil) && (w.UTM == nil || w.UTM.None) {
		return nil
	}
	var usual UTM
	if w.UTM != nil {
		usual = *w.UTM
	}
	name := d.Campaign
	if c != nil {
		name = c.ID
	}
	values := url.Values{}
	for key, word := range map[string]string{
		"utm_source": cmp.Or(own.Source, usual.Source, w.Name), "utm_medium": cmp.Or(own.Medium, usual.Medium, string(d.Channel)),
		"utm_campaign": cmp.Or(own.Campaign, usual.Campaign, name),
	} {
		if word != "" {
			values.Set(key, word)
		}
	}
	return values
}

// tagged adds to the links of a message where their visitors come from. Our own
// links, those that say so already, and what is no link to the web stay as they
// are.
func tagged(content channels.Content, utm url.Values, links map[string]any) channels.Content {
	if len(utm) == 0 {
		return content
	}
	own := map[string]bool{}
	for _, link := range links {
		if address, is := link.(string); is {
			own[address] = true
		}
	}
	tag := func(address string) string {
		if own[address] {
			return address
		}
		return withUTM(address, utm)
	}
	switch {
	case content.Email != nil:
		mail := *content.Email
		mail.HTML, mail.Text = templates.RewriteLinks(mail.HTML, tag), tagText(mail.Text, tag)
		content.Email = &mail
	case content.SMS != nil:
		text := *content.SMS
		text.Text = tagText(text.Text, tag)
		content.SMS = &text
	case content.Push != nil:
		notification := *content.Push
		notification.URL = tag(notification.URL)
		notification.Actions = append([]channels.PushAction(nil), notification.Actions...)
		for i := range notification.Actions {
			notification.Actions[i].URL = tag(notification.Actions[i].URL)
		}
		content.Push = &notification
	}
	return content
}

// webAddress finds links in plain text; what ends a sentence ends no link.
var webAddress = regexp.MustCompile(`https?://[^\s<>"()]*[^\s<>"().,;:!?'…]`)

func tagText(text string, tag func(string) string) string {
	return webAddress.ReplaceAllStringFunc(text, tag)
}

// withUTM adds parameters to a link as it is written: before its fragment, and
// without touching what stands there (RFC 3986 §3.4, §3.5). A link that says
// where its visitors come from keeps its own word.
func withUTM(address string, utm url.Values) string {
	scheme, _, _ := strings.Cut(address, ":")
	if !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") {
		return address
	}
	before, fragment, hasFragment := strings.Cut(address, "#")
	_, query, hasQuery := strings.Cut(before, "?")
	for pair := range strings.SplitSeq(query, "&") {
		if strings.HasPrefix(strings.ToLower(pair), "utm_") {
			return address
		}
	}
	switch {
	case !hasQuery:
		before += "?"
	case query != "" && !strings.HasSuffix(query, "&"):
		before += "&"
	}
	before += utm.Encode()
	if hasFragment {
		before += "#" + fragment
	}
	return before
}

// readUTM reads what links say of where visitors come from; nil where nothing is
// written.
func readUTM(n node) *UTM {
	if !n.present() {
		return nil
	}
	if n.kind() == aText && n.raw() == "none" {
		return &UTM{None: true}
	}
	m := n.fields("where visitors come from as {source: shop, medium: newsletter}, {} for the usual words, or none")
	utm := &UTM{Source: m.get("source").text(), Medium: m.get("medium").text(), Campaign: m.get("campaign").text()}
	m.end()
	return utm
}
