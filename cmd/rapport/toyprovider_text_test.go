package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"rapport/channels"
)

// toyTexts is the settings of a provider of texts that nobody has heard of.
type toyTexts struct {
	URL string          `yaml:"url"`
	Key channels.Secret `yaml:"key"`
}

func (s toyTexts) Open() (channels.Sender, error) {
	return &toySender{toyEars: toyEars{key: s.Key}, url: s.URL, client: channels.NewClient(5*time.Second, nil)}, nil
}

type toySender struct {
	toyEars
	url    string
	client *http.Client
}

// toyMessage is what the toy service takes, for texts and calls.
type toyMessage struct {
	To, Text, Report, Script string
}

func (s *toySender) Send(ctx context.Context, m channels.Message) (channels.Receipt, error) {
	return s.hand(ctx, toyMessage{To: m.To, Text: m.Content.SMS.Text, Report: m.StatusURL})
}

func (s *toySender) hand(ctx context.Context, m toyMessage) (channels.Receipt, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return channels.Receipt{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return channels.Receipt{}, err
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return channels.Receipt{}, channels.Cause(err)
	}
	defer answer.Body.Close()
	if err := channels.Judge("toy", answer.StatusCode, answer.Header, ""); err != nil {
		return channels.Receipt{}, err
	}
	var given struct{ Name string }
	err = json.NewDecoder(answer.Body).Decode(&given)
	return channels.Receipt{ProviderID: given.Name}, err
}
