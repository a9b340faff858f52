package webhooks

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
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

// question is what the survey page shows.
type question struct {
	Scale   campaigns.Scale
	Options []option
	Missing bool // an answer was sent that says nothing
}

// option is one button.
type option struct {
	Value, Label string
	Chosen       bool
}

// asked serves those whose delivery asks something.
func (d *Doors) asked(serve func(http.ResponseWriter, *http.Request, guest, *campaigns.Ask)) http.HandlerFunc {
	return d.guests(deliveries.Survey, func(w http.ResponseWriter, r *http.Request, g guest) {
		ask, err := d.question(r, g.delivery)
		switch {
		case err != nil:
			d.Log.Error("a question could not be looked up", "delivery", g.token.Delivery, "error", err)
			d.trouble(w, r, g, http.StatusServiceUnavailable, "again")
		case ask == nil:
			d.trouble(w, r, g, http.StatusNotFound, "lost")
		default:
			serve(w, r, g, ask)
		}
	})
}

// surveyPage asks a delivery's question. A ?score= in the link only chooses the
// button in advance. Who has answered already may add something.
func (d *Doors) surveyPage(w http.ResponseWriter, r *http.Request, g guest, ask *campaigns.Ask) {
	if g.delivery.Status == deliveries.Answered {
		d.show(w, r, g, http.StatusOK, "answered", "answered_title", ask.Scale != campaigns.Text)
		return
	}
	d.ask(w, r, g, http.StatusOK, ask, question{}, r.URL.Query().Get("score"))
}

// ask shows the question.
func (d *Doors) ask(w http.ResponseWriter, r *http.Request, g guest, status int, ask *campaigns.Ask, q question, chosen string) {
	q.Scale = ask.Scale
	for _, value := range values(ask) {
		label := value
		if ask.Scale == campaigns.YesNo {
			label = g.speech.W["answer_"+value]
		}
		q.Options = append(q.Options, option{Value: value, Label: label, Chosen: value == chosen})
	}
	title := "ask_title"
	if ask.Scale == campaigns.CSAT5 || ask.Scale == campaigns.NPS {
		title = "ask_" + string(ask.Scale)
	}
	d.show(w, r, g, status, "survey", title, q)
}

func values(ask *campaigns.Ask) []string {
	if ask.Scale == campaigns.Choice {
		return ask.Choices
	}
	return scores[ask.Scale]
}

// survey takes an answer.
func (d *Doors) survey(w http.ResponseWriter, r *http.Request, g guest, ask *campaigns.Ask) {
	form, ok := d.form(w, r, g)
	if !ok {
		return
	}
	score, text := form.Get("score"), strings.TrimSpace(form.Get("text"))
	if !slices.Contains(values(ask), score) {
		score = ""
	}
	if score == "" && text == "" {
		d.ask(w, r, g, http.StatusBadRequest, ask, question{Missing: true}, "")
		return
	}
	if d.wish(w, r, g, url.Values{"score": {score}, "text": {text}}) {
		d.show(w, r, g, http.StatusOK, "said", "thanks_title", g.speech.W[thanks(ask, score, text)])
	}
}

// thanks names the words for an answer: where a person will look at it, they
// say so.
func thanks(ask *campaigns.Ask, score, text string) string {
	value, err := strconv.ParseFloat(score, 64)
	if score == "no" {
		value, err = 0, nil
	}
	low := err == nil && ask.Threshold != nil && value <= *ask.Threshold
	if low || score == "" && text != "" && ask.Scale != campaigns.Text {
		return "thanks_seen"
	}
	return "thanks_body"
}

// question is what a delivery asks; nil when it asks nothing.
func (d *Doors) question(r *http.Request, delivery deliveries.Delivery) (*campaigns.Ask, error) {
	if delivery.ID == 0 {
		return nil, nil
	}
	campaign, err := d.Catalog.Campaign(r.Context(), delivery.Campaign, delivery.Version)
	if err != nil {
		return nil, err
	}
	step := campaign.StepAt(delivery.Step)
	if step == nil || step.Send == nil {
		return nil, nil
	}
	return step.Send.Ask, nil
}
