package sandbox

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// verb is one element of a TwiML document.
type verb struct {
	name  string
	attr  map[string]string
	text  string
	verbs []verb // of Gather and Dial
}

// verbNames are those the sandbox performs. What stands inside them may also be
// the markup of speech.
var verbNames = map[string]bool{
	"Response": true, "Say": true, "Play": true, "Pause": true, "Gather": true, "Record": true, "Dial": true,
	"Redirect": true, "Hangup": true, "Reject": true, "Leave": true,
}

// errTwiML says that a document cannot be performed; a real call would hear "an
// application error has occurred".
var errTwiML = errors.New("not TwiML")

// twimlDepth is deeper than any verb may stand.
const twimlDepth = 5

// readTwiML reads a document's verbs.
func readTwiML(document []byte) ([]verb, error) {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("%w: no Response", errTwiML)
		}
		if start, is := token.(xml.StartElement); is {
			root, err := readVerb(decoder, start, 0)
			if err != nil {
				return nil, err
			}
			if root.name != "Response" {
				return nil, fmt.Errorf("%w: the root is not Response", errTwiML)
			}
			return root.verbs, nil
		}
	}
}

func readVerb(decoder *xml.Decoder, start xml.StartElement, depth int) (verb, error) {
	v := verb{name: start.Name.Local, attr: make(map[string]string, len(start.Attr))}
	if speech := depth > 1; !verbNames[v.name] && !speech || depth > twimlDepth {
		return v, fmt.Errorf("%w: %s is no verb", errTwiML, v.name)
	}
	for _, a := range start.Attr {
		v.attr[a.Name.Local] = a.Value
	}
	var text strings.Builder
	for {
		token, err := decoder.Token()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return v, fmt.Errorf("%w: it ends inside %s", errTwiML, v.name)
			}
			return v, fmt.Errorf("%w: %w", errTwiML, err)
		}
		switch token := token.(type) {
		case xml.CharData:
			text.Write(token)
		case xml.StartElement:
			inner, err := readVerb(decoder, token, depth+1)
			if err != nil {
				return v, err
			}
			v.verbs = append(v.verbs, inner)
			text.WriteString(inner.text)
		case xml.EndElement:
			v.text = strings.TrimSpace(text.String())
			return v, nil
		}
	}
}
