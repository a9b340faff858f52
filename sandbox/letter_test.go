package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// page is a mail with a link of every kind, as our templates make them.
func (h *house) page() string {
	u := h.public.URL
	return fmt.Sprintf(`<p>Hi</p><a href="https://shop.example/not-ours">shop</a>
<a href="%s/l/clicktoken">offer</a><a href='%s/s/surveytoken'>tell us</a>
<a href="%s/u/stoptoken">unsubscribe</a><a href="%s/p/wishtoken">choose</a><a href="%s/n/othertoken">not me</a>
<img src="%s/o/pixeltoken" width="1">`, u, u, u, u, u, u)
}

const surveyPage = `<form method="post"><input type="hidden" name="seen" value="1">
<label><input type="radio" name="score" value="1"></label><label><input type="radio" name="score" value="2"></label>
<label><input type="radio" name="score" value="3"></label><label><input type="radio" name="score" value="4"></label>
<label><input type="radio" name="score" value="5"></label><textarea name="text"></textarea><button>Send</button></form>`

const wishPage = `<form method="post"><label><input type="checkbox" name="in" value="service/email" checked></label>
<input type="hidden" name="shown" value="service/email"><input type="hidden" name="was" value="service/email">
<label><input type="checkbox" name="in" value="marketing/email"></label><input type="hidden" name="shown" value="marketing/email">
<button>Save</button></form><form method="post"><input type="hidden" name="stop" value="all"><button>Stop</button></form>`

// pages answers links as the public routes do.
func (h *house) pages(w http.ResponseWriter, r *http.Request, _ visitor) bool {
	switch {
	case strings.HasPrefix(r.URL.Path, "/l/"):
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	case strings.HasPrefix(r.URL.Path, "/s/") && r.Method == http.MethodGet:
		_, _ = w.Write([]byte(surveyPage))
	case strings.HasPrefix(r.URL.Path, "/p/") && r.Method == http.MethodGet:
		_, _ = w.Write([]byte(wishPage))
	case strings.HasPrefix(r.URL.Path, "/n/") && r.Method == http.MethodGet:
		_, _ = w.Write([]byte(`<form method="post"><button>It was not me</button></form>`))
	default:
		return false
	}
	return true
}

func TestCustomersReadTheirMail(t *testing.T) {
	cases := []struct {
		name  string
		email EmailBehaviour
		want  []string // method and path, in order
	}{
		{"nobody opens", EmailBehaviour{}, nil},
		{"an open fetches the pixel", EmailBehaviour{Open: 1}, []string{"GET /o/pixeltoken"}},
		{"a click follows our link and not where it leads", EmailBehaviour{Open: 1, Click: 1}, []string{"GET /o/pixeltoken", "GET /l/clicktoken"}},
		{"a survey is opened and answered", EmailBehaviour{Open: 1, Answer: 1}, []string{"GET /o/pixeltoken", "GET /s/surveytoken", "POST /s/surveytoken"}},
		{"the unsubscribe button posts", EmailBehaviour{Open: 1, Unsubscribe: 1}, []string{"GET /o/pixeltoken", "POST /u/headertoken"}},
		{"preferences are chosen on their page", EmailBehaviour{Open: 1, Choose: 1}, []string{"GET /o/pixeltoken", "GET /p/wishtoken", "POST /p/wishtoken"}},
		{"somebody else says so", EmailBehaviour{Open: 1, Stranger: 1}, []string{"GET /o/pixeltoken", "GET /n/othertoken", "POST /n/othertoken"}},
		{"a scanner fetches every link and posts nothing", EmailBehaviour{Scan: 1}, []string{"GET /l/clicktoken", "GET /s/surveytoken", "GET /u/stoptoken", "GET /p/wishtoken", "GET /n/othertoken", "GET /o/pixeltoken"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := build(t, func(o *Options) { o.Behaviour = Behaviour{Mood: Mood{Mean: 1}, Email: c.email} })
			h.answer = h.pages
			m := letterTo("ada@customer.example", h.page(), 1)
			m.SetHeader("List-Unsubscribe", "<mailto:x@shop.example>, <"+h.public.URL+"/u/headertoken>")
			m.SetHeader("List-Unsubscribe-Post", oneClick)
			h.mustMail(m)
			h.playAll()
			var got []string
			for _, v := range h.visits("/") {
				if !strings.HasPrefix(v.path, "/hooks/") {
					got = append(got, v.method+" "+v.path)
				}
			}
			wantList(t, "visits", got, c.want...)
			for _, v := range h.visits("/s/") {
				if v.method == http.MethodPost && (v.form.Get("score") != "5" || v.form.Get("seen") != "1") {
					t.Errorf("a delighted customer sent %v", v.form)
				}
			}
			for _, v := range h.visits("/p/") {
				if v.method == http.MethodPost && (len(v.form["in"]) != 2 || len(v.form["shown"]) != 2 || v.form.Has("stop")) {
					t.Errorf("a delighted customer chose %v", v.form)
				}
			}
			for _, v := range h.visits("/u/headertoken") {
				if string(v.body) != oneClick {
					t.Errorf("the one-click body is %q", v.body)
				}
			}
		})
	}
}

func TestAClickThatLeadsToOurSurveyMayBeAnswered(t *testing.T) {
	h := build(t, func(o *Options) {
		o.Behaviour = Behaviour{Email: EmailBehaviour{Open: 1, Click: 1, Answer: 1}}
	})
	h.answer = func(w http.ResponseWriter, r *http.Request, v visitor) bool {
		if r.URL.Path == "/l/tosurvey" {
			http.Redirect(w, r, "/s/behind", http.StatusFound)
			return true
		}
		return h.pages(w, r, v)
	}
	h.mustMail(letterTo("ada@customer.example", `<a href="`+h.public.URL+`/l/tosurvey">tell us</a>`, 1))
	h.playAll()
	posts := h.visits("/s/behind")
	if len(posts) != 2 || posts[1].form.Get("score") != "1" {
		t.Errorf("a miserable customer's visits: %+v", posts)
	}
}

func TestAComplaintIsReported(t *testing.T) {
	h := build(t, func(o *Options) {
		o.Behaviour.Email = EmailBehaviour{Open: 1, Complain: 1, Reading: exactly(time.Hour)}
	})
	h.mustMail(letterTo("ada@customer.example", "<p>Hi</p>", 9))
	h.playAll()
	wantList(t, "events", h.eventNames(), "processed", "delivered", "spamreport")
	if at := int64(h.events()[2]["timestamp"].(float64)); at != start.Add(time.Hour).Unix() {
		t.Errorf("the complaint came at %s", time.Unix(at, 0).UTC())
	}
}

func TestScoresFollowTheMood(t *testing.T) {
	cases := []struct {
		mood      float64
		low, high int
		want      int
	}{
		{0, 1, 5, 1},
		{1, 1, 5, 5},
		{0, 0, 10, 0},
		{1, 0, 10, 10},
		{0.5, 1, 5, 3},
	}
	for _, c := range cases {
		p := person{mood: c.mood}
		if got := p.score(chance(3), c.low, c.high); got != c.want {
			t.Errorf("mood %v on %d-%d: got %d, want %d", c.mood, c.low, c.high, got, c.want)
		}
	}
}

func TestScalesAreFoundInWords(t *testing.T) {
	cases := []struct {
		words     string
		low, high int
	}{
		{"From one to five, how satisfied were you?", 1, 5},
		{"On a scale of 0-10, would you recommend us?", 0, 10},
		{"Press 1 for yes, 2 for no.", 1, 2},
		{"How satisfied were you?", 1, 5},
		{"Оцените от 1 до 5", 1, 5},
	}
	for _, c := range cases {
		if low, high := scaleIn(c.words); low != c.low || high != c.high {
			t.Errorf("%q: got %d-%d, want %d-%d", c.words, low, high, c.low, c.high)
		}
	}
}
