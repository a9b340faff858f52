package campaigns

import (
	"encoding/json"
	"fmt"

	"rapport/channels"
	"rapport/templates"
)

// WebhookContent is what a webhook step tells another system: its body as JSON,
// the Liquid in every text filled in. Text stays text, whatever it says. A field
// that is missing is an error that names it; the courier adds the delivery's id
// and the signature.
func (w *Workspace) WebhookContent(step *Step, b templates.Bindings) (*channels.WebhookContent, error) {
	if step == nil || step.Webhook == nil {
		return nil, fmt.Errorf("write a webhook: the step has none")
	}
	body, err := filled(step.Webhook.Body, b)
	if err != nil {
		return nil, fmt.Errorf("write the webhook of step %s: %w", step.Path, err)
	}
	document, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("write the webhook of step %s: %w", step.Path, err)
	}
	return &channels.WebhookContent{URL: step.Webhook.URL, Body: document}, nil
}

// filled renders every text of a body. Keys are taken as they are.
func filled(value any, b templates.Bindings) (any, error) {
	switch v := value.(type) {
	case string:
		line, err := templates.ParseLine(v)
		if err != nil {
			return nil, err
		}
		return line.Render(b)
	case []any:
		all := make([]any, len(v))
		for i, item := range v {
			var err error
			if all[i], err = filled(item, b); err != nil {
				return nil, fmt.Errorf("%d: %w", i, err)
			}
		}
		return all, nil
	case map[string]any:
		all := make(map[string]any, len(v))
		for key, item := range v {
			var err error
			if all[key], err = filled(item, b); err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
		}
		return all, nil
	}
	return value, nil
}
