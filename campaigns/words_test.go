package campaigns

import (
	"testing"

	"rapport/channels"
	"rapport/deliveries"
)

func TestATransferGoesByTheWorkspacesClock(t *testing.T) {
	w, problems := Load(workspace(t, map[string]string{
		"templates/call/bad-news.yaml": "say: \"Hello.\"\nask: [{id: csat, say: \"How was it?\", expect: digits 1-5}]\n" +
			"transfer: {when: answers.csat.score <= 2, to: \"+493012345678\", hours: [\"09:00-18:00\"], sorry: \"Nobody is free.\"}\n",
	}))
	for _, p := range problems {
		t.Fatal(p)
	}
	content, _, err := w.Words(w.Templates, nil, traveller(), deliveries.Delivery{Channel: channels.Call, Template: "bad-news"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "transfer", &channels.Transfer{
		Question: "csat", AtOrBelow: 2, To: "+493012345678", Sorry: "Nobody is free.", Hours: []channels.Hours{{From: 540, To: 1080}}, Zone: "Europe/Berlin",
	}, content.Call.Transfer)
}
