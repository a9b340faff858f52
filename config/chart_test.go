package config_test

import (
	"encoding"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rapport/config"
)

// keysOf are the keys of a section of the operator's file, and of the sections in it.
func keysOf(section reflect.Type) map[string]any {
	keys := map[string]any{}
	for i := range section.NumField() {
		switch key, of := section.Field(i).Tag.Get("yaml"), section.Field(i).Type; {
		case key == "-":
		case of.Kind() == reflect.Struct:
			keys[key] = keysOf(of)
		default:
			keys[key] = nil
		}
	}
	return keys
}

// settingsOf are the names that a variable or a Secret may give settings by.
func settingsOf(section reflect.Type, before string) (names []string) {
	text := reflect.TypeFor[encoding.TextUnmarshaler]()
	for i := range section.NumField() {
		key, of := section.Field(i).Tag.Get("yaml"), section.Field(i).Type
		if key == "-" || of.Kind() == reflect.Map {
			continue
		}
		if of.Kind() != reflect.Struct || reflect.PointerTo(of).Implements(text) {
			names = append(names, before+key)
		}
		if of.Kind() == reflect.Struct {
			names = append(names, settingsOf(of, before+key+"_")...)
		}
	}
	slices.Sort(names)
	return names
}

// schema is the part of a JSON Schema that names keys.
type schema struct {
	Properties    map[string]schema
	Additional    any `json:"additionalProperties"`
	PropertyNames struct {
		AnyOf []struct{ Enum []string } `json:"anyOf"`
	}
	Items *schema
}

func (s schema) keys() map[string]any {
	keys := map[string]any{}
	for key, inner := range s.Properties {
		keys[key] = nil
		if len(inner.Properties) > 0 {
			keys[key] = inner.keys()
		}
	}
	return keys
}

func (s schema) closed() bool { return s.Additional == false }

// A misspelt setting is refused at the laptop: the program would refuse it only in the
// cluster, one pod after the other.
func TestTheChartKnowsTheProgramsSettings(t *testing.T) {
	raw, err := os.ReadFile("../deploy/helm/rapport/values.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var values schema
	if err := json.Unmarshal(raw, &values); err != nil {
		t.Fatal(err)
	}
	file := values.Properties["config"]
	// What a section of limits and providers holds is named by channels.
	limits, providers := file.Properties["limits"], file.Properties["providers"]
	delete(file.Properties, "limits")
	delete(file.Properties, "providers")
	want := keysOf(reflect.TypeFor[config.Config]())
	delete(want, "limits")
	delete(want, "providers")
	if got := file.keys(); !reflect.DeepEqual(got, want) {
		told, _ := json.Marshal(want)
		t.Errorf("config knows %v, and the program %s", got, told)
	}
	for name, section := range map[string]schema{"config": file, "limits": limits, "providers": providers, "worker": file.Properties["worker"], "s3": file.Properties["recordings"].Properties["s3"]} {
		if !section.closed() {
			t.Errorf("%s takes keys that nobody knows", name)
		}
	}
	settings := values.Properties["secrets"].Items.Properties["settings"].PropertyNames.AnyOf
	if len(settings) != 2 {
		t.Fatalf("settings are %v", settings)
	}
	if want := settingsOf(reflect.TypeFor[config.Config](), ""); !slices.Equal(settings[0].Enum, want) {
		t.Errorf("secrets know the settings %s, and the program %s", strings.Join(settings[0].Enum, " "), strings.Join(want, " "))
	}
}
