package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"rapport/store"
)

// migrated is what `rapport migrate` prints as JSON.
type migrated struct {
	Schema   string `json:"schema"`
	Database string `json:"database"`
	Applied  int    `json:"migrations_applied"`
}

func migrateCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's schema up to date",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, _, err := o.load()
			if err != nil {
				return err
			}
			if err := o.namedExpressly(c); err != nil {
				return err
			}
			s, err := store.Open(cmd.Context(), o.dsn(c))
			if err != nil {
				return err
			}
			defer s.Close() // the program ends
			before, err := s.Schema(cmd.Context())
			if err != nil {
				return err
			}
			if err := s.Migrate(cmd.Context()); err != nil {
				return err
			}
			did := migrated{"up to date", store.Place(o.dsn(c)), len(before.Pending)}
			switch {
			case o.format == "json":
				return printJSON(cmd.OutOrStdout(), did)
			case did.Applied == 0:
				fmt.Fprintf(cmd.OutOrStdout(), "%s: the schema was up to date\n", did.Database)
			default:
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %s applied, the schema is up to date\n", did.Database, plural(did.Applied, "migration"))
			}
			return nil
		},
	}
}
