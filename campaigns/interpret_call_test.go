package campaigns

import (
	"maps"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/recordings"
)

// talk is the call of a step that asks, with a script.
func talk(scale Scale, questions ...channels.CallQuestion) (*Campaign, deliveries.Delivery) {
	c := surveyCampaign(scale)
	d := call()
	d.Content = &channels.Content{Call: &channels.CallScript{Questions: questions, Language: "en"}}
	return c, d
}

func digits(id string, low, high int) channels.CallQuestion {
	return channels.CallQuestion{ID: id, Say: "?", Expect: channels.ExpectDigits, Low: low, High: high}
}

func TestWordsOnACallAreUnderstood(t *testing.T) {
	five, ten := digits("csat", 1, 5), digits("nps", 0, 10)
	yesNo := channels.CallQuestion{ID: "again", Expect: channels.ExpectYesNo}
	open := channels.CallQuestion{ID: "why", Expect: channels.ExpectSpeech}
	for _, c := range []struct {
		tag, said string
		q         channels.CallQuestion
		want      channels.Spoken
	}{
		{"en-GB", "four", five, channels.Spoken{Key: "4"}},
		{"en-GB", "Four.", five, channels.Spoken{Key: "4"}},
		{"de", "vier", five, channels.Spoken{Key: "4"}},
		{"en", "vier", five, channels.Spoken{}},
		{"de", "four", five, channels.Spoken{Key: "4"}},
		{"ru", "четыре", five, channels.Spoken{Key: "4"}},
		{"fa", "چهار", five, channels.Spoken{Key: "4"}},
		{"en", "4", five, channels.Spoken{Key: "4"}},
		{"en", "Yes, four", five, channels.Spoken{Key: "4"}},
		{"en", "I would say a five, please.", five, channels.Spoken{Key: "5"}},
		{"de", "Ich würde sagen zwei bitte", five, channels.Spoken{Key: "2"}},
		{"en", "one out of five", five, channels.Spoken{Key: "1"}},
		{"en", "definitely not a five", five, channels.Spoken{}},
		{"en", "nine", five, channels.Spoken{}},
		{"en", "no one", five, channels.Spoken{}},
		{"en", "one moment", five, channels.Spoken{}},
		{"fr", "un peu cher", five, channels.Spoken{}},
		{"en", "hello?", five, channels.Spoken{}},
		{"en", "nine", ten, channels.Spoken{Key: "9"}},
		{"en", "ten", ten, channels.Spoken{Key: "10"}},
		{"en", "Hold on.", ten, channels.Spoken{}},
		{"fa", "نه", ten, channels.Spoken{}},
		{"en", "yes", yesNo, channels.Spoken{Key: "1"}},
		{"de", "nein danke", yesNo, channels.Spoken{Key: "2"}},
		{"en", "perhaps", yesNo, channels.Spoken{}},
		{"en", "I'm not sure.", yesNo, channels.Spoken{}},
		{"ru", "всё не так", yesNo, channels.Spoken{}},
		{"en", "it was late", open, channels.Spoken{}},
		{"en", "Stop calling me!", open, channels.Spoken{Stop: true}},
		{"en", "Stop texting me!", five, channels.Spoken{}}, // the call goes on
		{"en", "Do not call me again.", five, channels.Spoken{Stop: true}},
		{"en", "Rufen Sie mich nicht mehr an", five, channels.Spoken{Stop: true}},
		{"ru", "Больше не звоните", ten, channels.Spoken{Stop: true}},
	} {
		d := deliveries.Delivery{Content: &channels.Content{Call: &channels.CallScript{Language: c.tag}}}
		if got := (*Campaign)(nil).Understand(d, c.q, c.said); got != c.want {
			t.Errorf("%s %s %q: %+v, want %+v", c.tag, c.q.ID, c.said, got, c.want)
		}
	}
}

// spokenReport is what somebody pressed or said at a question.
func spokenReport(question, answer, text string) channels.Report {
	return channels.Report{
		Channel: channels.Call, Kind: channels.ReportAnswered, ProviderID: "P1", At: noon, From: "+4915112345678",
		Question: question, Answer: answer, Text: text,
	}
}

func TestAnAnswerSaidAloudIsKept(t *testing.T) {
	c, d := talk(CSAT5, digits("csat", 1, 5), digits("price", 1, 5))
	d.Content.Call.Language = "de"
	got := interpret(c, spokenReport("csat", "Ich würde sagen vier", "Ich würde sagen vier"), d)
	if got.Answer == nil || got.Answer.Score == nil || *got.Answer.Score != 4 || got.Progress.Status != deliveries.Answered {
		t.Errorf("got %+v, %+v", got.Answer, got.Progress)
	}
	got = interpret(c, spokenReport("price", "two", "two"), d)
	if got.Answer == nil || got.Answer.Ask != "price" || got.Answer.Score == nil || *got.Answer.Score != 2 {
		t.Errorf("a further question: %+v", got.Answer)
	}
	for _, said := range []string{"7", "hello?"} {
		if got := interpret(c, spokenReport("csat", said, ""), d); got.Answer != nil || got.Progress != nil || got.Suppression != nil {
			t.Errorf("%q is asked again, and answers nothing: %+v, %+v", said, got.Answer, got.Progress)
		}
	}
}

// A key that is no answer is told as what was heard, and never as the
// customer's word in a case.
func TestAKeyOutOfRangeIsNoAnswer(t *testing.T) {
	yesNo := channels.CallQuestion{ID: "again", Expect: channels.ExpectYesNo}
	c, d := talk(CSAT5, digits("csat", 1, 5), yesNo)
	for question, key := range map[string]string{"csat": "7", "again": "4"} {
		got := interpret(c, spokenReport(question, key, ""), d)
		want := map[string]any{"template": d.Template, "question": question, "heard": key}
		if d.Template == "" {
			delete(want, "template")
		}
		if got.Answer != nil || got.Event.Name != "call misunderstood" || !maps.Equal(got.Event.Properties, want) {
			t.Errorf("%s, key %s: %+v, %s %v", question, key, got.Answer, got.Event.Name, got.Event.Properties)
		}
		sent := customers.Event{Name: "call sent", Delivery: d.ID, At: noon}
		if lines := customers.Conversation([]customers.Event{sent, got.Event}); len(lines) != 1 || lines[0].Status != "sent" {
			t.Errorf("%s, key %s: the case tells %+v", question, key, lines)
		}
	}
	if got := interpret(c, spokenReport("again", "2", ""), d); got.Event.Name != "call answered" || got.Answer == nil {
		t.Errorf("a no: %s, %+v", got.Event.Name, got.Answer)
	}
}

func TestWhoWantsNoCallsGetsNone(t *testing.T) {
	c, d := talk(NPS, digits("csat", 1, 5), digits("nps", 0, 10), channels.CallQuestion{ID: "comment", Expect: channels.ExpectRecord})
	for name, r := range map[string]channels.Report{
		"nine":             spokenReport("csat", "9", ""),
		"the star":         spokenReport("nps", "*", ""),
		"nine and star":    spokenReport("nps", "9*", ""), // a scale to ten waits for two keys
		"star and nine":    spokenReport("nps", "*9", ""),
		"two stars":        spokenReport("nps", "**", ""),
		"words":            spokenReport("nps", "do not call me again", "do not call me again"),
		"nine in the tape": spokenReport("comment", "9", ""),
	} {
		got := interpret(c, r, d)
		s := got.Suppression
		if s == nil || s.Channel != channels.Call || s.Address != "+4915112345678" || s.Reason != channels.ReasonOptedOut {
			t.Errorf("%s: %+v", name, s)
		}
		if got.Event.Name != "call unsubscribed" || got.Progress.Status != deliveries.Unsubscribed || got.Answer != nil {
			t.Errorf("%s: %s, %+v, %+v", name, got.Event.Name, got.Progress, got.Answer)
		}
	}
	if got := interpret(c, spokenReport("nps", "9", ""), d); got.Suppression != nil || got.Answer == nil || *got.Answer.Score != 9 {
		t.Errorf("a nine out of ten: %+v, %+v", got.Suppression, got.Answer)
	}
}

// What the call asks again about is no answer to the ledger: keys are taken as the script
// takes them, and words as the key that says the same.
func TestTheLedgerHearsWhatTheCallHears(t *testing.T) {
	yesNo := channels.CallQuestion{ID: "again", Expect: channels.ExpectYesNo}
	c, d := talk(NPS, digits("nps", 0, 10), digits("few", 1, 4), yesNo)
	for _, r := range []channels.Report{
		spokenReport("nps", "9#", ""), spokenReport("nps", "09", ""), spokenReport("nps", "4 or 5", "4 or 5"), spokenReport("nps", "not a nine", "not a nine"),
		spokenReport("few", "5", ""), spokenReport("few", "five", "five"), spokenReport("again", "0", ""), spokenReport("again", "not sure", "not sure"),
	} {
		got := interpret(c, r, d)
		if got.Answer != nil || got.Progress != nil || got.Suppression != nil || got.Event.Name != customers.CallMisunderstood {
			t.Errorf("%s %q: %s, %+v, %+v", r.Question, r.Answer, got.Event.Name, got.Answer, got.Progress)
		}
	}
	got := interpret(c, spokenReport("nps", "two out of ten", "two out of ten"), d)
	if got.Answer == nil || *got.Answer.Score != 2 || got.Case == nil || got.Case.Why != "low_score" {
		t.Errorf("two out of ten: %+v, %+v", got.Answer, got.Case)
	}
}

// A machine hears a German "nein" as a nine: only keys stop, as the caller is told.
func TestANineThatWasSaidStopsNothing(t *testing.T) {
	open := channels.CallQuestion{ID: "why", Expect: channels.ExpectSpeech}
	c, d := talk(CSAT5, digits("csat", 1, 5), open)
	for _, question := range []string{"csat", "why"} {
		r := spokenReport(question, "9", "9")
		if got := interpret(c, r, d); got.Suppression != nil || Binding(r, d) {
			t.Errorf("%s: %s, %+v", question, got.Event.Name, got.Suppression)
		}
	}
}

// Who says on a call that they want no more texts is still called.
func TestNoMoreTextsSaidOnACall(t *testing.T) {
	open := channels.CallQuestion{ID: "why", Expect: channels.ExpectSpeech}
	c, d := talk(CSAT5, digits("csat", 1, 5), open)
	for _, question := range []string{"csat", "why"} {
		r := spokenReport(question, "Stop texting me!", "Stop texting me!")
		got := interpret(c, r, d)
		if s := got.Suppression; s == nil || s.Channel != channels.SMS || s.Address != "+4915112345678" || s.Reason != channels.ReasonOptedOut {
			t.Errorf("%s: %+v", question, s)
		}
		if got.Event.Name != "call answered" || got.Event.Properties["stops"] != "sms" || got.Progress != nil || got.Answer != nil || got.Case != nil {
			t.Errorf("%s: %s %v, %+v, %+v, %+v", question, got.Event.Name, got.Event.Properties, got.Progress, got.Answer, got.Case)
		}
		if !Binding(r, d) {
			t.Errorf("%s: waits for a campaign that cannot be read", question)
		}
	}
}

func TestARecordedAnswerIsKeptBeforeItsWords(t *testing.T) {
	c, d := talk(CSAT5, digits("csat", 1, 5), channels.CallQuestion{ID: "comment", Expect: channels.ExpectRecord})
	r := spokenReport("comment", "", "")
	r.Recording, r.Duration = "RE1", 4*time.Second
	got := interpret(c, r, d)
	if got.Answer == nil || got.Answer.Ask != "comment" || got.Answer.Text != "" {
		t.Errorf("answer %+v", got.Answer)
	}
	want := recordings.Recording{
		ProviderID: "RE1", Call: "P1", Customer: "c1", Campaign: "after-delivery", Entry: 7, Delivery: 100,
		Kind: recordings.Answer, Question: "comment", At: noon, Lasted: 4 * time.Second, State: recordings.Waiting, DueAt: noon.Add(time.Hour),
	}
	if got.Recording == nil || *got.Recording != want {
		t.Errorf("recording %+v", got.Recording)
	}
	if got := interpret(c, spokenReport("comment", "", "It was late"), d); got.Answer == nil || got.Answer.Text != "It was late" {
		t.Errorf("its words: %+v", got.Answer)
	}
}

func TestAMessageThatWasLeftIsNotLeftAgain(t *testing.T) {
	machine := channels.Report{Channel: channels.Call, Kind: channels.ReportFailed, ProviderID: "P1", At: noon, Reason: channels.ReasonMachine, Again: true}
	c, d := talk(CSAT5, digits("csat", 1, 5))
	d.Retry = deliveries.Retry{On: []string{"machine"}, Every: time.Hour, AtMost: 2}
	if got := interpret(c, machine, d).Progress; got.Status != deliveries.Planned {
		t.Errorf("hung up: %+v", got)
	}
	d.Content.Call.Voicemail = "We called."
	if got := interpret(c, machine, d).Progress; got.Status != deliveries.Failed || got.Reason != channels.ReasonVoicemail {
		t.Errorf("a question left on a tape: %+v", got)
	}
	d.Step = "1" // tells, and asks nothing
	if got := interpret(c, machine, d); got.Progress.Status != deliveries.Delivered || got.Event.Name != "call delivered" {
		t.Errorf("words left on a tape: %+v", got.Progress)
	}
	d.Status = deliveries.Answered
	d.Content.Call.Voicemail = ""
	if got := interpret(c, machine, d).Progress; got != nil {
		t.Errorf("somebody has answered: %+v", got)
	}
}

func TestBeingPutThroughOpensACase(t *testing.T) {
	c, d := talk(CSAT5, digits("csat", 1, 5))
	r := channels.Report{Channel: channels.Call, Kind: channels.ReportTransferred, ProviderID: "P1", At: noon, Question: "csat", Duration: 200 * time.Second}
	got := interpret(c, r, d)
	if got.Case == nil || got.Case.Why != "transferred" || got.Case.Queue != "recovery" || got.Case.Note != "Put through to a person; they talked for 3 min 20 s." {
		t.Errorf("case %+v", got.Case)
	}
	r.Reason, r.Duration = "no_answer", 0
	if got := interpret(c, r, d); got.Case == nil || got.Case.Priority != customers.Urgent || got.Progress != nil {
		t.Errorf("nobody took it: %+v", got.Case)
	}
	for _, step := range []string{"0", "1"} {
		d.Step = step
		if got := interpret(c, r, d).Case; got == nil || !got.DueAt.Equal(got.OpenedAt.Add(time.Hour)) {
			t.Errorf("a promised call of step %s: %+v", step, got)
		}
	}
	r = channels.Report{Channel: channels.Call, Kind: channels.ReportRecorded, ProviderID: "P1", At: noon, Recording: "RE2", Duration: time.Minute}
	if got := interpret(c, r, d).Recording; got == nil || got.Kind != recordings.Conversation {
		t.Errorf("recording %+v", got)
	}
}
