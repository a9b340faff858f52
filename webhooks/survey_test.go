package webhooks_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rapport/channels"
)

func TestASurveyAsksTheQuestionOfItsDelivery(t *testing.T) {
	h := open(t)
	d := h.greet(channels.Email)
	link := h.ways(d)["survey"]
	page := hosted(t, h.get(http.StatusOK, link+"?score=9"))
	if strings.Count(page, `type="radio"`) != 11 || strings.Count(page, " checked") != 1 || !strings.Contains(page, `value="9" checked`) {
		t.Errorf("the page is %s", page)
	}
	if hosted(t, h.get(http.StatusOK, link+"?score="+url.QueryEscape(`9" onfocus="alert(1)`))); len(h.stored()) > 0 {
		t.Error("looking was an answer")
	}
	for _, nothing := range []url.Values{{"text": {"  "}}, {}, {"score": {"11"}}} {
		page := hosted(t, h.form(http.StatusBadRequest, link+"?score=9", nothing))
		if !strings.Contains(page, `role="alert"`) || !strings.Contains(page, `href="#score-0"`) || !strings.Contains(page, `id="score-0"`) {
			t.Errorf("%v: the page is %s", nothing, page)
		}
	}
	h.expect(http.StatusBadRequest, request(http.MethodPost, at(link), []byte("score=%zz"), nil))
	if stored := h.stored(); len(stored) > 0 {
		t.Errorf("stored %+v", stored)
	}
	page = hosted(t, h.form(http.StatusOK, link, url.Values{"score": {"9"}, "text": {"  all good\n"}}))
	if !strings.Contains(page, "Your answer has reached us.") {
		t.Error(page)
	}
	same(t, "NPS", h.ada().NPS.Last, 9.0)
	h.settle()
	h.get(http.StatusNotFound, h.doors.Addresses.Survey(d.ID+1)) // asks nothing
}

// What is written after the answer is not a second answer, and is read by a
// person.
func TestWhoHasAnsweredMayAddSomething(t *testing.T) {
	h := open(t)
	d := h.greet(channels.Email)
	link := h.ways(d)["survey"]
	page := hosted(t, h.form(http.StatusOK, link, url.Values{"score": {"3"}}))
	if !strings.Contains(page, "a person will look at it") {
		t.Errorf("after a low score: %s", page)
	}
	page = hosted(t, h.get(http.StatusOK, link))
	if !strings.Contains(page, "You have answered already.") || strings.Contains(page, `name="score"`) {
		t.Errorf("the page is %s", page)
	}
	hosted(t, h.form(http.StatusOK, link, url.Values{"text": {"And nobody called back."}}))
	same(t, "NPS", h.ada().NPS.Count, int64(1))
	cases, err := h.store.Casebook().Cases(t.Context(), "", 10)
	if err != nil || len(cases) != 1 || !strings.Contains(cases[0].Note, "nobody called back") {
		t.Errorf("cases %+v, %v", cases, err)
	}
}
