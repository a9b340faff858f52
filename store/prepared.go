package store

import (
	"context"
	"database/sql"
	"sync"
)

// preparedMost bounds the statements kept. Those of audiences differ with every
// campaign; what comes after the bound is parsed each time.
const preparedMost = 400

// prepared keeps statements parsed. SQLite parses anew on every call without
// it, which costs more than most of our statements take to run; the PostgreSQL
// driver keeps its own.
type prepared struct {
	db    *sql.DB
	mu    sync.RWMutex
	known map[string]*sql.Stmt
}

// find is the kept statement of a query; nil when there is none, or no keeping.
func (p *prepared) find(query string) *sql.Stmt {
	if p == nil {
		return nil
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.known[query]
}

// keep parses queries for the next time. It needs a connection, so it is called
// when the transaction that missed them has given its own back. A query that
// cannot be kept is simply parsed again.
func (p *prepared) keep(ctx context.Context, queries []string) {
	if p == nil {
		return
	}
	for _, query := range queries {
		p.mu.RLock()
		full := len(p.known) >= preparedMost || p.known[query] != nil
		p.mu.RUnlock()
		if full {
			continue
		}
		statement, err := p.db.PrepareContext(ctx, query)
		if err != nil {
			continue
		}
		p.mu.Lock()
		if p.known == nil {
			p.known = map[string]*sql.Stmt{}
		}
		if p.known[query] == nil {
			p.known[query] = statement
		} else {
			_ = statement.Close() //nolint:sqlclosecheck // a spare: somebody was quicker
		}
		p.mu.Unlock()
	}
}

// statement is a query as this transaction runs it: prepared where it was kept.
type statement struct {
	tx     *tx
	text   string
	parsed *sql.Stmt
}

func (t *tx) statement(ctx context.Context, query string) statement {
	kept := t.prepared.find(query)
	if kept == nil {
		if t.prepared != nil && len(t.staged) == 0 {
			t.missed = append(t.missed, query)
		}
		return statement{tx: t, text: query}
	}
	return statement{tx: t, text: query, parsed: t.lite.StmtContext(ctx, kept)}
}

// exec runs the statement and returns how many rows it touched.
func (s statement) exec(ctx context.Context, args ...any) (int64, error) {
	if s.tx.pg != nil {
		tag, err := s.tx.pg.Exec(ctx, s.text, args...)
		return tag.RowsAffected(), err
	}
	var result sql.Result
	var err error
	if s.parsed == nil {
		result, err = s.tx.lite.ExecContext(ctx, s.text, args...)
	} else {
		result, err = s.parsed.ExecContext(ctx, args...)
	}
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (s statement) query(ctx context.Context, args ...any) (results, error) {
	if s.tx.pg != nil {
		rows, err := s.tx.pg.Query(ctx, s.text, args...)
		return results{record{pg: &native{rows: rows}}}, err
	}
	var rows *sql.Rows
	var err error
	if s.parsed == nil {
		rows, err = s.tx.lite.QueryContext(ctx, s.text, args...) //nolint:rowserrcheck // results.end asks
	} else {
		rows, err = s.parsed.QueryContext(ctx, args...) //nolint:rowserrcheck // results.end asks
	}
	return results{record{lite: rows}}, err
}

// row reads one row into places; without one it is sql.ErrNoRows.
func (s statement) row(ctx context.Context, args ...any) only {
	rows, err := s.query(ctx, args...)
	return only{rows, err}
}
