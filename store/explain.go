package store

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// explain adds to an error of the database what it means for an operator. The
// database's own words follow, without the values PostgreSQL quotes in details.
func explain(err error) error {
	if err == nil {
		return nil
	}
	var lite *sqlite.Error
	var pg *pgconn.PgError
	var meaning string
	switch {
	case errors.As(err, &lite) && strings.Contains(lite.Error(), "no such table"),
		errors.As(err, &lite) && strings.Contains(lite.Error(), "no such column"):
		meaning = "the schema is missing or old: run rapport migrate"
	case lite != nil:
		meaning = explainSQLite(lite.Code())
	case errors.As(err, &pg):
		meaning = explainPostgres(pg)
	}
	if meaning == "" {
		return err
	}
	return fmt.Errorf("%s (%w)", meaning, err)
}
