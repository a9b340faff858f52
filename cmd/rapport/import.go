package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"rapport/campaigns"
	"rapport/campaigns/expression"
	"rapport/customers"
	"rapport/customers/intake"
)

// shownRefusals is how many refused rows are printed; the report file has all.
const shownRefusals = 20

type importFlags struct {
	pairs, ignored                    []string
	mapping, encoding, dates, country string
	zone, report                      string
	clears                            []string
	maxRefused                        int
	dryRun                            bool
}

func importCommand(o *options) *cobra.Command {
	command := &cobra.Command{
		Use:   "import",
		Short: "Import customers, orders, products and suppressions from CSV, TSV or NDJSON files (also .gz)",
		Long: "Import customers, orders, products and suppressions (addresses that are not to be written to) from CSV, TSV or\n" +
			"NDJSON files (also .gz). The first line names the columns; docs/import.md lists those that are known. Unknown columns\n" +
			"are named and left out, unless --map says what they hold: --map email=Contact --map consent.news.email=Newsletter.\n" +
			"Importing a file again changes nothing.",
	}
	for _, kind := range []intake.Kind{intake.Customers, intake.Orders, intake.Products, intake.Suppressions} {
		command.AddCommand(importKind(o, kind))
	}
	return command
}

func importKind(o *options, kind intake.Kind) *cobra.Command {
	f := &importFlags{}
	command := &cobra.Command{
		Use:   string(kind) + " FILE…",
		Short: "Import " + string(kind),
		Args:  cobra.MinimumNArgs(1),
		RunE:  func(cmd *cobra.Command, args []string) error { return f.run(cmd, o, kind, args) },
	}
	flags := command.Flags()
	flags.StringArrayVar(&f.pairs, "map", nil, "the column that holds a field, as `field=Column`; usual headers are recognized without it; may be given again")
	flags.StringArrayVar(&f.ignored, "ignore", nil, "leave this `Column` out; may be given again")
	flags.StringVar(&f.mapping, "mapping", "", "a YAML `file` of field: Column")
	flags.StringVar(&f.encoding, "encoding", "", "the files' encoding, such as windows-1252; without it, it is found out")
	flags.StringVar(&f.dates, "dates", "", "the order of dates: mdy, dmy or ymd; without it, it is found out")
	flags.StringVar(&f.country, "country", "", "the country of phone numbers whose row names none, and of customers of whom none is known, such as DE")
	if kind == intake.Customers {
		flags.StringSliceVar(&f.clears, "empty-clears", nil, "`fields` that an empty cell takes off a profile, such as phone,tags; without it, an empty cell says nothing")
	}
	flags.StringVar(&f.zone, "zone", "UTC", "the time zone of dates and times that name none")
	flags.StringVar(&f.report, "report", "", "write every row that is refused to this `file`, as NDJSON")
	flags.IntVar(&f.maxRefused, "max-refused", -1, "fail, with exit code 1, where more than `N` rows and single cells are refused; without it, where all rows of a file are")
	flags.BoolVar(&f.dryRun, "dry-run", false, "read everything and write nothing")
	return command
}

func (f *importFlags) run(cmd *cobra.Command, o *options, kind intake.Kind, paths []string) (err error) {
	i, err := o.openOrMake(cmd.Context())
	if err != nil {
		return err
	}
	defer i.Close()
	settings, err := f.settings(cmd, i, kind)
	if err != nil {
		return err
	}
	shown := 0
	sink := io.Discard
	if f.report != "" {
		file, err := os.Create(f.report)
		if err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		sink = file
	}
	list := json.NewEncoder(sink)
	var writing error
	settings.Refused = func(r intake.Refusal) {
		writing = errors.Join(writing, list.Encode(r))
		if shown++; shown <= shownRefusals && o.format == "text" {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", r.File, r)
		}
	}
	bar := progress(cmd.ErrOrStderr(), "importing "+string(kind))
	settings.Progress = bar.show
	report, err := intake.Import(cmd.Context(), i.Store, paths, settings)
	bar.done()
	if err = errors.Join(err, writing); err != nil {
		return err
	}
	if o.format == "json" {
		return errors.Join(printJSON(cmd.OutOrStdout(), report), f.judge(report))
	}
	if shown > shownRefusals {
		fmt.Fprintf(cmd.ErrOrStderr(), "… and %d more; --report FILE lists all of them\n", shown-shownRefusals)
	}
	printImport(cmd.OutOrStdout(), kind, report, f.dryRun)
	return f.judge(report)
}

// judge is why an import that went through is no success, for whoever only looks at
// the exit code.
func (f *importFlags) judge(r intake.Outcome) error {
	for _, in := range r.Inputs {
		if in.Rows > 0 && in.Taken == 0 {
			return fmt.Errorf("import %s: nothing was taken of its %s", in.File, plural(in.Rows, "row"))
		}
	}
	if refused := r.Refused + r.Blanked; f.maxRefused >= 0 && refused > f.maxRefused {
		return fmt.Errorf("import: %s, and --max-refused allows %d", plural(refused, "refusal"), f.maxRefused)
	}
	return nil
}

func printImport(w io.Writer, kind intake.Kind, r intake.Outcome, dryRun bool) {
	fmt.Fprintf(w, "%s in %s: %d taken, %d refused", plural(r.Rows, "row"), plural(r.Files, "file"), r.Taken, r.Refused)
	if r.Blanked > 0 {
		fmt.Fprintf(w, ", %s left out", plural(r.Blanked, "single cell"))
	}
	if dryRun {
		fmt.Fprintln(w, "; nothing was written (dry run)")
	} else {
		fmt.Fprintf(w, "; %s: %d new, %d changed, %d as they were\n", kind, r.Written.Added, r.Written.Changed, r.Written.Unchanged)
	}
	for _, in := range r.Inputs {
		printInput(w, in)
	}
	if r.Abroad > 0 {
		fmt.Fprintf(w, "%s in another currency than the workspace's: the orders count, and are in no total\n", plural(r.Abroad, "row"))
	}
	if r.Written.OlderWords > 0 {
		fmt.Fprintf(w, "%s not taken: the customer has said otherwise since\n", plural(r.Written.OlderWords, "consent"))
	}
	if len(r.NotRead) > 0 {
		fmt.Fprintf(w, "columns not read: %s; --map FIELD=COLUMN says what stands in one\n", strings.Join(r.NotRead, ", "))
	}
}

// printInput tells how a file was read: what was found out may be wrong.
func printInput(w io.Writer, in intake.Input) {
	fmt.Fprintf(w, "%s: %s", in.File, in.Encoding)
	if in.Separator != "" {
		fmt.Fprintf(w, ", separator %q", in.Separator)
	}
	for _, column := range slices.Sorted(maps.Keys(in.Dates)) {
		fmt.Fprintf(w, ", %s is %s", column, in.Dates[column])
	}
	fmt.Fprintln(w)
	if in.Warning != "" {
		fmt.Fprintf(w, "%s: %s\n", in.File, in.Warning)
	}
}

// settings turns flags into options; the workspace, where one is in force,
// knows the topics, the traits' types and the currency.
func (f *importFlags) settings(cmd *cobra.Command, i *installation, kind intake.Kind) (intake.Options, error) {
	s := intake.Options{
		Kind: kind, Encoding: f.encoding, Dates: intake.Order(f.dates), EmptyClears: f.clears, DryRun: f.dryRun, Now: i.Now(),
		Ignore: f.ignored,
	}
	if f.country != "" {
		country, ok := customers.NormalCountry(f.country)
		if !ok {
			return s, fmt.Errorf("--country: %q is no country; write its two letters (ISO 3166-1), such as DE for Germany", f.country)
		}
		s.Country = country
	}
	var err error
	if s.Zone, err = time.LoadLocation(f.zone); err != nil {
		return s, fmt.Errorf("--zone: %q is no time zone; IANA names look like Europe/Berlin", f.zone)
	}
	switch s.Dates {
	case intake.Auto, intake.MDY, intake.DMY, intake.YMD:
	default:
		return s, fmt.Errorf("--dates is mdy, dmy or ymd, not %q", f.dates)
	}
	if s.Map, err = f.columns(); err != nil {
		return s, err
	}
	err = knowWorkspace(cmd.Context(), i.Catalog, &s)
	return s, err
}

// columns are which column holds which field: what the file of --mapping says, and
// before it --map.
func (f *importFlags) columns() (map[string]string, error) {
	columns := map[string]string{}
	if f.mapping != "" {
		raw, err := os.ReadFile(f.mapping)
		if err != nil {
			return nil, fmt.Errorf("read the mapping: %w", err)
		}
		if err := yaml.UnmarshalWithOptions(raw, &columns, yaml.Strict()); err != nil {
			return nil, fmt.Errorf("%s: must be a list of field: Column: %s", f.mapping, yaml.FormatError(err, false, false))
		}
	}
	told := map[string]string{}
	for _, pair := range f.pairs {
		field, column, found := strings.Cut(pair, "=")
		if !found {
			return nil, fmt.Errorf("--map wants field=Column, not %q", pair)
		}
		told[field] = column
	}
	maps.Copy(columns, told)
	return columns, nil
}

// knowWorkspace adds to options what the workspace in force knows, where there is one.
func knowWorkspace(ctx context.Context, catalog *campaigns.Catalog, s *intake.Options) error {
	edition, err := catalog.Current(ctx)
	if errors.Is(err, campaigns.ErrNoWorkspace) {
		return nil
	}
	if err != nil {
		return err
	}
	s.Currency = edition.Currency
	s.Topics = []string{}
	for _, topic := range edition.Topics {
		s.Topics = append(s.Topics, topic.ID)
	}
	s.Traits = map[string]string{}
	for name, kind := range edition.Traits {
		s.Traits[name] = string(kind)
		if kind == expression.Time {
			s.Traits[name] = "date"
		}
	}
	return nil
}

// bar shows progress on a terminal, and nothing in a file.
type bar struct{ *progressbar.ProgressBar }

func progress(w io.Writer, what string) *bar {
	file, is := w.(*os.File)
	if !is || !isatty.IsTerminal(file.Fd()) {
		return &bar{}
	}
	return &bar{progressbar.NewOptions64(1, progressbar.OptionSetDescription(what), progressbar.OptionSetWriter(file),
		progressbar.OptionShowBytes(true), progressbar.OptionClearOnFinish())}
}

func (b *bar) show(done, total int64) {
	if b.ProgressBar != nil {
		b.ChangeMax64(total)
		_ = b.Set64(done) // a bar that cannot be drawn is no reason to stop
	}
}

func (b *bar) done() {
	if b.ProgressBar != nil {
		_ = b.Finish()
	}
}
