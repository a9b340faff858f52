package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"rapport/accounts"
)

func accountCommand(o *options) *cobra.Command {
	command := &cobra.Command{
		Use:   "account",
		Short: "Manage console accounts and their roles",
		Long: "Manage the accounts of `rapport console` and their roles: a viewer sees everything, an agent also answers customers,\n" +
			"an operator also pauses and resumes campaigns and erases customers.",
	}
	command.AddCommand(accountAdd(o), accountList(o), accountPassword(o), accountRole(o),
		accountSwitch(o, "disable", "Disable an account at once, wherever it is signed in", true), accountSwitch(o, "enable", "Enable a disabled account again", false))
	return command
}

func accountAdd(o *options) *cobra.Command {
	var role string
	var piped bool
	command := &cobra.Command{
		Use:   "add NAME",
		Short: "Add an account and print its password",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := accounts.CleanName(args[0])
			if err != nil {
				return err
			}
			as, err := accounts.ParseRole(role)
			if err != nil {
				return err
			}
			password, hash, err := newPassword(cmd.InOrStdin(), piped)
			if err != nil {
				return err
			}
			return o.withAccounts(cmd.Context(), func(d accounts.Directory, now time.Time) error {
				a := accounts.Account{Name: name, Role: as, Password: hash, CreatedAt: now}
				if err := d.Add(cmd.Context(), a); err != nil {
					return err
				}
				return o.tellAccount(cmd, a, "may work in the console as "+string(as), password)
			})
		},
	}
	command.Flags().StringVar(&role, "role", string(accounts.Agent), "viewer, agent or operator")
	pipedFlag(command, &piped)
	return command
}

func accountPassword(o *options) *cobra.Command {
	var piped bool
	command := &cobra.Command{
		Use:   "password NAME",
		Short: "Change an account's password; it is signed out everywhere",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			password, hash, err := newPassword(cmd.InOrStdin(), piped)
			if err != nil {
				return err
			}
			return o.changeAccount(cmd, args[0], "has another password", password, func(a *accounts.Account) {
				a.Password, a.Failures, a.LockedUntil = hash, 0, time.Time{}
			})
		},
	}
	pipedFlag(command, &piped)
	return command
}

func accountRole(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "role NAME viewer|agent|operator",
		Short: "Change an account's role",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			role, err := accounts.ParseRole(args[1])
			if err != nil {
				return err
			}
			return o.changeAccount(cmd, args[0], "is "+string(role)+" now", "", func(a *accounts.Account) { a.Role = role })
		},
	}
}

func accountSwitch(o *options, word, short string, off bool) *cobra.Command {
	return &cobra.Command{
		Use:   word + " NAME",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.changeAccount(cmd, args[0], "is "+word+"d", "", func(a *accounts.Account) { a.Disabled = off })
		},
	}
}

func accountList(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List accounts",
		Args:  cobra.NoArgs,
		RunE: o.reading(func(cmd *cobra.Command, _ []string, i *installation) error {
			all, err := i.Store.Accounts().Accounts(cmd.Context())
			if err != nil {
				return err
			}
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), all)
			}
			t := newTable(cmd.OutOrStdout(), "account", "role", "since", "")
			for _, a := range all {
				t.AppendRow(table.Row{a.Name, a.Role, stamp(a.CreatedAt, time.UTC), barred(a, i.Now())})
			}
			t.Render()
			return nil
		}),
	}
}

// barred is what keeps an account from signing in, if anything.
func barred(a accounts.Account, now time.Time) string {
	switch {
	case a.Disabled:
		return "disabled"
	case now.Before(a.LockedUntil):
		return fmt.Sprintf("locked for %s after %d wrong passwords", a.LockedUntil.Sub(now).Round(time.Second), a.Failures)
	}
	return ""
}

func auditCommand(o *options) *cobra.Command {
	var account, about string
	var limit int
	command := &cobra.Command{
		Use:   "audit",
		Short: "Show who did what in the console, latest first",
		Args:  cobra.NoArgs,
		RunE: o.reading(func(cmd *cobra.Command, _ []string, i *installation) error {
			deeds, err := i.Store.Accounts().Deeds(cmd.Context(), account, about, limit)
			if err != nil {
				return err
			}
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), deeds)
			}
			t := newTable(cmd.OutOrStdout(), "when (UTC)", "who", "did", "")
			for _, d := range deeds {
				t.AppendRow(table.Row{d.At.UTC().Format(time.DateTime), d.Account, d.What, d.About})
			}
			t.Render()
			return nil
		}),
	}
	flags := command.Flags()
	flags.StringVar(&account, "account", "", "only what this account did")
	flags.StringVar(&about, "about", "", "only what was done about this, such as \"customer c-1\" or \"case 12\"")
	flags.IntVar(&limit, "limit", 100, "how many to show")
	return command
}

func pipedFlag(command *cobra.Command, piped *bool) {
	command.Flags().BoolVar(piped, "password-stdin", false, "read the password from standard input; without it, a random one is made")
}

// newPassword makes a password up and hashes it, or hashes the first line of what is
// piped in. One that was made up is given to be shown, this once.
func newPassword(in io.Reader, piped bool) (shown, hash string, err error) {
	password := secret(12)
	shown = password
	if piped {
		shown = ""
		line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", "", fmt.Errorf("read the password: %w", err)
		}
		password = strings.TrimRight(line, "\r\n")
	}
	hash, err = accounts.NewHasher().Hash(password)
	return shown, hash, err
}

func (o *options) changeAccount(cmd *cobra.Command, name, outcome, password string, change func(*accounts.Account)) error {
	clean, err := accounts.CleanName(name)
	if err != nil {
		return err
	}
	return o.withAccounts(cmd.Context(), func(d accounts.Directory, _ time.Time) error {
		var changed accounts.Account
		err := d.Change(cmd.Context(), clean, func(a *accounts.Account) {
			change(a)
			changed = *a
		})
		if err != nil {
			return err
		}
		return o.tellAccount(cmd, changed, outcome, password)
	})
}

// tellAccount prints what became of an account, and a password that was made up.
func (o *options) tellAccount(cmd *cobra.Command, a accounts.Account, outcome, password string) error {
	if o.format == "json" {
		return printJSON(cmd.OutOrStdout(), struct {
			accounts.Account
			Password string `json:"password,omitempty"`
		}{a, password})
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", a.Name, outcome)
	if password != "" {
		fmt.Fprintf(cmd.OutOrStdout(), "password: %s\n", password)
	}
	return nil
}

func (o *options) withAccounts(ctx context.Context, do func(accounts.Directory, time.Time) error) error {
	i, err := o.openWriting(ctx)
	if err != nil {
		return err
	}
	defer i.Close()
	return do(i.Store.Accounts(), i.Now())
}
