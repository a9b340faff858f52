package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

var update = flag.Bool("update", false, "write the page of commands anew")

const (
	commandsPage = "../../docs/commands.md"
	commandsHead = `<!-- Written from what ` + "`rapport COMMAND --help`" + ` says: change the command, then make generate. -->

# Commands

Those needed daily stand in the [README](../README.md#use-it).

While ` + "`rapport up`" + ` runs, commands that only read may be used beside it. ` + "`apply`, `pause`, `resume`, `follow-up`, `reply`, `take`, `close`, `reopen`, `erase`" + `
and ` + "`export`" + ` are handed to it, wherever it listens. Any other command that would write to the same folder is refused.
`
)

func TestThePageOfCommandsSaysWhatHelpSays(t *testing.T) {
	want := commandsText(rootCommand())
	if *update {
		if err := os.WriteFile(commandsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(commandsPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Error("docs/commands.md is out of date; run: make generate")
	}
}

// commandsText is the page: a table for each group, then every command.
func commandsText(root *cobra.Command) string {
	var tables, sections strings.Builder
	for _, group := range root.Groups() {
		fmt.Fprintf(&tables, "\n%s\n\n| command | what it does |\n|---|---|\n", group.Title)
		for _, command := range root.Commands() {
			if command.GroupID == group.ID && !command.Hidden {
				fmt.Fprintf(&tables, "| [`%s`](#%s) | %s |\n", command.Name(), command.Name(), command.Short)
				writeCommand(&sections, command, "##")
			}
		}
	}
	return commandsHead + tables.String() +
		"\nEvery command also takes:\n\n```text\n" + root.PersistentFlags().FlagUsages() + "```\n" + sections.String()
}

func writeCommand(out *strings.Builder, command *cobra.Command, level string) {
	text := command.Long
	if text == "" {
		text = command.Short + "."
	}
	text = strings.ReplaceAll(text, "\n  ", "\n    ") // what help indents is code
	_, name, _ := strings.Cut(command.CommandPath(), " ")
	fmt.Fprintf(out, "\n%s %s\n\n%s\n", level, name, text)
	if command.HasSubCommands() {
		for _, below := range command.Commands() {
			writeCommand(out, below, level+"#")
		}
		return
	}
	fmt.Fprintf(out, "\n```text\n%s\n", command.UseLine())
	if flags := command.LocalFlags().FlagUsages(); flags != "" {
		fmt.Fprintf(out, "\n%s", flags)
	}
	out.WriteString("```\n")
}
