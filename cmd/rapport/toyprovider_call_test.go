package main

import (
	"context"
	"encoding/json"
	"time"

	"rapport/channels"
)

// toyCalls is the settings of a provider of calls that nobody has heard of.
type toyCalls struct {
	URL string          `yaml:"url"`
	Key channels.Secret `yaml:"key"`
}

func (s toyCalls) Open() (channels.Sender, error) {
	return &toyCaller{toySender{toyEars: toyEars{key: s.Key}, url: s.URL, client: channels.NewClient(5*time.Second, nil)}}, nil
}

type toyCaller struct{ toySender }

func (s *toyCaller) Send(ctx context.Context, m channels.Message) (channels.Receipt, error) {
	return s.hand(ctx, toyMessage{To: m.To, Report: m.StatusURL, Script: m.ScriptURL})
}

func (s *toyCaller) CallOf(c channels.Callback) string {
	var w toyWord
	_ = json.Unmarshal(c.Body, &w) // then it names none
	return w.Message
}

// Talk speaks plain text: the greeting and the question, then goodbye.
func (s *toyCaller) Talk(turn channels.CallTurn) (channels.Reply, error) {
	var w toyWord
	if err := json.Unmarshal(turn.Callback.Body, &w); err != nil {
		return channels.Reply{}, err
	}
	words := turn.Script.Bye
	if w.State == "" {
		words = turn.Script.Say + " " + turn.Script.Questions[0].Say + " " + turn.Self + "?heard=0"
	}
	return channels.Reply{ContentType: "text/plain", Body: []byte(words)}, nil
}

func (s *toyCaller) Machine(channels.Callback) bool { return false }

func (s *toyCaller) Interrupt(context.Context, string, channels.Reply) error { return nil }

func (s *toyCaller) HangUp() channels.Reply {
	return channels.Reply{ContentType: "text/plain", Body: []byte("hang up")}
}
