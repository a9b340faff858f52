package templates

import (
	"slices"
	"strings"
	"testing"

	"rapport/trust/bounds"
)

func TestRewriteLinksChangesLinksToTheWebOnly(t *testing.T) {
	rewrite := func(url string) string { return "https://r.example/l/" + strings.ToUpper(url[len(url)-1:]) + "?a&b" }
	cases := []struct{ html, want string }{
		{`<a href="https://x.example/a">x</a>`, `<a href="https://r.example/l/A?a&amp;b">x</a>`},
		{`<A class=b HREF='http://x.example/?a=1&amp;b=2' id="c">`, `<A class=b HREF='https://r.example/l/2?a&amp;b' id="c">`},
		{`<a href=https://x.example/a>x</a>`, `<a href="https://r.example/l/A?a&amp;b">x</a>`},
		{`<area href="https://x.example/a" alt="">`, `<area href="https://r.example/l/A?a&amp;b" alt="">`},
		{`<a href="mailto:a@x.example">x</a><a href="#a">y</a><a>z</a><a href="tel:+49">t</a>`, ""},
		{`<img src="https://x.example/a"><link href="https://x.example/a"><!-- <a href="https://x.example/a"> -->`, ""},
		{`<abbr href="https://x.example/a"><a data-href="https://x.example/a">`, ""},
		{`<p>a &lt; b &nbsp; <br/><TABLE>`, ""},
		{`<a href="https://x.example/a`, ""},
	}
	for _, c := range cases {
		if c.want == "" {
			c.want = c.html
		}
		if got := RewriteLinks(c.html, rewrite); got != c.want {
			t.Errorf("%s: got %s, want %s", c.html, got, c.want)
		}
	}
}

func TestRewriteLinksSeesPlainURLs(t *testing.T) {
	var seen string
	got := RewriteLinks(`<a href=" https://x.example/?a=1&amp;b=&#34;2 ">`, func(url string) string {
		seen = url
		return url
	})
	if seen != `https://x.example/?a=1&b="2` || got != `<a href="https://x.example/?a=1&amp;b=&#34;2">` {
		t.Errorf("saw %s, got %s", seen, got)
	}
}

func TestThePictureStaysInTheBody(t *testing.T) {
	pixel := `<img src="https://r.example/o/1?a&amp;b" width="1" height="1" alt="" style="display:block;border:0;width:1px;height:1px">`
	if got := Dressed("<html><body>x</BODY></html>", nil, nil, "https://r.example/o/1?a&b"); got != "<html><body>x"+pixel+"</BODY></html>" {
		t.Errorf("got %s", got)
	}
	if got := Dressed("x", nil, nil, "https://r.example/o/1?a&b"); got != "x"+pixel {
		t.Errorf("got %s", got)
	}
}

// FuzzDressed holds that links and picture may be put in together or one after the other.
func FuzzDressed(f *testing.F) {
	for _, document := range []string{
		"<body><a href='https://a.example'>x</a></body>", "<a href=https://a.example>x</a></BODY> <a href=\"http://b.example\">y</a>", "", "</body", "<a href=\"https://x.example</body>\">",
	} {
		f.Add(document)
	}
	f.Fuzz(func(t *testing.T, document string) {
		defer bounds.Watch(t)()
		links := Links(document)
		inside := slices.ContainsFunc(links, func(l Link) bool { // in a URL it is no element's end
			end := lastIndexFold(document, "</body>")
			return end >= l.start && end < l.end
		})
		url := func(Link) string { return "https://ours.example/?a=1&b" }
		together := Dressed(document, links, url, "https://ours.example/o")
		if !strings.Contains(together, "https://ours.example/o") {
			t.Errorf("the picture is lost in %q", together)
		}
		if after := Dressed(Dressed(document, links, url, ""), nil, nil, "https://ours.example/o"); after != together && !inside {
			t.Errorf("%q\n%q\n%q", document, together, after)
		}
	})
}
