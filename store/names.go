package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"rapport/campaigns/expression"
	"rapport/customers"
)

const (
	// namesRead is how many profiles a search by name reads and puts in order.
	namesRead = 500
	// searchTimeout is how long a search by name may take.
	searchTimeout = 5 * time.Second
	// nameWordsColumn ends the name of the column that holds the words of a name.
	nameWordsColumn = "_words"
)

// nameWords are the words of a name as they are stored; "" of none.
func nameWords(name string) string {
	if name == "" {
		return ""
	}
	return strings.Join(customers.NameWords(name), " ")
}

// removedFrom are the fields that are taken off a profile: the words of a name go with it.
func removedFrom(c *customers.Customer) []string {
	removed := c.Removed
	for _, name := range []string{"first_name", "last_name"} {
		if slices.Contains(c.Removed, name) {
			removed = append(slices.Clip(removed), name+nameWordsColumn)
		}
	}
	return removed
}

const (
	// hasWords is the condition of the index of names on PostgreSQL, wordVector what is
	// in it.
	hasWords   = "(c.first_name_words IS NOT NULL OR c.last_name_words IS NOT NULL)"
	wordVector = "array_to_tsvector(coalesce(string_to_array(c.first_name_words, ' '), '{}') || coalesce(string_to_array(c.last_name_words, ' '), '{}'))"
	// allWords are the words of a name with a space before and after each.
	allWords = "' ' || coalesce(c.first_name_words, '') || ' ' || coalesce(c.last_name_words, '') || ' '"
	// wordless is the condition of the index of those whose names have no words yet, or
	// whose words have no name any more.
	wordless = "((first_name IS NULL) <> (first_name_words IS NULL) OR (last_name IS NULL) <> (last_name_words IS NULL))"
)

// Named implements customers.Directory. Who has the words as they were given is looked
// for first, so that many who only begin so keep them out of no answer.
func (s *Store) Named(ctx context.Context, name string, limit int) (found customers.Namesakes, err error) {
	words, err := customers.SoughtWords(name)
	if err != nil {
		return found, err
	}
	err = s.read(ctx, func(tx *tx) error {
		found, err = tx.named(ctx, words)
		return err
	})
	if errors.Is(err, ErrSlowCondition) {
		return customers.Namesakes{}, customers.ErrTooMany
	}
	if err != nil {
		return customers.Namesakes{}, fmt.Errorf("find customers by name: %w", err)
	}
	found.People = found.People[:min(limit, len(found.People))]
	return found, nil
}

func (t *tx) named(ctx context.Context, words []string) (found customers.Namesakes, err error) {
	far, _, err := readFact(ctx, t, unpreparedFact)
	if err != nil {
		return found, err
	}
	found.Unready = far != ""
	t.conditionTimeout = searchTimeout
	if err := t.byIndexOfNames(ctx); err != nil {
		return found, err
	}
	read := map[string]bool{}
	for _, whole := range []bool{true, false} {
		query, args := t.namedQuery(words, whole)
		people, err := judged(ctx, t, scanCustomer, query, args...)
		if err != nil {
			return found, err
		}
		slices.SortFunc(people, func(a, b *customers.Customer) int {
			return cmp.Or(b.Seen().Compare(a.Seen()), strings.Compare(a.FullName(), b.FullName()), strings.Compare(a.ID, b.ID))
		})
		for _, c := range people {
			if !read[c.ID] {
				read[c.ID] = true
				found.People = append(found.People, c)
			}
		}
		if found.More = len(found.People) > namesRead; found.More {
			break
		}
	}
	found.Matching = min(len(found.People), namesRead)
	return found, nil
}

// byIndexOfNames keeps PostgreSQL to the index of names in this transaction. The planner
// does not know how many names have a word: where it thinks that many do it would read the
// table until it has found enough.
func (t *tx) byIndexOfNames(ctx context.Context) error {
	if t.dialect != expression.Postgres {
		return nil
	}
	_, err := t.exec(ctx, "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true)")
	return err
}

// namedQuery reads profiles whose names have the words, each as a whole or as the beginning
// of one, one more than are counted.
func (t *tx) namedQuery(words []string, whole bool) (query string, args []any) {
	arg := func(value any) string {
		args = append(args, value)
		return "$" + strconv.Itoa(len(args))
	}
	conditions, compared := []string{}, slices.Clone(words)
	sought := slices.DeleteFunc(slices.Clone(words), func(word string) bool { return !customers.SoughtInIndex(word) })
	if t.dialect == expression.Postgres {
		compared = slices.DeleteFunc(compared, customers.SoughtInIndex)
		conditions = append(conditions, hasWords, wordVector+" @@ CAST("+arg(vectorQuery(sought, whole))+" AS tsquery)")
	} else {
		// The longest is likely the word that the fewest have.
		longest := slices.MaxFunc(sought, func(a, b string) int { return cmp.Compare(utf8.RuneCountInString(a), utf8.RuneCountInString(b)) })
		until := longest
		if !whole {
			until += "\U0010FFFF"
		}
		conditions = append(conditions, "c.id IN (SELECT n.customer FROM name_words n WHERE n.word >= "+arg(longest)+" AND n.word <= "+arg(until)+")")
	}
	for _, word := range compared {
		word = " " + word
		if whole {
			word += " "
		}
		conditions = append(conditions, map[expression.Dialect]string{expression.SQLite: "instr", expression.Postgres: "strpos"}[t.dialect]+
			"("+allWords+", "+arg(word)+") > 0")
	}
	return "SELECT " + customerColumns + " FROM customers c WHERE " + strings.Join(conditions, " AND ") + " LIMIT " + strconv.Itoa(namesRead+1), args
}

// vectorQuery is PostgreSQL's tsquery of all words. Words hold letters and digits alone,
// nothing that would have to be quoted.
func vectorQuery(words []string, whole bool) string {
	var terms []string
	for _, word := range words {
		term := "'" + word + "'"
		if !whole {
			term += ":*"
		}
		terms = append(terms, term)
	}
	return strings.Join(terms, " & ")
}

// unpreparedFact is how far names of before an upgrade are taken in; "" where all are.
const unpreparedFact = "names to prepare"

// PrepareNames gives words to names that have none, and takes away those that have no
// name, of as many customers as limit says, and reports whether there may be more: names
// of before an upgrade, and those that an older program writes or removes beside this one.
// It goes on where it ended, past what the index holds of rows that are done.
func (s *Store) PrepareNames(ctx context.Context, limit int) (more bool, err error) {
	err = s.write(ctx, func(tx *tx) error {
		far, _, err := readFact(ctx, tx, unpreparedFact)
		if err != nil {
			return err
		}
		last, err := tx.prepareNames(ctx, strings.TrimPrefix(far, preparedPast), limit)
		if more = last != ""; err != nil || !more && far == "" {
			return err
		}
		if more {
			last = preparedPast + last
		}
		return setFact(ctx, tx, unpreparedFact, last)
	})
	if err != nil {
		return false, fmt.Errorf("prepare the names of customers: %w", err)
	}
	return more, nil
}

// preparedPast stands before the id of the last customer whose names are prepared.
const preparedPast = "past "

// prepareNames prepares names of customers after one, and returns the last of them; ""
// where these were all.
func (t *tx) prepareNames(ctx context.Context, after string, limit int) (last string, err error) {
	type named struct{ id, first, last string }
	people, err := list(ctx, t, func(r record) (n named, err error) {
		err = r.Scan(&n.id, orZero(&n.first), orZero(&n.last))
		return n, err
	}, "SELECT c.id, c.first_name, c.last_name FROM customers c WHERE "+wordless+" AND c.id > $1 ORDER BY c.id LIMIT "+strconv.Itoa(limit)+t.forNoKeyUpdate("c"), after)
	if err != nil || len(people) == 0 {
		return "", err
	}
	rows := newRows("id text, first_words text, last_words text").expect(len(people))
	for _, n := range people {
		rows.add(n.id, nullable(nameWords(n.first)), nullable(nameWords(n.last)))
	}
	_, err = t.execRows(ctx, rows, "UPDATE customers SET first_name_words = v.first_words, last_name_words = v.last_words FROM {rows} AS v WHERE customers.id = v.id")
	if len(people) < limit {
		return "", err
	}
	return people[limit-1].id, err
}
