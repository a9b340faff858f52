package config

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const hush = "hush-0123456789"

func TestNoSecretIsShown(t *testing.T) {
	config := Defaults()
	config.Store, config.LinkKeys = hush, []Secret{hush}
	config.Providers = map[string]map[string]Section{"email": {"sendgrid": Section("api_key: " + hush)}}
	ways := map[string]func(v any) string{
		"%v":  func(v any) string { return fmt.Sprintf("%v", v) },
		"%+v": func(v any) string { return fmt.Sprintf("%+v", v) },
		"%#v": func(v any) string { return fmt.Sprintf("%#v", v) },
		"%q":  func(v any) string { return fmt.Sprintf("%q", v) },
		"JSON": func(v any) string {
			raw, err := json.Marshal(v)
			return fmt.Sprint(string(raw), err)
		},
		"YAML": func(v any) string {
			raw, err := yaml.Marshal(v)
			return fmt.Sprint(string(raw), err)
		},
		"slog, text": func(v any) string {
			var log strings.Builder
			slog.New(slog.NewTextHandler(&log, nil)).Info("told", "it", v)
			return log.String()
		},
		"slog, json": func(v any) string {
			var log strings.Builder
			slog.New(slog.NewJSONHandler(&log, nil)).Info("told", "it", v)
			return log.String()
		},
	}
	section := config.Providers["email"]["sendgrid"]
	hidden := []string{
		hush, strings.Trim(fmt.Sprint([]byte(hush)), "[]"), // as text, as numbers, as JSON has bytes
		base64.StdEncoding.EncodeToString([]byte("api_key: " + hush))[:16], "0x68",
	}
	for name, show := range ways {
		for _, v := range []any{config, &config, config.Store, config.LinkKeys, section, config.Providers} {
			shown := show(v)
			for _, text := range hidden {
				if strings.Contains(shown, text) {
					t.Errorf("%s of a %T shows a secret: %s", name, v, shown)
				}
			}
			if _, pointer := v.(*Config); !pointer && !strings.Contains(shown, "***") {
				t.Errorf("%s of a %T does not say that there is one: %s", name, v, shown)
			}
		}
	}
	if got := Secret("").String() + Section(nil).String(); got != "" {
		t.Errorf("nothing looks like a secret: %q", got)
	}
	if config.Store.Reveal() != hush {
		t.Error("the secret itself is lost")
	}
}

func TestASectionIsDecodedStrictly(t *testing.T) {
	var m mail
	if err := Section("api_key: " + hush + "\nfrom: a").Decode(&m); err != nil || m.APIKey != hush || m.From != "a" {
		t.Errorf("got %v, %v", m, err)
	}
	for _, text := range []string{"api_key: " + hush + "\nform: a", "- api_key: " + hush, "from: [" + hush, "from: {a: " + hush + "}"} {
		err := Section(text).Decode(&m)
		if err == nil {
			t.Errorf("%q was decoded", text)
		} else if strings.Contains(err.Error(), hush) {
			t.Errorf("the mistake shows a secret: %v", err)
		}
	}
	if err := Section("form: a").Decode(&m); err == nil || !strings.Contains(err.Error(), `unknown field "form"`) {
		t.Errorf("got %v", err)
	}
}

func TestASectionWithOneMoreKey(t *testing.T) {
	for _, text := range []string{"", "from: b", "api_key: " + hush + "\nfrom: b"} {
		section, err := Section(text).With("from", "a: #1")
		var m mail
		if err == nil {
			err = section.Decode(&m)
		}
		if err != nil || m.From != "a: #1" || strings.Contains(text, hush) != (m.APIKey == hush) {
			t.Errorf("%q: got %v, %v", text, m, err)
		}
	}
	if _, err := Section("- "+hush).With("from", "a"); err == nil || strings.Contains(err.Error(), hush) {
		t.Errorf("a list takes no key: %v", err)
	}
}
