package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
	"golang.org/x/net/idna"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/channels/email"
	"rapport/channels/email/domain"
	"rapport/config"
	"rapport/deliveries"
	"rapport/recordings"
	"rapport/store"
	"rapport/workers"
)

func doctorCommand(o *options) *cobra.Command {
	var d doctor
	command := &cobra.Command{
		Use:   "doctor",
		Short: "Check the configuration and what DNS says about the sender's domain; nothing is sent",
		Long: "Check the configuration, the store, Redis, and what DNS says about the domain that e-mail is sent from: SPF, DKIM,\n" +
			"DMARC, where mail for it goes and where its links lead. What is missing is printed as a record to paste.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			findings, err := d.examine(cmd.Context(), o)
			if err != nil {
				return err
			}
			if o.format == "json" {
				err = printJSON(cmd.OutOrStdout(), findings)
			} else {
				printFindings(cmd.OutOrStdout(), findings)
			}
			return errors.Join(err, failed(findings))
		},
	}
	flags := command.Flags()
	flags.StringVar(&d.domain, "domain", "", "the sender's `domain`; without it, the one in the provider's `from` or in the workspace's sender")
	flags.StringSliceVar(&d.selectors, "selector", nil, "the `names` (selectors) of DKIM keys that another service signs with")
	flags.StringVar(&d.inbound, "inbound", "", "the `domain` that customers' replies come to, if the configuration names none")
	flags.StringVar(&d.server, "dns", "", "the DNS server to ask, as `ADDRESS:PORT`; without it, the system's")
	return command
}

// doctor is what is asked of a checkup.
type doctor struct {
	domain, inbound, server string
	selectors               []string
}

func (d doctor) examine(ctx context.Context, o *options) ([]domain.Finding, error) {
	c, _, err := o.load()
	if err != nil {
		return nil, err
	}
	findings := slices.Concat(checkWorker(c), checkProviders(c), checkEvents(c), checkCertificate(c.Inbound.SMTP.TLS, now()), o.checkServers(ctx, c))
	checkup := domain.Checkup{Inbound: cmp.Or(d.inbound, c.Inbound.Domain), Now: now()}
	if c.PublicURL != config.Defaults().PublicURL {
		checkup.PublicURL = c.PublicURL
	}
	for _, postman := range postmen {
		if !postman.settings(c.Inbound).Closed() {
			checkup.Exchanger = postman.exchanger
		}
	}
	from := d.byProvider(c, &checkup)
	if checkup.Domain = ascii(cmp.Or(d.domain, domainOf(from), o.workspaceDomain(ctx))); checkup.Domain == "" {
		return append(findings, domain.Finding{
			Check: "domain", Level: domain.Warn, What: "it is not known which domain e-mail is sent from", Mend: "name it: --domain shop.example",
		}), nil
	}
	for _, selector := range d.selectors {
		checkup.Keys = append(checkup.Keys, domain.Key{Domain: checkup.Domain, Selector: selector})
	}
	if checkup.DNS, err = d.resolver(); err != nil {
		return nil, err
	}
	return append(findings, checkup.Run(ctx)...), nil
}

// sendings are what the settings of e-mail's providers tell, by name. Mistakes in
// them have been told already.
func sendings(c config.Config) map[string]email.Sending {
	all := map[string]email.Sending{}
	for name, section := range c.Providers[string(channels.Email)] {
		make, known := providers[channels.Email][name]
		if !known {
			continue
		}
		settings := make(now)
		_ = section.Decode(settings)
		if mailer, able := settings.(interface{ Sending() email.Sending }); able {
			all[name] = mailer.Sending()
		}
	}
	return all
}

// checkEvents warns of reports that will not be believed.
func checkEvents(c config.Config) []domain.Finding {
	var findings []domain.Finding
	for name, s := range sendings(c) {
		if s.Unproven != "" {
			findings = append(findings, domain.Finding{
				Check: "events", Level: domain.Warn,
				What: name + "'s bounces, complaints and unsubscribes are not heard: without a key every event is refused",
				Mend: "sign its event webhook, and write the key under providers: email: " + name + ": " + s.Unproven,
			})
		}
	}
	return findings
}

// checkWorker warns of times that make normal work look like trouble.
func checkWorker(c config.Config) []domain.Finding {
	if advice := c.Worker.Advice(); advice != "" {
		return []domain.Finding{{Check: "worker", Level: domain.Warn, What: advice}}
	}
	return nil
}

func (d doctor) resolver() (domain.Resolver, error) {
	if d.server == "" {
		return domain.SystemResolver()
	}
	if _, _, err := net.SplitHostPort(d.server); err != nil {
		return domain.Resolver{}, fmt.Errorf("--dns is an address and a port such as 9.9.9.9:53, not %q", d.server)
	}
	return domain.Resolver{Server: d.server}, nil
}

// byProvider fills in what the e-mail provider's settings tell, and gives the
// sender that stands there.
func (d doctor) byProvider(c config.Config, checkup *domain.Checkup) (from string) {
	for _, s := range sendings(c) {
		from, checkup.Include, checkup.Relay = s.From, s.Include, s.Relay
		if s.ReturnsToUs {
			checkup.ReturnPath = c.Inbound.Domain // bounces name their delivery there
		}
		if sender := ascii(cmp.Or(d.domain, domainOf(from))); len(d.selectors) == 0 && sender != "" {
			for _, selector := range s.Selectors {
				checkup.Keys = append(checkup.Keys, domain.Key{Domain: sender, Selector: selector})
			}
		}
		for _, key := range s.Keys {
			if signer, err := key.Signer(); err == nil {
				checkup.Keys = append(checkup.Keys, domain.Key{Domain: ascii(key.Domain), Selector: key.Selector, Public: signer.Public()})
			}
		}
	}
	return from
}

// workspaceDomain is that of the workspace's sender, where a store can be read.
func (o *options) workspaceDomain(ctx context.Context) string {
	i, err := o.openReading(ctx)
	if err != nil {
		return ""
	}
	defer i.Close()
	edition, err := i.Catalog.Current(ctx)
	if err != nil {
		return ""
	}
	return domainOf(edition.Senders[channels.Email].From)
}

func domainOf(mailbox string) string {
	address, err := mail.ParseAddress(mailbox)
	if err != nil {
		return ""
	}
	return address.Address[strings.LastIndexByte(address.Address, '@')+1:]
}

func ascii(name string) string {
	if plain, err := idna.Lookup.ToASCII(name); err == nil {
		return plain
	}
	return strings.ToLower(name)
}

// checkProviders opens every configured provider, which sends nothing.
func checkProviders(c config.Config) []domain.Finding {
	var findings []domain.Finding
	for ch, sections := range c.Providers {
		for name, section := range sections {
			f := domain.Finding{Check: "provider", Level: domain.OK, What: ch + " by " + name + " can be opened"}
			if _, err := openProvider(channels.Channel(ch), name, section, now); err != nil {
				f.Level, f.What = domain.Fail, ch+" by "+name+": "+err.Error()
			}
			findings = append(findings, f)
		}
	}
	return sorted(findings)
}

// checkServers looks at the store, and at Redis where the configuration names one.
func (o *options) checkServers(ctx context.Context, c config.Config) []domain.Finding {
	dsn, findings := o.storeToCheck(c)
	if dsn != "" {
		findings = checkStore(ctx, dsn, c.Store == "")
	}
	if c.Redis.Set() {
		f := domain.Finding{Check: "redis", Level: domain.OK, What: "is there and keeps what it is given"}
		r, err := openRedis(c.Redis)
		if err == nil {
			err = errors.Join(workers.CheckRedis(ctx, r), checkOwner(ctx, dsn, r), r.Close())
		}
		if err != nil {
			f.Level, f.What = domain.Fail, err.Error()
		}
		findings = append(findings, f)
	}
	return findings
}

// storeToCheck is the store that is configured, or that of the folder of a `rapport up`;
// "" where there is none, and what is to be said of that.
func (o *options) storeToCheck(c config.Config) (dsn string, findings []domain.Finding) {
	if err := o.named(c); err != nil {
		return "", []domain.Finding{{Check: "store", Level: domain.Fail, What: err.Error()}}
	}
	if c.Store != "" {
		return c.Store.Reveal(), nil
	}
	switch _, err := os.Stat(filepath.Join(o.data, "rapport.db")); {
	case !errors.Is(err, fs.ErrNotExist):
		return o.dsn(c), nil
	case o.dataGiven:
		return "", []domain.Finding{{
			Check: "store", Level: domain.Warn, What: "there is no rapport.db in " + o.data, Mend: "`rapport up` and `rapport import` make one; --data names another folder",
		}}
	}
	return "", nil
}

// checkOwner is workers.ErrOthersRedis where Redis is not that of the store. Whatever
// keeps from asking is told of each of them.
func checkOwner(ctx context.Context, dsn string, r redis.UniversalClient) error {
	if dsn == "" {
		return nil
	}
	s, err := store.OpenReading(ctx, dsn)
	if err != nil {
		return nil //nolint:nilerr // checkStore tells it
	}
	defer s.Close() // it was only read
	return whoseRedis(ctx, s, r, now)
}

// checkStore looks into a store. An embedded one is brought up to date by `rapport up`.
func checkStore(ctx context.Context, dsn string, embedded bool) []domain.Finding {
	bad := func(err error) []domain.Finding {
		return []domain.Finding{{Check: "store", Level: domain.Fail, What: err.Error()}}
	}
	s, err := store.OpenReading(ctx, dsn)
	if err != nil {
		return bad(err)
	}
	defer s.Close()
	schema, err := s.Schema(ctx)
	if err != nil {
		return bad(err)
	}
	f := fit(schema)
	switch {
	case !f.OK && embedded:
		return []domain.Finding{{Check: "store", Level: domain.Warn, What: f.Problem, Mend: "`rapport up` adds them when it starts"}}
	case !f.OK:
		return []domain.Finding{{Check: "store", Level: domain.Fail, What: f.Problem, Mend: f.Mend}}
	}
	found := domain.Finding{Check: "store", Level: domain.OK, What: "can be read, and its schema is this program's"}
	if f.Note != "" {
		found.Level, found.What = domain.Warn, f.Note
	}
	aside, err := s.SetAside(ctx)
	if err != nil {
		return append(bad(err), found)
	}
	troubles, err := s.Recordings().Troubles(ctx, now().Add(-readyIn))
	if err != nil {
		return append(bad(err), found)
	}
	return slices.Concat([]domain.Finding{found}, checkAside(aside), checkRecordings(troubles), checkWorkspace(ctx, s))
}

// readyIn is how old a recording is before a provider that does not have it is worth a
// word.
const readyIn = 5 * time.Minute

// checkRecordings warns of recordings that cannot be kept, and of those that cannot be
// deleted at the provider.
func checkRecordings(troubles []recordings.Trouble) []domain.Finding {
	var findings []domain.Finding
	for _, t := range troubles {
		what := fmt.Sprintf("%d cannot be deleted at the provider: %s", t.Count, t.Why)
		if t.Waiting {
			what = fmt.Sprintf("%d wait to be fetched, the oldest made at %s: %s", t.Count, t.Since.UTC().Format(time.DateTime+" MST"), t.Why)
		}
		findings = append(findings, domain.Finding{Check: "recordings", Level: domain.Warn, What: what, Mend: "see docs/operations/runbooks/RecordingsWait.md"})
	}
	return findings
}

// checkWorkspace warns where no workspace was applied. Whether one can be read is a
// role's to tell, whose program reads it.
func checkWorkspace(ctx context.Context, s *store.Store) []domain.Finding {
	catalog := campaigns.Catalog{Archive: s.Archive()}
	if _, err := catalog.Current(ctx); !errors.Is(err, campaigns.ErrNoWorkspace) {
		return nil
	}
	return []domain.Finding{{Check: "workspace", Level: domain.Warn, What: noWorkspace}}
}

// asideAtMost is how many reasons are told of.
const asideAtMost = 5

// checkAside warns of callbacks that nobody heard.
func checkAside(all []deliveries.Aside) []domain.Finding {
	var findings []domain.Finding
	for _, a := range all[:min(len(all), asideAtMost)] {
		findings = append(findings, domain.Finding{
			Check: "callbacks", Level: domain.Warn,
			What: fmt.Sprintf("%d of %s could not be read and were set aside, the last at %s: %s", a.Callbacks, a.Provider, a.Latest.UTC().Format(time.DateTime+" MST"), a.Why),
			Mend: "see docs/operations/runbooks/CallbacksSetAside.md; they are forgotten after retention: callbacks",
		})
	}
	if more := len(all) - len(findings); more > 0 {
		findings = append(findings, domain.Finding{Check: "callbacks", Level: domain.Warn, What: fmt.Sprintf("others were set aside for %d more reasons", more)})
	}
	return findings
}

func sorted(findings []domain.Finding) []domain.Finding {
	slices.SortFunc(findings, func(a, b domain.Finding) int { return strings.Compare(a.What, b.What) })
	return findings
}

func failed(findings []domain.Finding) error {
	n := 0
	for _, f := range findings {
		if f.Level == domain.Fail {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d checks failed", n, len(findings))
}

func printFindings(w io.Writer, findings []domain.Finding) {
	const indent = "                "
	for _, f := range findings {
		fmt.Fprintf(w, "%-5s %-9s %s\n", f.Level, f.Check, f.What)
		if f.Mend != "" {
			fmt.Fprintf(w, "%s%s\n", indent, f.Mend)
		}
		if r := f.Record; r != nil {
			value := r.Value
			if r.Type == "TXT" {
				value = `"` + value + `"`
			}
			fmt.Fprintf(w, "%s%s. %s %s\n", indent, r.Name, r.Type, value)
		}
	}
}
