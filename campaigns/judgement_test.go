package campaigns

import (
	"strings"
	"testing"
	"time"

	"rapport/deliveries"
)

func watched() *Rollout {
	return &Rollout{
		Stages: []float64{0.05, 0.25, 1}, Hold: 6 * time.Hour, MinSample: 50,
		ContinueIf: []Criterion{{ShareBounced, "<", 0.03}, {ShareDelivered, ">=", 0.9}, {MeanCSAT, ">=", 3.5}},
	}
}

func TestAStageIsJudgedByItsCriteria(t *testing.T) {
	good := deliveries.Funnel{Sent: 200, Bounced: 5, Delivered: 190, ScoreSum: 35, ScoreCount: 10}
	for name, k := range map[string]struct {
		change  func(*deliveries.Funnel)
		holds   int
		verdict StageVerdict
		why     string
	}{
		"all hold":                     {func(*deliveries.Funnel) {}, 0, Continue, "every criterion holds"},
		"one does not":                 {func(f *deliveries.Funnel) { f.Bounced = 6 }, 0, StopRollout, "bounced 3.00%, wanted bounced < 3%"},
		"a mean does not":              {func(f *deliveries.Funnel) { f.ScoreSum = 34 }, 0, StopRollout, "csat 3.40, wanted csat >= 3.5"},
		"two do not":                   {func(f *deliveries.Funnel) { f.Bounced, f.Delivered = 20, 100 }, 0, StopRollout, "bounced 10.00%, wanted bounced < 3%, delivered 50.00%, wanted delivered >= 90%"},
		"too few":                      {func(f *deliveries.Funnel) { f.Sent, f.Bounced = 49, 40 }, 0, HoldOn, "49 of at least 50 messages were sent"},
		"too few after three holds":    {func(f *deliveries.Funnel) { f.Sent = 49 }, 3, AskOwner, "49 of at least 50 messages were sent after 4 holds"},
		"enough, on the edge":          {func(f *deliveries.Funnel) { f.Sent, f.Bounced, f.Delivered = 50, 1, 45 }, 3, Continue, "every criterion holds"},
		"no scores":                    {func(f *deliveries.Funnel) { f.ScoreSum, f.ScoreCount = 0, 0 }, 2, HoldOn, "too little is known yet of csat"},
		"no scores and one that fails": {func(f *deliveries.Funnel) { f.ScoreCount, f.Bounced = 0, 100 }, 0, StopRollout, "bounced 50.00%, wanted bounced < 3%"},
	} {
		seen := good
		k.change(&seen)
		if j := watched().Judge(Stage{Holds: k.holds}, StageResponse{Funnel: seen, Waits: true}); j.Verdict != k.verdict || j.Why != k.why {
			t.Errorf("%s: %s because %q, want %s because %q", name, j.Verdict, j.Why, k.verdict, k.why)
		}
	}
	if j := (&Rollout{Stages: []float64{0.1, 1}}).Judge(Stage{}, StageResponse{Waits: true}); j.Verdict != Continue {
		t.Errorf("without criteria: %s", j.Verdict)
	}
}

// A run that nobody waits in has nothing to be careful about, however little is
// known. What is known to be bad stops the campaign all the same.
func TestNothingIsWatchedForNobody(t *testing.T) {
	if j := watched().Judge(Stage{Holds: 3}, StageResponse{}); j.Verdict != Continue || j.Why != "nobody waits to be let in" {
		t.Errorf("%s because %q", j.Verdict, j.Why)
	}
	if j := watched().Judge(Stage{}, StageResponse{Funnel: deliveries.Funnel{Sent: 100, Bounced: 50}}); j.Verdict != StopRollout {
		t.Errorf("%s because %q", j.Verdict, j.Why)
	}
}

// In a run those whose own clock is behind are known: until they had their messages
// nobody is asked, and the holds do not count. Elsewhere others may come for ever.
func TestNobodyIsAskedBeforeTheirClocksHaveCome(t *testing.T) {
	r, s := watched(), Stage{Run: 7, Holds: 3}
	seen := StageResponse{Funnel: deliveries.Funnel{Sent: 49}, Waits: true, Coming: true}
	j := r.Judge(s, seen)
	if after := r.Judged(s, j, noon); j.Verdict != HoldOn || after.Holds != 3 || !after.JudgeAt.Equal(noon.Add(6*time.Hour)) {
		t.Errorf("%s because %q, then %+v", j.Verdict, j.Why, after)
	}
	if s.Run = 0; r.Judge(s, seen).Verdict != AskOwner {
		t.Error("without a run nobody is ever asked")
	}
	if s.Run, seen.Coming = 7, false; r.Judge(s, seen).Verdict != AskOwner {
		t.Error("nobody is asked when all had their messages")
	}
	if seen = (StageResponse{Funnel: deliveries.Funnel{Sent: 100, Bounced: 50}, Waits: true, Coming: true}); r.Judge(s, seen).Verdict != StopRollout {
		t.Error("what is known to be bad does not stop it")
	}
}

func TestAStageIsRipeWhenItsFirstMessageHadItsTime(t *testing.T) {
	r, s := watched(), Stage{JudgeAt: noon}
	for name, c := range map[string]struct {
		seen StageResponse
		want time.Time
	}{
		"nothing is to come":    {StageResponse{}, noon},
		"nothing was sent yet":  {StageResponse{Coming: true}, noon.Add(7 * time.Hour)},
		"others are to come":    {StageResponse{First: noon.Add(-time.Hour), Coming: true}, noon.Add(5 * time.Hour)},
		"all was sent long ago": {StageResponse{First: noon.Add(-9 * time.Hour)}, noon.Add(-3 * time.Hour)},
	} {
		if ripe := r.Ripe(s, c.seen, noon.Add(time.Hour)); !ripe.Equal(c.want) {
			t.Errorf("%s: ripe at %s, want %s", name, ripe, c.want)
		}
	}
}

func TestAJudgementTellsItsNumbers(t *testing.T) {
	words := watched().Judge(Stage{}, StageResponse{Funnel: deliveries.Funnel{Sent: 143, Bounced: 6, Delivered: 140}, Waits: true}).Words()
	for _, want := range []string{
		"143 messages were sent", "bounced < 3%: 4.20% (6 of 143; 95% interval 1.9% to 8.9%), does not hold",
		"delivered >= 90%: 97.90%", "csat >= 3.5: nothing is known yet",
	} {
		if !strings.Contains(words, want) {
			t.Errorf("%q lacks %q", words, want)
		}
	}
}

// Four hundred calls make no click rate small, and too few letters tell nothing.
func TestARateIsOfTheMessagesThatTellOfIt(t *testing.T) {
	r := &Rollout{Stages: []float64{0.05, 1}, Hold: time.Hour, MinSample: 50, ContinueIf: []Criterion{{ShareOpened, ">=", 0.2}, {ShareClicked, ">=", 0.1}}}
	seen := deliveries.Funnel{Sent: 500, Letters: 60, LettersRead: 30, Opened: 35, Linked: 100, Clicked: 12}
	if j := r.Judge(Stage{}, StageResponse{Funnel: seen, Waits: true}); j.Verdict != Continue {
		t.Errorf("%s because %q", j.Verdict, j.Why)
	}
	seen.Letters, seen.LettersRead = 49, 1
	if j := r.Judge(Stage{}, StageResponse{Funnel: seen, Waits: true}); j.Verdict != HoldOn || j.Why != "too little is known yet of opened" {
		t.Errorf("%s because %q", j.Verdict, j.Why)
	}
}

// A judgement stands beside the next stage, too, and is of the one before.
func TestAJudgementNamesItsStage(t *testing.T) {
	words := watched().Judge(Stage{Number: 1, Share: 0.25}, StageResponse{}).Words()
	if !strings.HasPrefix(words, "stage 2, 25% of the people: ") {
		t.Errorf("it says %q", words)
	}
}

func TestAStageGoesItsWay(t *testing.T) {
	r, c := watched(), &Campaign{ID: "careful", Version: 2, Owner: "growth", Title: "Careful"}
	s := r.First(c, 7, noon)
	if s.Share != 0.05 || s.State != StageWatching || !s.JudgeAt.Equal(noon.Add(6*time.Hour)) || s.Run != 7 || s.Version != 2 {
		t.Fatalf("begins as %+v", s)
	}
	held := r.Judged(s, Judgement{Verdict: HoldOn}, noon.Add(6*time.Hour))
	if held.Holds != 1 || held.Number != 0 || !held.JudgeAt.Equal(noon.Add(12*time.Hour)) {
		t.Errorf("held as %+v", held)
	}
	opened := noon.Add(12 * time.Hour)
	next := r.Judged(held, Judgement{Verdict: Continue}, opened)
	if next.Share != 0.25 || next.State != StageOpening || next.Holds != 0 || next.LetIn(opened.Add(time.Minute)) || !next.LetIn(opened.Add(2*time.Minute)) {
		t.Errorf("opened as %+v", next)
	}
	if w := r.Watched(next); w.State != StageWatching || !w.JudgeAt.Equal(opened.Add(6*time.Hour)) {
		t.Errorf("watched as %+v", w)
	}
	if last := r.Watched(r.Next(next, opened)); last.Share != 1 || last.State != StageOver {
		t.Errorf("ends as %+v", last)
	}
	opening := (Judgement{Verdict: StopRollout, Why: "bounced 9%"}).Case(c, noon)
	if opening.Customer != "" || opening.Queue != "growth" || opening.Campaign != "careful" || !strings.Contains(opening.Title, "Careful is paused: bounced 9%") {
		t.Errorf("the owner is told by %+v", opening)
	}
}
