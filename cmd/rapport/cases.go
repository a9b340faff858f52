package main

import (
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
)

func casesCommand(o *options) *cobra.Command {
	var queue string
	command := &cobra.Command{
		Use:   "cases",
		Short: "List open cases, the most pressing first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			i, err := o.openReading(cmd.Context())
			if err != nil {
				return err
			}
			defer i.Close()
			open, err := i.Store.Casebook().Cases(cmd.Context(), queue, 500)
			if err != nil {
				return err
			}
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), open)
			}
			t := newTable(cmd.OutOrStdout(), "case", "queue", "priority", "customer", "title", "due", "")
			for _, c := range open {
				late := ""
				if c.Overdue(i.Now()) {
					late = "overdue"
				}
				about := c.Customer
				if about == "" {
					about = "campaign " + c.Campaign
				}
				t.AppendRow(table.Row{c.ID, c.Queue, c.Priority, about, c.Title, stamp(c.DueAt, time.Local), late})
			}
			t.Render()
			return nil
		},
	}
	command.Flags().StringVar(&queue, "queue", "", "only this queue")
	return command
}
