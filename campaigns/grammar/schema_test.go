package grammar

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemas are compiled once.
var schemas = map[string]*jsonschema.Schema{}

// compiled is a file's schema, ready to judge.
func compiled(t testing.TB, file File) *jsonschema.Schema {
	t.Helper()
	if schema, known := schemas[file.Name]; known {
		return schema
	}
	content, err := Schema(file)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("file:///"+file.Name, document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("file:///" + file.Name)
	if err != nil {
		t.Fatal(err)
	}
	schemas[file.Name] = schema
	return schema
}

// judged are the places of all that the schema finds wrong with the documents
// of a text, such as /steps/0/email.
func judged(t testing.TB, file File, text string) (places []string) {
	t.Helper()
	schema := compiled(t, file)
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for {
		var document any
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return places
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		var invalid *jsonschema.ValidationError
		if err := schema.Validate(document); errors.As(err, &invalid) {
			places = append(places, leaves(invalid)...)
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func leaves(e *jsonschema.ValidationError) []string {
	if len(e.Causes) == 0 {
		return []string{"/" + strings.Join(e.InstanceLocation, "/")}
	}
	var places []string
	for _, cause := range e.Causes {
		places = append(places, leaves(cause)...)
	}
	return places
}

// refuses makes sure that the schema refuses a document, or takes it.
func refuses(t testing.TB, file File, document string, want bool) {
	t.Helper()
	if wrong := judged(t, file, document); (len(wrong) > 0) != want {
		t.Errorf("the schema finds mistakes at %v of\n%s", wrong, document)
	}
}
