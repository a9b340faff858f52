package customers

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Access tells people what is kept about them (GDPR Articles 15 and 20).
type Access interface {
	// Kept hands out everything that is kept about a customer, as of one moment: part by
	// part, each row of a part as a JSON object, none held for longer than it is handed
	// over. What is only named by the id, without a profile, is handed out too; ErrUnknown
	// when nothing names it.
	Kept(ctx context.Context, id string, hand func(part string, row []byte) error) error
	// Twins are other profiles that have a customer's mailbox or number. They may be the
	// same person, or another one of the same household.
	Twins(ctx context.Context, id string) ([]string, error)
}

// WriteKept writes what is kept about customers as one JSON document. It writes as it
// reads: what is there after an error is not whole, and no JSON.
func WriteKept(ctx context.Context, to io.Writer, from Access, now time.Time, ids ...string) error {
	w := bufio.NewWriter(to)
	fmt.Fprintf(w, "{\"exported_at\": %s, \"profiles\": [", quoted(now.UTC().Format(time.RFC3339)))
	for n, id := range ids {
		if n > 0 {
			fmt.Fprint(w, ",")
		}
		fmt.Fprintf(w, "\n{\"customer\": %s", quoted(id))
		part := ""
		err := from.Kept(ctx, id, func(of string, row []byte) error {
			switch part {
			case of:
				fmt.Fprint(w, ",")
			case "":
				fmt.Fprintf(w, ",\n%s: [", quoted(of))
			default:
				fmt.Fprintf(w, "],\n%s: [", quoted(of))
			}
			part = of
			fmt.Fprint(w, "\n  ")
			_, err := w.Write(row) // tells of all that was written before it
			return err
		})
		if err != nil {
			return err
		}
		fmt.Fprint(w, "]}")
	}
	fmt.Fprint(w, "]}\n")
	return w.Flush()
}

func quoted(text string) string {
	raw, _ := json.Marshal(text) // a text is always JSON
	return string(raw)
}
