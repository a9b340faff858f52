package workers_test

import (
	"testing"

	"rapport/campaigns"
)

// A workspace that was applied before a value that may be missing was a mistake
// goes on: the message that lacks it is not sent, and no other notices.
func TestAWorkspaceOutlastsAStricterCheck(t *testing.T) {
	s := open(t, files)
	s.person("ben")
	older := map[string][]byte{}
	for name, text := range with(map[string]string{
		"campaigns/share.yaml":       replace(campaign("share", "Shared", "{sms: share}"), "Shared}", "Shared, where: event.among != 0}"),
		"templates/sms/share.liquid": "It is {{ event.among }}\n",
	}) {
		older[name] = []byte(text)
	}
	if _, problems := campaigns.Load(older); len(problems) == 0 {
		t.Fatal("this is no stricter check")
	}
	sound, problems := campaigns.LoadApplied(older)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	_, err := s.store.Archive().Keep(s.ctx(), older, campaigns.Digest(older), sound.Stamps(), s.clock())
	ok(t, err)
	s.plan("ann", "Shared")
	s.plan("ben", "Shared", "among", 5)
	s.deliver()
	for who, want := range map[string]string{"ann": "failed (not_rendered)", "ben": "sent ()"} {
		for _, d := range s.ledger() {
			if got := string(d.Status) + " (" + d.Reason + ")"; d.Customer == who && got != want {
				t.Errorf("%s's is %s, want %s", who, got, want)
			}
		}
	}
	if len(s.ledger()) != 2 {
		t.Errorf("there are %d messages", len(s.ledger()))
	}
	s.apply(files)
	if edition, err := s.catalog.Edition(s.ctx(), "share", 2); err != nil || edition.Campaigns["share"] == nil {
		t.Errorf("after another is applied its version cannot be read: %v", err)
	}
}
