package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPreviewShowsEveryChannel(t *testing.T) {
	t.Setenv("DISPLAY", "")
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	for _, c := range []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"welcome", shopFolder, "--locale", "de-AT"}, 0, []string{"email welcome (de), as made-up", "subject    Willkommen bei Lindenhof, Ada", "HTML  ", "| Schön, dass Sie da sind, Ada.", "links      not_me, preferences, unsubscribe: for show here, they open nothing"}},
		{[]string{"apology", shopFolder}, 0, []string{"sms apology (en)", "segments   1 (GSM-7)"}},
		{[]string{"satisfaction", shopFolder}, 0, []string{"call satisfaction", "(a key from 1 to 5)", "ends with  Thank you"}},
		{[]string{"discover", shopFolder, "--channel", "push"}, 0, []string{"title      Three things most people find late"}},
		{[]string{"push/discover", shopFolder}, 0, []string{"title      Three things most people find late"}},
		{[]string{"sms/welcome", shopFolder}, 1, []string{`there is no template "sms/welcome"; there are sms/`}},
		{[]string{"email/welcome", shopFolder, "--channel", "sms"}, 1, []string{`there is no template "sms/email/welcome"`}},
		{[]string{"welcme", shopFolder}, 1, []string{`there is no template "welcme"; there are email/advent-sale`}},
		{[]string{"welcome", shopFolder, "--customer", "nobody"}, 1, []string{"open store"}},
		{[]string{"welcome"}, 1, []string{"no workspace is in force here; name the folder of one"}},
		{[]string{"welcome", shopFolder, "--send-to", "somebody@shop.example"}, 1, []string{"not listed under test_addresses"}},
	} {
		out, errOut, code := rapport(t, append(append([]string{"preview"}, c.args...), "--data", nowhere)...)
		for _, want := range c.want {
			if code != c.code || !strings.Contains(out+errOut, want) {
				t.Errorf("%v: exit %d, want %d and %q:\n%s%s", c.args, code, c.code, want, out, errOut)
			}
		}
		if c.args[0] == "apology" && strings.Contains(out, "links  ") {
			t.Errorf("a text without links of ours has some:\n%s", out)
		}
	}
}

func TestATestMessageGoesToListedAddressesOnly(t *testing.T) {
	t.Setenv("DISPLAY", "")
	t.Setenv("RAPPORT_TEST_ADDRESSES", "qa@shop.example, +4915112345678")
	data := filepath.Join(t.TempDir(), "data")
	if _, errOut, code := rapport(t, "apply", shopFolder, "--data", data); code != 0 {
		t.Fatal(errOut)
	}
	out, errOut, code := rapport(t, "preview", "welcome", "--send-to", "QA@shop.example", "--open", "--format", "json", "--data", data)
	var shown []preview
	if err := json.Unmarshal([]byte(out), &shown); err != nil || code != 0 || len(shown) != 1 || !shown[0].Simulated {
		t.Fatalf("exit %d, %v: %s%s", code, err, out, errOut)
	}
	t.Cleanup(func() { _ = os.Remove(shown[0].File) })
	if html, err := os.ReadFile(shown[0].File); err != nil || string(html) != shown[0].Content.Email.HTML {
		t.Errorf("the file %s does not hold the HTML: %v", shown[0].File, err)
	}
	if _, errOut, code := rapport(t, "preview", "apology", "--send-to", "+4915112345678", "--data", data); code != 0 {
		t.Error(errOut)
	}
	if _, errOut, code := rapport(t, "preview", "satisfaction", "--send-to", "+4915112345678", "--data", data); code != 1 {
		t.Errorf("a call was tried: %s", errOut)
	}
	accepted, err := os.ReadFile(filepath.Join(data, "accepted.ndjson"))
	if err != nil || strings.Count(string(accepted), "[Test] ") < 1 || strings.Count(string(accepted), "\n") != 2 {
		t.Errorf("the provider got %s (%v)", accepted, err)
	}
	if _, errOut, code := rapport(t, "preview", "welcome", shopFolder, "--locale", "xx"); code != 0 || !strings.Contains(errOut, "email welcome has no words in xx; this is en") {
		t.Errorf("a language without words: exit %d: %s", code, errOut)
	}
	if out, _, _ := rapport(t, "status", "--data", data); strings.Contains(out, "welcome") && strings.Contains(out, " 1 ") {
		t.Errorf("the ledger heard of it:\n%s", out)
	}
}
