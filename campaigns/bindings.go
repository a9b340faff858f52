package campaigns

import (
	"strings"
	"time"

	"rapport/customers"
	"rapport/templates"
)

// Bindings is what templates see of one journey: customer, event, answers,
// brand and vars. Every profile field is named; those not known are nil. Money
// is in the currency's major unit. Links are added by whoever sends, who alone
// knows the delivery.
func (w *Workspace) Bindings(_ *Campaign, t Traveller) templates.Bindings {
	answers := map[string]any{}
	for _, answer := range t.Answers {
		if _, answered := answers[answer.Ask]; !answered {
			answers[answer.Ask] = answerBinding(answer)
		}
	}
	return templates.Bindings{
		"customer": w.customerBinding(t.Customer),
		"event":    orEmpty(t.Entry.Journal.Event),
		"answers":  answers,
		"brand":    w.Brand.binding(),
		"vars":     orEmpty(t.Entry.Journal.Vars),
	}
}

func (w *Workspace) customerBinding(c *customers.Customer) map[string]any {
	if c == nil {
		c = &customers.Customer{}
	}
	return map[string]any{
		"id": known(c.ID), "email": known(c.Email), "phone": known(c.Phone),
		"first_name": known(c.FirstName), "last_name": known(c.LastName),
		"locale": known(c.Locale), "country": known(c.Country), "city": known(c.City),
		"zone": known(c.Zone), "kind": known(c.Kind),
		"born_on": instant(c.BornOn), "created_at": instant(c.CreatedAt),
		"tags": tagList(c.Tags), "traits": w.traitBinding(c),
		"orders": w.orderBinding(c.Orders),
		"rfm": map[string]any{
			"recency": count(c.RFM.Recency), "frequency": count(c.RFM.Frequency), "monetary": count(c.RFM.Monetary),
		},
		"pyramid": known(c.Pyramid), "tier": known(c.Tier),
		"points":    map[string]any{"balance": c.Points},
		"nps":       scoreBinding(c.NPS),
		"csat":      scoreBinding(c.CSAT),
		"cases":     map[string]any{"open": c.Cases.Open, "last_at": instant(c.Cases.LastAt)},
		"contacted": map[string]any{"last_at": instant(c.Contacted.LastAt), "last_7d": c.Contacted.Last7d},
	}
}

// traitBinding names every declared trait, so that a template may ask for one
// the customer does not have.
func (w *Workspace) traitBinding(c *customers.Customer) map[string]any {
	traits := make(map[string]any, len(w.Traits))
	for name := range w.Traits {
		traits[name] = nil
	}
	for name, value := range c.Traits {
		traits[name] = value
	}
	return traits
}

func (w *Workspace) orderBinding(o customers.OrderTotals) map[string]any {
	total := w.majorUnits(o.Total)
	var average any
	if o.Count > 0 {
		average = total / float64(o.Count)
	}
	return map[string]any{
		"count": o.Count, "total": total, "average": average, "returned": o.Returned,
		"first_at": instant(o.FirstAt), "last_at": instant(o.LastAt),
	}
}

// majorUnits turns cents into euros, by the decimals of the workspace's
// currency (ISO 4217).
func (w *Workspace) majorUnits(minor int64) float64 { return float64(minor) / float64(w.moneyScale()) }

// MinorUnits turns euros into cents, by the decimals of the workspace's
// currency (ISO 4217), rounded to the nearest.
func (w *Workspace) MinorUnits(major float64) int64 { return customers.MinorUnits(major, w.Currency) }

func (b Brand) binding() map[string]any {
	return map[string]any{
		"name": known(b.Name), "url": known(b.URL), "address": known(b.Address), "support_phone": known(b.SupportPhone),
		"color": known(b.Color), "logo": known(b.Logo),
	}
}

func answerBinding(a Answer) map[string]any {
	var score any
	if a.Score != nil {
		score = *a.Score
	}
	return map[string]any{"score": score, "choice": known(a.Choice), "text": known(a.Text)}
}

func scoreBinding(s customers.Score) map[string]any {
	if s.Count == 0 {
		return map[string]any{"score": nil, "last": nil, "average": nil}
	}
	return map[string]any{"score": s.Last, "last": s.Last, "average": s.Sum / float64(s.Count)}
}

func tagList(tags []string) []any {
	list := make([]any, len(tags))
	for i, tag := range tags {
		list[i] = tag
	}
	return list
}

// known is nil for an empty string: Liquid takes an empty one for true.
func known(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func instant(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

func count(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

func orEmpty(values map[string]any) map[string]any {
	if values == nil {
		return map[string]any{}
	}
	return values
}

// words renders a line of Liquid from a campaign file, or says otherwise where
// it is empty or cannot be rendered: no case is lost over its title.
func words(source string, b templates.Bindings, otherwise string) string {
	if source == "" {
		return otherwise
	}
	line, err := templates.ParseLine(source)
	if err != nil {
		return otherwise
	}
	text, err := line.Render(b)
	if text = strings.TrimSpace(text); err != nil || text == "" {
		return otherwise
	}
	return text
}
