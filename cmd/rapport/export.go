package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"rapport/accounts"
	"rapport/customers"
	"rapport/recordings"
	"rapport/store"
)

func exportCommand(o *options) *cobra.Command {
	e := &exporting{options: o}
	command := &cobra.Command{
		Use:   "export WHO",
		Short: "Write everything that is kept about a customer, as JSON (GDPR Articles 15 and 20)",
		Long: "Write everything that is kept about a customer (id, e-mail, phone or order id) as one JSON document: profile, consents,\n" +
			"orders, the whole timeline, messages, journeys, answers, cases and the rest; docs/access.md lists it. With --out the\n" +
			"document and the sound of recordings are files of a folder. The audit notes who exported whom.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return e.run(cmd, args[0]) },
	}
	command.Flags().StringVar(&e.out, "out", "", "write customer.json and recordings into this `folder`, not to standard output")
	command.Flags().BoolVar(&e.twins, "twins", false, "take in other profiles with the same e-mail or number, where you know that they are the same person's")
	return command
}

// exporting is one export.
type exporting struct {
	*options
	out   string
	twins bool

	ids   []string
	taped []recordings.Recording
	left  []string // other profiles, which are not exported
	files []string
}

func (e *exporting) run(cmd *cobra.Command, who string) error {
	if err := e.look(cmd.Context(), who); err != nil {
		return err
	}
	if e.out == "" {
		if err := e.write(cmd.Context(), unscreened(cmd.OutOrStdout())); err != nil {
			return err
		}
	} else if err := e.fill(cmd); err != nil {
		return err
	}
	if len(e.left) > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "other profiles have the same address or number and are not in it: %s; --twins takes them in, where they are the same person's\n", strings.Join(e.left, ", "))
	}
	switch {
	case e.out == "" && len(e.taped) > 0:
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: --out FOLDER writes what is heard, too\n", plural(len(e.taped), "recording"))
	case e.out != "" && e.format == "json":
		return printJSON(cmd.OutOrStdout(), map[string]any{"customers": e.ids, "files": e.files})
	case e.out != "":
		fmt.Fprintf(cmd.OutOrStdout(), "all that is kept about %s is in %s\n", strings.Join(e.ids, ", "), strings.Join(e.files, ", "))
	}
	return nil
}

// look finds out who is meant, who else might be, and what was recorded of them.
func (e *exporting) look(ctx context.Context, who string) error {
	i, err := e.openReading(ctx)
	if err != nil {
		return err
	}
	defer i.Close()
	customer, err := i.find(ctx, who)
	if err != nil {
		return err
	}
	others, err := i.Store.Twins(ctx, customer.ID)
	if err != nil {
		return err
	}
	if e.ids = []string{customer.ID}; e.twins {
		e.ids = append(e.ids, others...)
	} else {
		e.left = others
	}
	for _, id := range e.ids {
		all, err := i.Store.Recordings().OfCustomer(ctx, id)
		if err != nil {
			return err
		}
		for _, r := range all {
			if r.Playable() {
				e.taped = append(e.taped, r)
			}
		}
	}
	return nil
}

// write writes the document: from the store or, while an embedded installation runs on
// it, from that one's console. The audit has it before anything is written.
func (e *exporting) write(ctx context.Context, to io.Writer) error {
	i, err := e.openWriting(ctx)
	if errors.Is(err, store.ErrInUse) {
		return e.askConsole(ctx, to)
	}
	if err != nil {
		return err
	}
	defer i.Close()
	for _, id := range e.ids {
		deed := accounts.Deed{At: i.Now(), Account: agent() + " at the command line", What: "exported", About: accounts.AboutCustomer(id)}
		if err := i.Store.Accounts().Note(ctx, deed); err != nil {
			return err
		}
	}
	return customers.WriteKept(ctx, to, i.Store, i.Now(), e.ids...)
}

func (e *exporting) askConsole(ctx context.Context, to io.Writer) error {
	form := url.Values{"who": {agent() + " at the command line"}}
	if e.twins {
		form.Set("twins", "1")
	}
	response, err := e.postConsole(ctx, &http.Client{}, "/customers/"+url.PathEscape(e.ids[0])+"/export", form)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return whyNot(response)
	}
	if _, err := io.Copy(to, response.Body); err != nil {
		return fmt.Errorf("the export broke off: %w", err)
	}
	return nil
}

// fill writes the document and the sound of recordings into a folder, which must not
// hold an export already: of two people's files nobody could tell whose is whose.
func (e *exporting) fill(cmd *cobra.Command) error {
	if err := os.MkdirAll(e.out, 0o700); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	err := e.file("customer.json", func(to io.Writer) error { return e.write(cmd.Context(), to) })
	if err != nil || len(e.taped) == 0 {
		return err
	}
	c, _, err := e.load()
	if err != nil {
		return err
	}
	kept := c.Recordings
	if c.Store == "" {
		kept = besideStore(kept, e.data)
	}
	vault, err := openVault(kept)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(e.out, "recordings"), 0o700); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	for _, r := range e.taped {
		if err := e.sound(cmd.Context(), vault, r); errors.Is(err, recordings.ErrUnknown) {
			fmt.Fprintf(cmd.ErrOrStderr(), "recording %d is not where recordings are kept: it was deleted meanwhile, or `recordings` is not configured here\n", r.ID)
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (e *exporting) sound(ctx context.Context, vault recordings.Vault, r recordings.Recording) error {
	if vault == nil {
		return recordings.ErrUnknown
	}
	sound, err := vault.Open(ctx, r.Key())
	if err != nil {
		return err
	}
	defer sound.Close() // only read
	return e.file(filepath.Join("recordings", strconv.FormatInt(r.ID, 10)+endings[r.Media]), func(to io.Writer) error {
		_, err := io.Copy(to, sound)
		return err
	})
}

// endings are those of the files of sounds, by what Twilio calls them.
var endings = map[string]string{"audio/mpeg": ".mp3", "audio/wav": ".wav", "audio/x-wav": ".wav"}

// file writes a file that was not there. What could not be written whole is taken away.
func (e *exporting) file(name string, fill func(io.Writer) error) error {
	path := filepath.Join(e.out, name)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	if err := errors.Join(fill(file), file.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	e.files = append(e.files, path)
	return nil
}

// unscreened is where other programs read: a file or a pipe gets every character as it
// is, and a terminal what it may show.
func unscreened(w io.Writer) io.Writer {
	s, screened := w.(screen)
	if !screened {
		return w
	}
	if file, is := s.Writer.(*os.File); is && isatty.IsTerminal(file.Fd()) {
		return w
	}
	return s.Writer
}
