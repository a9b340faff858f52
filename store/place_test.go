package store

import (
	"strings"
	"testing"
)

func TestADatabaseIsNamedWithoutItsPassword(t *testing.T) {
	for dsn, want := range map[string]string{
		"sqlite:/var/lib/rapport/rapport.db":                                    "/var/lib/rapport/rapport.db",
		"postgres://shop:hush@db.example:6432/rapport?sslmode=disable":          "rapport at db.example:6432",
		"postgres://shop:hush@a:5432,b:5433/rapport?sslmode=disable":            "rapport at a:5432, b:5433",
		"postgres://db.example/rapport?user=shop&password=hush&sslmode=disable": "rapport at db.example:5432",
		"postgres://shop:hu sh":                                                 "",
		"mysql://shop:hush@h":                                                   "",
	} {
		if got := Place(dsn); got != want || strings.Contains(got, "hush") {
			t.Errorf("%s is %q, want %q", dsn, got, want)
		}
	}
}
