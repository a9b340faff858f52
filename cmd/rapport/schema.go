package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rapport/campaigns/grammar"
)

// schemaFolder is where schemas lie in a workspace; files refer to them as
// ../.schema/campaign.json. It is hidden, and so is no part of what is applied.
const schemaFolder = ".schema"

func schemaCommand() *cobra.Command {
	var folder string
	var names []string
	for _, file := range grammar.Files() {
		names = append(names, file.Name)
	}
	command := &cobra.Command{
		Use:   "schema " + strings.Join(names, "|"),
		Short: "Print the JSON Schema of a kind of file, for editors that complete and underline",
		Long: `Print the JSON Schema (draft 2020-12) of a kind of file, for editors that
complete and underline.

  rapport schema campaign > campaign.json
  rapport schema --write shop      writes all of them into shop/.schema/

A file names its schema in its first line:

  # yaml-language-server: $schema=../.schema/campaign.json`,
		ValidArgs: names,
		Args:      cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case folder != "" && len(args) == 0:
				return writeSchemas(folder)
			case folder == "" && len(args) == 1 && slices.Contains(names, args[0]):
				return printSchema(cmd, args[0])
			case len(args) == 1 && !slices.Contains(names, args[0]):
				return fmt.Errorf("there is no schema %q; there are %s", args[0], strings.Join(names, ", "))
			}
			return fmt.Errorf("name one of %s, or a folder in --write", strings.Join(names, ", "))
		},
	}
	command.Flags().StringVar(&folder, "write", "", "write every schema into .schema/ of this workspace `folder`")
	return command
}

func printSchema(cmd *cobra.Command, name string) error {
	file, _ := grammar.FileNamed(name)
	schema, err := grammar.Schema(file)
	if err != nil {
		return err
	}
	_, err = cmd.OutOrStdout().Write(schema)
	return err
}

func writeSchemas(folder string) error {
	if err := isFolder(folder); err != nil {
		return err
	}
	target := filepath.Join(folder, schemaFolder)
	if err := os.MkdirAll(target, 0o755); err != nil { //nolint:gosec // beside files that everybody may read
		return err
	}
	for _, file := range grammar.Files() {
		schema, err := grammar.Schema(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(target, file.Name+".json"), schema, 0o644); err != nil { //nolint:gosec // no secret
			return err
		}
	}
	return nil
}
