package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/templates"
)

// previewFlags are what a preview is asked for.
type previewFlags struct {
	template, channel, folder string
	who, locale               string
	event, vars               []string
	open                      bool
	sendTo                    string
}

func previewCommand(o *options) *cobra.Command {
	var f previewFlags
	command := &cobra.Command{
		Use:   "preview TEMPLATE [DIR]",
		Short: "Show what a customer would get: subject, text, size, segments, script",
		Long: "Show what a customer would get from a template of DIR, or of the workspace in force. Without --customer\n" +
			"the customer is made up. email/TEMPLATE is the template of one channel. --send-to sends it as a test to an\n" +
			"address that the operator lists under test_addresses; neither the ledger nor a timeline records it.\n" +
			"The links to unsubscribe, to preferences, to the survey and to \"not me\" are of no message, here and in a test: they open nothing.",
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.template = args[0]
			if len(args) == 2 {
				f.folder = args[1]
			}
			return o.preview(cmd, f)
		},
	}
	flags := command.Flags()
	flags.StringVar(&f.channel, "channel", "", "email, sms, call or push; without it, every channel that has the template")
	flags.StringVar(&f.who, "customer", "", "a customer's `id`, e-mail, phone number or order")
	flags.StringVar(&f.locale, "locale", "", "show it in this `locale` instead of the customer's own")
	flags.StringArrayVar(&f.event, "event", nil, "a value that the template sees as event.`name=value`; may be repeated")
	flags.StringArrayVar(&f.vars, "var", nil, "a value that the template sees as vars.`name=value`; may be repeated")
	flags.BoolVar(&f.open, "open", false, "write an e-mail's HTML to a file, and open it if there is a screen")
	flags.StringVar(&f.sendTo, "send-to", "", "send it, marked as a test, to this `address`, which test_addresses must list")
	return command
}

// preview shows the template on each channel asked for.
func (o *options) preview(cmd *cobra.Command, f previewFlags) error {
	if ch, name, both := strings.Cut(f.template, "/"); both && (f.channel == "" || f.channel == ch) && channels.Channel(ch).Valid() {
		f.channel, f.template = ch, name
	}
	shop, customer, err := o.subjects(cmd, f)
	if err != nil {
		return err
	}
	if f.channel != "" && !slices.Contains(channels.All(), channels.Channel(f.channel)) {
		return fmt.Errorf("--channel is email, sms, call or push, not %q", f.channel)
	}
	written, err := o.write(shop, customer, f)
	if err != nil {
		return err
	}
	for i := range written {
		if f.open && written[i].Content.Email != nil {
			if written[i].File, err = openHTML(cmd.Context(), written[i].Content.Email.HTML); err != nil {
				return err
			}
		}
	}
	if f.sendTo != "" {
		if err := o.sendTest(cmd.Context(), shop, written, f.sendTo); err != nil {
			return err
		}
	}
	if o.format == "json" {
		return printJSON(cmd.OutOrStdout(), written)
	}
	for _, w := range written {
		w.print(cmd.OutOrStdout())
		if f.locale != "" && language(w.Locale) != language(f.locale) {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s %s has no words in %s; this is %s\n", w.Channel, w.Template, f.locale, w.Locale)
		}
	}
	return nil
}

// subjects are the workspace and the customer: the folder's or the one in force,
// the store's or a made-up one.
func (o *options) subjects(cmd *cobra.Command, f previewFlags) (shop *campaigns.Workspace, customer *customers.Customer, err error) {
	if f.folder != "" {
		if shop, err = o.loadWorkspace(cmd, f.folder); err != nil {
			return nil, nil, err
		}
	}
	if shop == nil || f.who != "" {
		i, err := o.openReading(cmd.Context())
		if errors.Is(err, fs.ErrNotExist) && f.who == "" {
			return nil, nil, errors.New("no workspace is in force here; name the folder of one")
		}
		if err != nil {
			return nil, nil, err
		}
		defer i.Close()
		if shop == nil {
			edition, err := i.Catalog.Current(cmd.Context())
			if err != nil {
				return nil, nil, err
			}
			shop = edition.Workspace
		}
		if f.who != "" {
			if customer, err = i.find(cmd.Context(), f.who); err != nil {
				return nil, nil, err
			}
		}
	}
	if customer == nil {
		customer = madeUp(shop, now())
	}
	if f.locale != "" {
		customer.Locale = f.locale
	}
	return shop, customer, nil
}

// madeUp is a customer of whom the usual things are known.
func madeUp(shop *campaigns.Workspace, at time.Time) *customers.Customer {
	return &customers.Customer{
		ID: "made-up", Email: "ada@customer.example", Phone: "+4915112345678", FirstName: "Ada", LastName: "Example",
		Locale: shop.Locale, Country: "DE", City: "Berlin", Zone: shop.Zone.String(), Kind: "consumer",
		CreatedAt: at.AddDate(-1, 0, 0), BornOn: time.Date(1990, 5, 17, 0, 0, 0, 0, time.UTC),
		Orders: customers.OrderTotals{Count: 3, Total: shop.MinorUnits(120), FirstAt: at.AddDate(-1, 0, 0), LastAt: at.AddDate(0, -1, 0)},
	}
}

// preview is a template as one customer gets it.
type preview struct {
	Channel  channels.Channel `json:"channel"`
	Template string           `json:"template"`
	Locale   string           `json:"locale"`
	Customer string           `json:"customer"`
	Content  channels.Content `json:"content"`
	// HTMLBytes is the size of an e-mail's HTML; Segments and Encoding are a text's.
	HTMLBytes int    `json:"html_bytes,omitempty"`
	Segments  int    `json:"segments,omitempty"`
	Encoding  string `json:"encoding,omitempty"`
	File      string `json:"file,omitempty"`    // that holds the HTML
	SentTo    string `json:"sent_to,omitempty"` // as a test
	Simulated bool   `json:"simulated,omitempty"`
	// Lookalikes are the links in it that open nothing, by the names templates have for them.
	Lookalikes []string `json:"lookalike_links,omitempty"`
}

// write renders the template on every channel asked for that has it.
func (o *options) write(shop *campaigns.Workspace, customer *customers.Customer, f previewFlags) ([]preview, error) {
	c, _, err := o.load()
	if err != nil {
		return nil, err
	}
	journal, err := f.journal()
	if err != nil {
		return nil, err
	}
	var written []preview
	for _, ch := range channels.All() {
		links := lookalikeDoors(c.PublicURL).Links(1, customer.Address(ch))
		if f.channel != "" && string(ch) != f.channel || !shop.Templates.Has(templates.Ref{Channel: ch, Name: f.template}) {
			continue
		}
		content, locale, err := shop.Words(shop.Templates, nil, campaigns.Traveller{
			Customer: customer, Entry: campaigns.Entry{Customer: customer.ID, Journal: journal},
		}, deliveries.Delivery{Channel: ch, Template: f.template, Vars: journal.Vars}, links)
		if err != nil {
			return nil, missing(err)
		}
		w := preview{Channel: ch, Template: f.template, Locale: locale, Customer: customer.ID, Content: content}
		if w.Lookalikes, err = linksIn(content, links); err != nil {
			return nil, err
		}
		switch {
		case content.Email != nil:
			w.HTMLBytes = len(content.Email.HTML)
		case content.SMS != nil:
			segments, encoding := channels.Segments(content.SMS.Text)
			w.Segments, w.Encoding = segments, string(encoding)
		}
		written = append(written, w)
	}
	if len(written) == 0 {
		return nil, f.noTemplate(shop)
	}
	return written, nil
}

// linksIn names those of some links that stand in what was written.
func linksIn(content channels.Content, links map[string]any) (names []string, err error) {
	all, err := json.Marshal(content)
	for name, link := range links {
		if strings.Contains(string(all), link.(string)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, err
}

func (f previewFlags) noTemplate(shop *campaigns.Workspace) error {
	var names []string
	for _, ch := range channels.All() {
		for _, name := range shop.Templates.Names(ch) {
			if f.channel == "" || f.channel == string(ch) {
				names = append(names, string(ch)+"/"+name)
			}
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("there is no template %q, nor any other of its channel", strings.TrimPrefix(f.channel+"/"+f.template, "/"))
	}
	return fmt.Errorf("there is no template %q; there are %s", strings.TrimPrefix(f.channel+"/"+f.template, "/"), strings.Join(names, ", "))
}

// missing tells how a value that a template lacks is given.
func missing(err error) error {
	var field *templates.MissingField
	if errors.As(err, &field) {
		for root, flag := range map[string]string{"event.": "--event ", "vars.": "--var "} {
			if name, is := strings.CutPrefix(field.Path, root); is {
				return fmt.Errorf("%w; give it with %s%s=…", err, flag, name)
			}
		}
	}
	return err
}

// journal is what the flags say of the event and the vars. Values that are JSON
// numbers or true and false are taken for such.
func (f previewFlags) journal() (j campaigns.Journal, err error) {
	if j.Event, err = plainValues("--event", f.event); err != nil {
		return j, err
	}
	j.Vars, err = plainValues("--var", f.vars)
	return j, err
}

func plainValues(flag string, pairs []string) (map[string]any, error) {
	written, err := assignments(flag, pairs)
	values := make(map[string]any, len(written))
	for name, text := range written {
		values[name] = text
		var plain any
		if json.Unmarshal([]byte(text), &plain) == nil {
			switch plain.(type) {
			case float64, bool:
				values[name] = plain
			}
		}
	}
	return values, err
}
