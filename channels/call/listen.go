package call

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/twilio/twilio-go/twiml"

	"rapport/channels"
)

const (
	// listenFor is how long, in seconds, a question waits for its answer.
	listenFor = "6"
	// pause is how long, in seconds, silence lasts after which an answer was said,
	// where a model listens: "auto" is for none (Twilio warning 13335).
	pause = "2"
	// recordFor is the longest recording, in seconds, where a script says none.
	recordFor = 60
	// transcribable is the longest recording, in seconds, that Twilio transcribes.
	transcribable = 120
)

// gather listens for keys, and for words where Twilio knows the language
// (https://www.twilio.com/docs/voice/twiml/gather). Whatever comes first counts,
// and cuts the question short.
func (t *turn) gather(question channels.CallQuestion, words []twiml.Element, next string) *twiml.VoiceGather {
	gather := &twiml.VoiceGather{
		Input: "dtmf", Action: next, Method: "POST", Timeout: listenFor,
		NumDigits: strconv.Itoa(len(strconv.Itoa(max(question.High, 1)))), InnerElements: words,
	}
	if t.tongue.hear == "" {
		return gather
	}
	gather.Input, gather.Language, gather.SpeechTimeout = "dtmf speech", t.tongue.hear, "auto"
	gather.Hints = strings.Join(question.Hints, ",")
	switch {
	case question.Open():
		gather.ProfanityFilter = "false" // whoever looks after the case reads what was said
	case t.tongue.counted():
		gather.SpeechModel, gather.SpeechTimeout = "numbers_and_commands", pause
	}
	return gather
}

// record takes down what is said after the tone
// (https://www.twilio.com/docs/voice/twiml/record). The nine and the star end it
// like the hash, and ask not to be called again.
func (t *turn) record(question channels.CallQuestion, index int, next string) *twiml.VoiceRecord {
	length := recordFor
	if question.Record > 0 {
		length = max(int(question.Record.Seconds()), 1)
	}
	record := &twiml.VoiceRecord{
		Action: next, Method: "POST", MaxLength: strconv.Itoa(length), PlayBeep: "true", FinishOnKey: "#*9",
	}
	status, err := url.Parse(t.Status)
	if err != nil || status.Host == "" {
		return record
	}
	told := with(status, inQuestion, strconv.Itoa(index))
	record.RecordingStatusCallback, record.RecordingStatusCallbackMethod = told, "POST"
	if t.transcribe && strings.HasPrefix(t.tongue.hear, "en-") && length <= transcribable {
		record.Transcribe, record.TranscribeCallback = "true", told
	}
	return record
}
