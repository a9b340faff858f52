package templates

import (
	"slices"
	"strings"
	"testing"

	"rapport/channels"
)

// Everything osteele/liquid 1.9 offers, and what of it a template may say. What
// is added to the engine must be judged here.
var (
	engineTags = []string{
		"assign", "break", "capture", "case", "comment", "continue", "cycle", "for", "if", "include", "raw", "render", "tablerow", "unless",
	}
	refusedTags   = []string{"include", "render", "tablerow"}
	engineFilters = strings.Fields(`abs append at_least at_most capitalize ceil compact concat date default divided_by downcase escape escape_once
		first floor handle handleize inspect join json last lstrip map minus modulo newline_to_br pluralize plus prepend remove remove_first
		remove_last replace replace_first replace_last reverse round rstrip size slice sort sort_natural split strip strip_html strip_newlines
		sum times truncate truncatewords type uniq upcase url_decode url_encode where`)
	refusedFilters = []string{"concat", "handle", "inspect", "json", "type"}
)

func refused(t *testing.T, text string) bool {
	t.Helper()
	_, found := loadWith(asFiles(map[string]string{"templates/sms/m.liquid": text}), nil, "en", nil)
	return len(found) > 0
}

func TestTagsOfTheEngineAreAllowedOneByOne(t *testing.T) {
	for _, tag := range engineTags {
		if allowed := slices.Contains(tagNames, tag); allowed == slices.Contains(refusedTags, tag) {
			t.Errorf("the tag %s is allowed: %v", tag, allowed)
		}
	}
	for _, tag := range append([]string{"liquid", "echo", "increment", "decrement", "layout", "block", "#"}, refusedTags...) {
		if !refused(t, `x{% `+tag+` "/etc/passwd" %}`) || !refused(t, `x{%- `+tag+` 'm' -%}`) {
			t.Errorf("{%% %s %%} was taken", tag)
		}
	}
	for _, own := range []string{"{% tick %}", "{% keep x %}y{% endkeep %}", "{% assign tick = 1 %}{% tick %}"} {
		if !refused(t, own) {
			t.Errorf("%s, which only the loader writes, was taken", own)
		}
	}
}

func TestFiltersOfTheEngineAreAllowedOneByOne(t *testing.T) {
	for _, filter := range engineFilters {
		_, allowed := allowedFilters[filter]
		if allowed == slices.Contains(refusedFilters, filter) {
			t.Errorf("the filter %s is allowed: %v", filter, allowed)
		}
		if !allowed && !refused(t, "x{{ event.order_id | "+filter+" }}") {
			t.Errorf("| %s was taken", filter)
		}
	}
	for _, own := range []string{filterRequired, filterWhole, filterURL} {
		if !refused(t, `x{{ event.order_id | `+own+`: "x" }}`) {
			t.Errorf("| %s, which only the loader writes, was taken", own)
		}
	}
}

// No name leads out of the data: not to the environment, a file, the engine's own
// state or what a value has beside its fields.
func TestNoNameLeadsOutOfTheData(t *testing.T) {
	for _, text := range []string{
		"{{ env.HOME }}", "{{ ENV }}", "{{ self }}", "{{ site.time }}", "{{ page }}", "{{ globals }}", "{{ template }}", "{{ forloop }}",
		"{{ now }}", `{{ "now" | date: "%Y" }}`, `{{ "today" | date: "%Y" }}`,
		"{{ \x00allowance }}", `{{ ["` + "\x00" + `allowance"] }}`, "{% assign \x00allowance = 1 %}x",
		"{{ file }}", `{% include 'm' %}`, `{% render "../../../etc/passwd" %}`, "{% include customer.first_name %}",
	} {
		if refused(t, text) {
			continue
		}
		if got, err := smsOf(t, text, ann()); err == nil {
			t.Errorf("%q came out as %q", text, got)
		}
	}
	for _, text := range []string{"{{ customer.first_name.Len }}", "{{ customer.String }}", "{{ event.items.cap }}", "{{ customer.tags.append }}", "{{ brand.name.size.size }}"} {
		if got, err := smsOf(t, text, ann()); err == nil {
			t.Errorf("%s came out as %q", text, got)
		}
	}
}

// A template that is read by another name than its own reads nothing.
func TestTemplatesCannotBeJoined(t *testing.T) {
	l, found := loadWith(asFiles(map[string]string{
		"templates/sms/a.liquid": "secret", "templates/sms/b.liquid": "{% include 'a' %}", "templates/sms/c.liquid": "{% render 'templates/sms/a.liquid' %}",
	}), nil, "en", nil)
	if len(found) != 2 || !strings.Contains(found[0].Message, "a template cannot read another one") {
		t.Errorf("found %v", found)
	}
	for _, name := range []string{"b", "c"} {
		if _, _, err := l.Render(Ref{channels.SMS, name}, "en", ann()); err == nil {
			t.Errorf("%s was rendered", name)
		}
	}
}
