package campaigns

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bojanz/currency"
	"golang.org/x/text/language"

	"rapport/campaigns/expression"
	"rapport/campaigns/zones"
	"rapport/channels"
)

// readSettings reads rapport.yaml.
func (r *reader) readSettings() {
	w := r.workspace
	w.Zone = time.UTC
	if _, written := r.files[settingsFile]; !written {
		r.add(Problem{File: settingsFile, Message: "there is no rapport.yaml, which every workspace has", Mend: `write one with at least "workspace:", "locale:", "zone:" and "currency:"`})
		return
	}
	roots := r.documents(settingsFile, "the settings of the workspace as keys and values")
	if len(roots) == 0 {
		r.reportEmptySettings()
		return
	}
	if len(roots) > 1 {
		roots[1].problem("rapport.yaml holds more than one document", `remove the "---" and keep one`)
	}
	r.settled, r.settings = true, roots[0]
	m := roots[0].fields("")
	w.Name = m.need("workspace", "name it: \"workspace: shop\"").id()
	w.Brand = readBrand(m.get("brand"))
	w.Locale = m.need("locale", "write the language messages fall back to: \"locale: en\"").locale()
	if zone := m.need("zone", "write whose clock the shop lives by: \"zone: Europe/Berlin\"").zone(); zone != nil {
		w.Zone = zone
	}
	w.Currency = small(m.need("currency", "write what the shop counts in: \"currency: EUR\""), "a currency such as EUR", parseCurrency)
	readTraits(m.get("traits"), w.Traits)
	w.Topics = readTopics(m.get("topics"), w.Locale)
	w.Events = r.readEvents(m.get("events"))
	readSenders(m.get("senders"), w.Senders)
	w.Replies = readReplies(m.get("replies"))
	w.Contact = r.readContact(m.get("contact"))
	w.Budgets = r.readBudgets(m.get("budget"))
	w.UTM = readUTM(m.get("utm"))
	readPrices(m.get("prices"), w.Prices, minorDigits(w.Currency))
	m.end()
}

// reportEmptySettings speaks only when nothing else was wrong with the file.
func (r *reader) reportEmptySettings() {
	if len(r.problems) == 0 {
		r.add(Problem{File: settingsFile, Message: "rapport.yaml is empty", Mend: `write at least "workspace:", "locale:", "zone:" and "currency:"`})
	}
}

func readReplies(n node) Replies {
	m := n.fields("what answers texts by itself, such as {help: {en: …}}")
	replies := Replies{
		Stopped: readWords(m.get("stopped")),
		Started: readWords(m.get("started")),
		NoCalls: readWords(m.get("no_calls")),
		Help:    readWords(m.get("help")),
	}
	m.end()
	return replies
}

// readWords reads a text by language.
func readWords(n node) map[string]string {
	var words map[string]string
	for _, p := range n.pairs("words by language, such as {en: We are here to help}") {
		if _, problem := parseLocale(p.key); problem != nil {
			p.problem(problem.message, problem.mend)
			continue
		}
		if text := p.value.text(); text != "" {
			if words == nil {
				words = map[string]string{}
			}
			words[p.key] = text
		}
	}
	return words
}

func readBrand(n node) Brand {
	m := n.fields("the brand as {name: Shop, url: https://shop.example}")
	brand := Brand{
		Name:         m.get("name").text(),
		URL:          small(m.get("url"), "an address such as https://shop.example", parseURL),
		Address:      m.get("address").text(),
		SupportPhone: m.get("support_phone").phone(),
		Color:        small(m.get("color"), "a colour such as \"#14532d\"", parseColor),
		Logo:         small(m.get("logo"), "the address of a picture, such as https://shop.example/logo.png", parseLogo),
	}
	m.end()
	return brand
}

func parseURL(text string) (string, *mistake) {
	address, err := url.Parse(text)
	if err != nil || address.Host == "" || (address.Scheme != "https" && address.Scheme != "http") {
		return "", wrong(quote(text)+" is not a web address", "write it in full, such as https://shop.example")
	}
	return text, nil
}

var colorForm = regexp.MustCompile(`^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`)

// parseColor reads a colour as style sheets write it, #rrggbb or #rgb.
func parseColor(text string) (string, *mistake) {
	if !colorForm.MatchString(text) {
		return "", wrong(quote(text)+" is not a colour", "write it as red, green and blue, such as \"#14532d\", in quotes")
	}
	digits := strings.ToLower(strings.TrimPrefix(text, "#"))
	if len(digits) == 3 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	if !strings.HasPrefix(text, "#") {
		return "#" + digits, wrong(quote(text)+" is not how a colour is written", "write \"#"+digits+"\", in quotes")
	}
	return "#" + digits, nil
}

var hostForm = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?$`)

// parseLogo reads the address of a picture. It is shown on pages that are
// encrypted, so it must be.
func parseLogo(text string) (string, *mistake) {
	const mend = "write its whole address, such as https://shop.example/logo.png"
	address, err := url.Parse(text)
	switch {
	case err != nil || !hostForm.MatchString(address.Host):
		return "", wrong(quote(text)+" is not a web address", mend)
	case address.Scheme != "https":
		return "", wrong(quote(text)+" is not an encrypted address, and browsers would not show it", mend)
	case address.User != nil:
		return "", wrong("the address of the logo holds a name and a password", "give the logo an address that anybody may open")
	}
	return text, nil
}

// locale reads a BCP 47 tag.
func (n node) locale() string {
	return small(n, "a language such as en or de-AT", parseLocale)
}

func parseLocale(text string) (string, *mistake) {
	if _, err := language.Parse(text); err != nil {
		return "", wrong(quote(text)+" is not a language", "write its code, such as en, de-AT or fa")
	}
	return text, nil
}

func parseCurrency(text string) (string, *mistake) {
	if text != "" && currency.IsValid(text) { // the library takes "" for a currency
		return text, nil
	}
	if upper := strings.ToUpper(text); upper != "" && currency.IsValid(upper) {
		return upper, wrong(quote(text)+" is not how a currency is written", "write "+upper)
	}
	return "", wrong(quote(text)+" is not a currency", "write its three letters (ISO 4217), such as EUR")
}

// zone reads a time zone of the IANA database.
func (n node) zone() *time.Location {
	return small(n, "a time zone such as Europe/Berlin", parseZone)
}

// zoneOrCustomer reads a zone, or the word for everybody's own clock.
func (n node) zoneOrCustomer() (zone *time.Location, customer bool) {
	switch text := n.raw(); {
	case text == "customer":
		return nil, true
	case nearest(text, []string{"customer"}) != "":
		n.problem(quote(text)+" is not a time zone", `did you mean "customer"?`)
		return nil, false
	}
	return n.zone(), false
}

func parseZone(text string) (*time.Location, *mistake) {
	if zone, known := zones.Named(text); known {
		return zone, nil
	}
	return nil, wrong(quote(text)+" is not a time zone", mendZone(text))
}

// mendZone finds the zone that was meant: by its city where the region is right or
// left out, since regions are long and cities are short.
func mendZone(text string) string {
	region, city, joined := strings.Cut(text, "/")
	if !joined {
		region, city = "", text
	}
	region = fold(region)
	var names, cities []string
	for _, name := range zones.Names() {
		if before, after, found := strings.Cut(name, "/"); found && (region == "" || fold(before) == region) {
			names, cities = append(names, name), append(cities, after)
		}
	}
	switch i := slices.Index(cities, nearest(city, cities)); {
	case i >= 0:
		return "did you mean " + quote(names[i]) + "?"
	case len(cities) > 0 && joined:
		return "write a city that has the same time and is in the list of zones, such as Europe/Berlin"
	}
	return didYouMean(text, zones.Names(), "write its region and city, such as Europe/Berlin")
}

// traitTypes are the words for types in rapport.yaml.
var traitTypes = map[string]expression.Type{
	"bool": expression.Bool, "number": expression.Number, "string": expression.String, "date": expression.Time,
}

var wordForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

func readTraits(n node, traits map[string]expression.Type) {
	for _, p := range n.pairs("traits as {shoe_size: number, renewed_on: date}") {
		if !wordForm.MatchString(p.key) {
			p.problem(quote(p.key)+" cannot be the name of a trait", "use small letters, digits and _, such as "+strings.ReplaceAll(slug(p.key), "-", "_"))
			continue
		}
		// A trait whose type is wrong is still declared: what uses it is right.
		word := choice(p.value, "", "bool", "number", "string", "date")
		if traits[p.key] = traitTypes[word]; word == "" {
			traits[p.key] = expression.Any
		}
	}
}

func readTopics(n node, locale string) []Topic {
	var topics []Topic
	first := map[string]int{}
	for _, item := range n.items("topics as a list of {id, title, default}") {
		m := item.fields("a topic as {id: marketing, title: Offers and news, default: out}")
		id := m.need("id", "name the topic, such as \"id: marketing\"")
		topic := Topic{
			ID: id.id(),
			In: choice(m.get("default"), "out", "in", "out") == "in",
		}
		topic.Title, topic.Titles = readTitle(m.get("title"), locale)
		m.end()
		if before, twice := first[topic.ID]; twice && topic.ID != "" {
			id.problem("the topic "+quote(topic.ID)+" is there already, in line "+itoa(before), "choose another id, or remove one")
			continue
		}
		if topic.ID != "" {
			first[topic.ID] = id.line
			topics = append(topics, topic)
		}
	}
	return topics
}

// readTitle reads words for customers, in the workspace's language or by
// language.
func readTitle(n node, locale string) (string, map[string]string) {
	if n.kind() != aMap {
		return n.text(), nil
	}
	titles := map[string]string{}
	for _, p := range n.pairs("the title by language, such as {en: Offers and news, de: Angebote}") {
		tag, problem := parseLocale(p.key)
		if problem != nil {
			p.problem(problem.message, problem.mend)
			continue
		}
		titles[tag] = p.value.text()
	}
	title := cmp.Or(titles[locale], titles[languageOf(locale)])
	if title == "" && locale != "" {
		n.problem("the title is not written in the workspace's language, "+locale, "write "+locale+": … beside the others")
	}
	return title, titles
}

// readEvents reads the names of the events that the shop sends.
func (r *reader) readEvents(n node) []string {
	var events []string
	for _, item := range n.items("events such as [Order Completed, Order Delivered]") {
		name := r.event(item)
		if slices.Contains(events, name) && name != "" {
			item.problem("the event "+quote(name)+" stands there already", "remove one")
		} else if name != "" {
			events = append(events, name)
		}
	}
	return events
}

func readPrices(n node, prices map[channels.Channel]map[string]float64, digits int) {
	m := n.fields("prices by channel and country, such as {sms: {DE: 0.08}}")
	for _, ch := range []channels.Channel{channels.SMS, channels.Call} {
		pairs := m.get(string(ch)).pairs("prices by country, such as {DE: 0.08}")
		for i, p := range pairs {
			if i > 0 && isDecimals(p) {
				before := pairs[i-1]
				before.value.problem(quote(before.key)+" has a price with a comma, which ends it here", "write a decimal point: "+before.key+": "+before.value.raw()+"."+p.key)
				continue
			}
			country, problem := parseCountry(p.key)
			if problem != nil {
				p.problem(problem.message, problem.mend)
			}
			price := small(p.value, "a price such as 0.08", parsePrice(digits))
			if country != "" {
				if prices[ch] == nil {
					prices[ch] = map[string]float64{}
				}
				prices[ch][country] = price
			}
		}
	}
	m.end()
}

// isDecimals reports whether an entry is what YAML makes of the end of {DE: 0,08}.
func isDecimals(p pair) bool {
	return p.value.kind() == aBlank && strings.Trim(p.key, "0123456789") == ""
}

// parsePrice reads a price as minor units, which may have decimals of their own.
func parsePrice(digits int) func(string) (float64, *mistake) {
	return func(text string) (float64, *mistake) {
		price, problem := parseDecimal(text)
		if problem == nil && price < 0 {
			return 0, wrong(quote(text)+" is less than nothing", "write a price such as 0.08")
		}
		if problem != nil {
			return 0, problem
		}
		minor, _ := strconv.ParseFloat(text+"e"+itoa(digits), 64) // exact where a product is not
		return minor, nil
	}
}

// parseCountry reads an ISO 3166-1 alpha-2 code.
func parseCountry(text string) (string, *mistake) {
	const mend = "write its two capital letters (ISO 3166), such as DE"
	region, err := language.ParseRegion(text)
	switch {
	case err != nil || !region.IsCountry() || len(region.String()) != 2:
		return "", wrong(quote(text)+" is not a country", mend)
	case region.Canonicalize().String() != text:
		return "", wrong(quote(text)+" is not how a country is written", "write "+region.Canonicalize().String())
	}
	return text, nil
}
