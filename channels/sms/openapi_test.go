package sms_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"rapport/channels"
)

// schema is what of Twilio's own API description a form is held to.
type schema struct {
	Type       string            `json:"type"`
	Format     string            `json:"format"`
	Pattern    string            `json:"pattern"`
	Required   []string          `json:"required"`
	Properties map[string]schema `json:"properties"`
}

type operation struct {
	Parameters []struct {
		Name, In string
		Schema   schema
	}
	RequestBody struct {
		Content map[string]struct{ Schema schema }
	}
}

func described(t *testing.T) map[string]map[string]operation {
	t.Helper()
	raw, err := os.ReadFile("../../../shared/vectors/openapi/twilio_v2010_messages_calls.json")
	if err != nil {
		t.Skip("Twilio's description of its API is not here: ", err)
	}
	var file struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]operation{}
	for path, methods := range file.Paths {
		all[path] = map[string]operation{}
		for method, text := range methods {
			var o operation
			if json.Unmarshal(text, &o) == nil { // "servers" and the like are no operations
				all[path][method] = o
			}
		}
	}
	return all
}

// fits judges the text of one field by its schema.
func (s schema) fits(text string) bool {
	if s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(text) {
		return false
	}
	switch s.Format {
	case "uri":
		address, err := url.Parse(text)
		return err == nil && address.Scheme == "https" && address.Host != ""
	case "phone-number":
		return len(text) > 2
	}
	return s.Type == "string" || s.Type == "integer"
}

// TestRequestsAreAsTwilioDescribesThem holds what is sent to Twilio's own
// description: the path, every field's name and form, and those that it needs.
func TestRequestsAreAsTwilioDescribesThem(t *testing.T) {
	paths := described(t)
	var seen int
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen++
		path := strings.Replace(r.URL.Path, "AC0123456789abcdef0123456789abcdef", "{AccountSid}", 1)
		o, known := paths[path][strings.ToLower(r.Method)]
		if !known {
			t.Fatalf("Twilio describes no %s %s", r.Method, path)
		}
		fields := map[string]schema{}
		if r.Method == http.MethodPost {
			body := o.RequestBody.Content["application/x-www-form-urlencoded"].Schema
			fields = body.Properties
			for _, name := range body.Required {
				if r.FormValue(name) == "" {
					t.Errorf("%s is needed and missing", name)
				}
			}
		}
		for _, p := range o.Parameters {
			if p.In == "query" {
				fields[p.Name] = p.Schema
			}
		}
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		for name, values := range r.Form {
			field, known := fields[name]
			if !known || len(values) != 1 || !field.fits(values[0]) {
				t.Errorf("%s %s: field %s=%q is not as Twilio describes it (%+v)", r.Method, path, name, values, field)
			}
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"sid":"SM1","num_segments":"1"}`))
	}))
	defer service.Close()
	sender := open(t, settings(service.URL))
	for _, from := range []string{"+493012345678", "Lindenhof", "12345", "MG0123456789abcdef0123456789abcdef"} {
		m := message("")
		m.From = from
		if _, err := sender.Send(t.Context(), m); err != nil {
			t.Error(err)
		}
	}
	_, _, err := sender.(channels.Finder).Find(t.Context(), 812, message("").To, time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC))
	if err != nil || seen != 5 {
		t.Error(err, seen)
	}
}
