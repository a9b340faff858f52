package webhooks

import (
	"net/http"
	"net/url"
	"strings"

	"rapport/campaigns"
	"rapport/deliveries"
)

// scores are the buttons of a scale, worst first.
var scores = map[campaigns.Scale][]string{
	campaigns.CSAT5: {"1", "2", "3", "4", "5"},
	campaigns.NPS:   {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"},
	campaigns.YesNo: {"no", "yes"},
}

// surveyPage asks a delivery's question. A ?score= in the link only chooses the
// button in advance.
func (d *Doors) surveyPage(w http.ResponseWriter, r *http.Request) {
	token, err := d.Addresses.Signer.Open(deliveries.Survey, r.PathValue("token"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	ask, err := d.question(r, token.Delivery)
	if err != nil {
		d.Log.Error("a question could not be looked up", "delivery", token.Delivery, "error", err)
		http.Error(w, "please try again in a moment", http.StatusServiceUnavailable)
		return
	}
	if ask == nil {
		http.NotFound(w, r)
		return
	}
	d.show(w, r, http.StatusOK, "survey", page{
		Brand: d.brand(r), Scores: scores[ask.Scale], Choices: ask.Choices, Chosen: r.URL.Query().Get("score"),
	})
}

// survey takes an answer.
func (d *Doors) survey(w http.ResponseWriter, r *http.Request) {
	if _, err := d.Addresses.Signer.Open(deliveries.Survey, r.PathValue("token")); err != nil {
		http.NotFound(w, r)
		return
	}
	callback, ok := d.read(w, r, formLimit)
	if !ok {
		return
	}
	form, err := url.ParseQuery(string(callback.Body))
	if err != nil {
		http.Error(w, "a form is wanted", http.StatusBadRequest)
		return
	}
	said := url.Values{"score": {form.Get("score")}, "text": {strings.TrimSpace(form.Get("text"))}}
	if said.Get("score") == "" && said.Get("text") == "" {
		http.Error(w, "choose a number or write a word", http.StatusBadRequest)
		return
	}
	if d.store(w, r, OwnLinks, d.visit(r, said)) {
		d.show(w, r, http.StatusOK, "thanks", page{Brand: d.brand(r)})
	}
}

// question is what a delivery asks; nil when it asks nothing.
func (d *Doors) question(r *http.Request, delivery int64) (*campaigns.Ask, error) {
	found, err := d.Record.Lookup(r.Context(), []deliveries.Ref{{ID: delivery}})
	if err != nil || found[0].ID == 0 {
		return nil, err
	}
	campaign, err := d.Catalog.Campaign(r.Context(), found[0].Campaign, found[0].Version)
	if err != nil {
		return nil, err
	}
	step := campaign.StepAt(found[0].Step)
	if step == nil || step.Send == nil {
		return nil, nil
	}
	return step.Send.Ask, nil
}
