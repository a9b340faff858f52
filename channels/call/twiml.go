package call

import (
	"fmt"

	"github.com/twilio/twilio-go/twiml"

	"rapport/channels"
)

const contentType = "text/xml; charset=utf-8"

// reply writes the turn as TwiML. The library sets attributes in random order;
// sorted, the same turn is always the same document.
func (t *turn) reply() (channels.Reply, error) {
	document, response := twiml.CreateDocument()
	twiml.AddAllVerbs(response, t.verbs)
	for _, element := range response.FindElements("//*") {
		element.SortAttrs()
	}
	text, err := twiml.ToXML(document)
	if err != nil {
		return channels.Reply{}, fmt.Errorf("write twiml: %w", err)
	}
	return channels.Reply{ContentType: contentType, Body: []byte(text)}, nil
}
