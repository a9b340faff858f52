package campaigns

import (
	"bytes"
	"errors"
	"testing"
)

var twoProblems = []Problem{
	{Severity: Warning, File: "campaigns/100%,a:b.yaml", Line: 3, Column: 9, Message: "this is 50% wrong,\nand more", Mend: "write <b>"},
	{Severity: Mistake, File: "rapport.yaml", Line: 1, Column: 1, Message: "it is empty"},
}

func TestFormatsOfProblems(t *testing.T) {
	tests := map[string]struct {
		problems []Problem
		want     string
	}{
		"text": {twoProblems, "campaigns/100%,a:b.yaml:3:9: warning: this is 50% wrong,\nand more; write <b>\nrapport.yaml:1:1: it is empty\n"},
		"github": {twoProblems, "::warning file=campaigns/100%25%2Ca%3Ab.yaml,line=3,col=9::this is 50%25 wrong,%0Aand more; write <b>\n" +
			"::error file=rapport.yaml,line=1,col=1::it is empty\n"},
		"json": {twoProblems[1:], "[\n  {\n    \"severity\": \"mistake\",\n    \"file\": \"rapport.yaml\",\n    \"line\": 1,\n    \"column\": 1,\n    \"message\": \"it is empty\"\n  }\n]\n"},
	}
	for format, test := range tests {
		var got bytes.Buffer
		if err := WriteProblems(&got, test.problems, format); err != nil {
			t.Error(err)
		}
		same(t, format, test.want, got.String())
	}
}

func TestNoProblems(t *testing.T) {
	for format, want := range map[string]string{"text": "", "github": "", "json": "[]\n"} {
		var got bytes.Buffer
		if err := WriteProblems(&got, nil, format); err != nil || got.String() != want {
			t.Errorf("%s: %q, %v", format, got.String(), err)
		}
	}
	if err := WriteProblems(&bytes.Buffer{}, nil, "xml"); err == nil {
		t.Error("xml was taken for a format")
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWritersErrorIsTold(t *testing.T) {
	for _, format := range []string{"text", "github", "json"} {
		if err := WriteProblems(fullDisk{}, twoProblems, format); err == nil {
			t.Errorf("%s: the error was lost", format)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"template", "by", "answer_within", "expires", "high", "normal"}
	for word, want := range map[string]string{
		"tempalte": "template", "Template": "template", "answer-within": "answer_within", "expire": "expires",
		"highest": "high", "answerwithin": "answer_within", "yb": "by", "xx": "", "": "", "colour": "",
	} {
		if got := nearest(word, known); got != want {
			t.Errorf("nearest to %q is %q, want %q", word, got, want)
		}
	}
}
