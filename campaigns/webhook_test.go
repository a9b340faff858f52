package campaigns

import (
	"strings"
	"testing"

	"rapport/templates"
)

func TestAWebhookTellsItsBodyAsJSON(t *testing.T) {
	step := &Step{Kind: StepWebhook, Path: "3", Webhook: &Webhook{URL: "https://crm.example/hook", Body: map[string]any{
		"customer": "{{ customer.id }}", "words": "plain \"quoted\"", "count": 3.0, "sure": true,
		"order": map[string]any{"id": "{{ event.order_id }}", "lines": []any{"{{ event.total }}", 1.5}},
	}}}
	w := ruleShop()
	content, err := w.WebhookContent(step, w.Bindings(nil, traveller()))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"count":3,"customer":"c1","order":{"id":"A1","lines":["50",1.5]},"sure":true,"words":"plain \"quoted\""}`
	if string(content.Body) != want || content.URL != "https://crm.example/hook" {
		t.Errorf("%s is told %s, want %s", content.URL, content.Body, want)
	}
	empty, err := w.WebhookContent(&Step{Webhook: &Webhook{}}, templates.Bindings{})
	if err != nil || string(empty.Body) != "{}" {
		t.Errorf("without a body %s, %v", empty.Body, err)
	}
}

func TestAWebhookIsNotToldABlank(t *testing.T) {
	step := &Step{Kind: StepWebhook, Path: "3", Webhook: &Webhook{Body: map[string]any{"order": []any{"{{ event.parcel }}"}}}}
	w := ruleShop()
	_, err := w.WebhookContent(step, w.Bindings(nil, traveller()))
	if err == nil || !strings.Contains(err.Error(), "step 3: order: 0: ") || !strings.Contains(err.Error(), "event.parcel") {
		t.Errorf("error %v", err)
	}
	if _, err := w.WebhookContent(&Step{Kind: StepStop}, nil); err == nil {
		t.Error("a step without a webhook has content")
	}
}

func TestAServiceOnThisMachineMayListenAnywhere(t *testing.T) {
	for address, good := range map[string]bool{
		"https://127.0.0.1:8443/hook": true, "http://localhost:9000/hook": true, "http://[::1]:9000": true, // the operator's allow decides
		"https://10.0.0.1:8443/hook": false, "http://127.0.0.1.crm.example/hook": false, "http://key@127.0.0.1:9000/hook": false,
	} {
		if _, mistake := parseHookURL(address); (mistake == nil) != good {
			t.Errorf("%s: %v, may be told: %t", address, mistake, good)
		}
	}
}
