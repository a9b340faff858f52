package campaigns

import (
	"cmp"
	"slices"
	"time"

	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/templates"
)

// Workspace is a folder of campaigns with everything they lean on, parsed and
// checked.
type Workspace struct {
	Name     string
	Brand    Brand
	Locale   string
	Zone     *time.Location
	Currency string // ISO 4217
	Traits   map[string]expression.Type
	Topics   []Topic
	Senders  map[channels.Channel]SenderRule
	Replies  Replies
	Contact  ContactRules
	Budgets  []Budget
	UTM      *UTM // what links say of where visitors come from; nil: nothing
	// Prices are minor units (may be fractions) by channel and country: per
	// segment for sms, per minute for call.
	Prices map[channels.Channel]map[string]float64
	// Events are the names of live events that the shop sends; nil where
	// rapport.yaml does not list them.
	Events []string

	Segments  map[string]*Segment
	Campaigns map[string]*Campaign
	Templates *templates.Library
	// Warnings are what Load found suspicious in what is sound, by place.
	Warnings []Problem
	// Tests are the campaign tests, in the order of files.
	Tests []Test

	// Files are the workspace's files as read, by slash path, for the archive.
	Files map[string][]byte
}

// Brand is who the messages come from.
type Brand struct {
	Name, URL, Address, SupportPhone string
	// Color is "#rrggbb", Logo the https address of a picture; "" where not given.
	Color, Logo string
}

// Replies are the shop's own words for what answers an opt-out, an opt-in or a
// call for help by text, by language; where one is missing, ours stand in.
type Replies struct {
	Stopped, Started, NoCalls, Help map[string]string
}

// Topic is something a customer may or may not want to hear about.
type Topic struct {
	ID     string
	Title  string            // in the workspace's language
	Titles map[string]string // in others, by language
	In     bool              // what holds without a word from the customer
}

// Topic is the topic with an id, if there is one.
func (w *Workspace) Topic(id string) (Topic, bool) {
	if at := slices.IndexFunc(w.Topics, func(t Topic) bool { return t.ID == id }); at >= 0 {
		return w.Topics[at], true
	}
	return Topic{}, false
}

// TitleIn is what customers who read a language call the topic: as it is written
// in that locale or its language, else in the workspace's.
func (t Topic) TitleIn(locale string) string {
	return cmp.Or(t.Titles[locale], t.Titles[languageOf(locale)], t.Title, t.ID)
}

// SenderRule is how the shop appears on a channel.
type SenderRule struct {
	From    string
	ReplyTo string
	Voice   map[string]string // by language, for calls
	// ByCountry is who texts to a country come from, in place of From.
	ByCountry map[string]string
}

// Segment is a named audience.
type Segment struct {
	ID     string
	Title  string
	Where  *expression.Program
	Except []string
	// Who is the whole condition, exceptions included.
	Who  *expression.Program
	File string
	Line int
}
