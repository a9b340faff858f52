package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"rapport/channels"
)

// toyEars understands what the toy service tells, of texts and of calls.
type toyEars struct{ key channels.Secret }

// toyWord is what it tells: JSON, and nothing that reminds of Twilio.
type toyWord struct {
	Message string // its name for a text or a call
	State   string // arrived, said, pressed
	From    string
	Said    string
	Step    int
}

// toySeal is the toy's signature.
func toySeal(key, url string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(url))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

func (e toyEars) Verify(c channels.Callback) error {
	if !hmac.Equal([]byte(c.Header.Get("X-Toy-Seal")), []byte(toySeal(string(e.key), c.URL, c.Body))) {
		return errors.New("the seal is not the toy's")
	}
	return nil
}

func (e toyEars) Reports(c channels.Callback) ([]channels.Report, error) {
	var w toyWord
	if err := json.Unmarshal(c.Body, &w); err != nil {
		return nil, err
	}
	r := channels.Report{ProviderID: w.Message, At: c.ReceivedAt, Key: w.Message + "/" + w.State}
	switch w.State {
	case "arrived":
		r.Channel, r.Kind = channels.SMS, channels.ReportDelivered
	case "said":
		r.Channel, r.Kind, r.ProviderID, r.From, r.Text = channels.SMS, channels.ReportReplied, "", w.From, w.Said
	case "pressed":
		r.Channel, r.Kind, r.Question, r.Answer = channels.Call, channels.ReportAnswered, "0", w.Said
	default:
		return nil, nil
	}
	return []channels.Report{r}, nil
}
