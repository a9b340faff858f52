package campaigns

import (
	"strings"
	"testing"

	"rapport/channels"
	"rapport/deliveries"
)

func TestLinksSayWhereTheirVisitorsComeFrom(t *testing.T) {
	utm := map[string][]string{"utm_source": {"shop & co"}, "utm_medium": {"email"}}
	for address, want := range map[string]string{
		"https://shop.example":                       "https://shop.example?utm_medium=email&utm_source=shop+%26+co",
		"https://shop.example/a?b=1#top":             "https://shop.example/a?b=1&utm_medium=email&utm_source=shop+%26+co#top",
		"https://shop.example/a?":                    "https://shop.example/a?utm_medium=email&utm_source=shop+%26+co",
		"https://shop.example/a?b=%C3%A9&c":          "https://shop.example/a?b=%C3%A9&c&utm_medium=email&utm_source=shop+%26+co",
		"https://shop.example/#/spa?x=1":             "https://shop.example/?utm_medium=email&utm_source=shop+%26+co#/spa?x=1",
		"https://shop.example/a?utm_source=partner":  "https://shop.example/a?utm_source=partner",
		"https://shop.example/a?x=1&UTM_MEDIUM=else": "https://shop.example/a?x=1&UTM_MEDIUM=else",
		"mailto:a@shop.example":                      "mailto:a@shop.example",
		"tel:+493012345678":                          "tel:+493012345678",
		"":                                           "",
		"/basket":                                    "/basket",
	} {
		if got := withUTM(address, utm); got != want {
			t.Errorf("%s became %s, want %s", address, got, want)
		}
	}
}

func TestAMessagesLinksAreTaggedOnEveryChannel(t *testing.T) {
	const stop = "https://news.shop.example/u/abc"
	utm, links := map[string][]string{"utm_source": {"s"}}, map[string]any{"unsubscribe": stop}
	mail := tagged(channels.Content{Email: &channels.EmailContent{
		HTML: `<a href="https://shop.example/?a=1&amp;b=2">x</a> <a href="` + stop + `">stop</a>`,
		Text: "x (https://shop.example/?a=1&b=2). stop (" + stop + ")",
	}}, utm, links).Email
	if want := `<a href="https://shop.example/?a=1&amp;b=2&amp;utm_source=s">x</a> <a href="` + stop + `">stop</a>`; mail.HTML != want {
		t.Errorf("the HTML is %s", mail.HTML)
	}
	if want := "x (https://shop.example/?a=1&b=2&utm_source=s). stop (" + stop + ")"; mail.Text != want {
		t.Errorf("the text is %s", mail.Text)
	}
	text := tagged(channels.Content{SMS: &channels.SMSContent{Text: "See https://shop.example/sale. Reply STOP to stop"}}, utm, nil).SMS
	if want := "See https://shop.example/sale?utm_source=s. Reply STOP to stop"; text.Text != want {
		t.Errorf("the text message is %s", text.Text)
	}
	push := tagged(channels.Content{Push: &channels.PushContent{URL: "https://shop.example", Actions: []channels.PushAction{{URL: "https://shop.example/buy"}, {}}}}, utm, nil).Push
	if push.URL != "https://shop.example?utm_source=s" || push.Actions[0].URL != "https://shop.example/buy?utm_source=s" || push.Actions[1].URL != "" {
		t.Errorf("the notification leads to %+v", push)
	}
}

func TestWhatLinksSayIsTheCampaignsWordBeforeTheWorkspaces(t *testing.T) {
	d := deliveries.Delivery{Channel: channels.Email, Campaign: "advent"}
	shop := func(usual, own *UTM) string {
		w := &Workspace{Name: "shop", UTM: usual}
		return w.utmFor(&Campaign{ID: "advent", UTM: own}, d).Encode()
	}
	for _, c := range []struct {
		what       string
		usual, own *UTM
		want       string
	}{
		{"nobody asked for it", nil, nil, ""},
		{"the usual words", &UTM{}, nil, "utm_campaign=advent&utm_medium=email&utm_source=shop"},
		{"the workspace's words", &UTM{Source: "news"}, nil, "utm_campaign=advent&utm_medium=email&utm_source=news"},
		{"the campaign's words", &UTM{Source: "news"}, &UTM{Campaign: "xmas"}, "utm_campaign=xmas&utm_medium=email&utm_source=news"},
		{"not for this campaign", &UTM{}, &UTM{None: true}, ""},
		{"only for this campaign", nil, &UTM{}, "utm_campaign=advent&utm_medium=email&utm_source=shop"},
		{"none at all", &UTM{None: true}, nil, ""},
	} {
		if got := shop(c.usual, c.own); got != c.want {
			t.Errorf("%s: %s", c.what, got)
		}
	}
}

func TestUTMIsReadAndItsMistakesAreNamed(t *testing.T) {
	files := folderOf(t, "testdata/sound")
	settings := string(files["rapport.yaml"])
	files["rapport.yaml"] = []byte(settings + "\nutm: {source: news, medum: mail}\n")
	_, problems := Load(files)
	if len(problems) != 1 || !strings.Contains(problems[0].Mend, "medium") {
		t.Errorf("problems are %v", problems)
	}
	files["rapport.yaml"] = []byte(settings + "\nutm: none\n")
	if w, problems := Load(files); len(problems) > 0 || w.UTM == nil || !w.UTM.None {
		t.Errorf("read as %+v, %v", w.UTM, problems)
	}
}
