package domain

import (
	"context"
	"testing"

	"rapport/trust/bounds"
)

// FuzzRecords reads whatever stands in DNS as a record of SPF, DKIM and DMARC. No
// server is asked.
func FuzzRecords(f *testing.F) {
	for _, seed := range []string{
		"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 a mx/24 include:x.example ~all", "v=spf1 redirect=%{d} exp=x ?all", "v=DMARC1; p=none; rua=mailto:a@b.c; pct=50; sp=reject",
		"v=DKIM1; k=ed25519; p=" + "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "p=MIIBIjANBg", "v=spf1 ip4:1.2.3.4/99 a//64", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		defer bounds.Watch(t)()
		asksNobody, cancel := context.WithCancel(t.Context())
		cancel()
		walk := &spfWalk{Checkup: Checkup{Domain: "shop.example", DNS: Resolver{Server: "127.0.0.1:9"}}, seen: map[string]bool{}}
		_ = walk.record(asksNobody, "shop.example", "v=spf1 "+text)
		if walk.lookups > mostLookups+1 {
			t.Errorf("%d lookups", walk.lookups)
		}
		tags := tagsOf(text)
		if key, err := publicKey(tags); (key == nil) == (err == nil) {
			t.Errorf("a key %v and %v", key, err)
		}
		if finding := walk.policy("shop.example", tags); finding.What == "" {
			t.Error("a finding without words")
		}
		walk.aligned(tags)
	})
}
