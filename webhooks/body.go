package webhooks

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strings"
)

// decode reads a JSON body of limited size, gzip or plain, whatever its
// Content-Type says: clients are careless with it. Where it says no it has
// answered already.
func decode(w http.ResponseWriter, r *http.Request, limit int64, into any) bool {
	raw, err := unzipped(http.MaxBytesReader(w, r.Body, limit), r.Header.Get("Content-Encoding"), limit)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		refuse(w, http.StatusBadRequest, fmt.Sprintf("the body is too large; at most %d KiB are taken", limit>>10))
		return false
	case errors.Is(err, errSlow):
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return false
	case err != nil:
		refuse(w, http.StatusBadRequest, err.Error())
		return false
	}
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	if wrong := noJSON(raw); wrong != "" {
		refuse(w, http.StatusBadRequest, wrong)
		return false
	}
	if err := json.Unmarshal(raw, into); err != nil {
		refuse(w, http.StatusBadRequest, "the body is not the JSON expected here: "+place(err))
		return false
	}
	return true
}

// formBegins is how a form's body begins, in both of its encodings.
var formBegins = regexp.MustCompile(`^(--|[A-Za-z0-9_.%+\[\]-]+=)`)

// noJSON says what a body is that was plainly never meant for JSON, and the mend; ""
// where it may be JSON.
func noJSON(raw []byte) string {
	switch {
	case len(bytes.TrimSpace(raw)) == 0:
		return "the body is empty"
	case bytes.HasPrefix(raw, []byte("\x1f\x8b")):
		return "the body is gzip; say so with Content-Encoding: gzip"
	case bytes.HasPrefix(raw, []byte("\xff\xfe")), bytes.HasPrefix(raw, []byte("\xfe\xff")):
		return "the body is in UTF-16; send UTF-8"
	case formBegins.Match(raw):
		return "the body is a form; send JSON"
	}
	return ""
}

// errSlow is no mistake of the sender's, who is to come again.
var errSlow = errors.New("the body took too long to come; send it again")

// unzipped reads a body; the limit holds before and after it is unzipped. A
// *http.MaxBytesError says that it is beyond, errSlow that the time for it is over.
func unzipped(body io.Reader, encoding string, limit int64) ([]byte, error) {
	var large *http.MaxBytesError
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
	case "gzip", "x-gzip": // RFC 9110 §8.4.1.3
		zip, err := gzip.NewReader(body)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, errSlow
		case err != nil:
			return nil, errors.New("the body is not gzip, as its header says")
		}
		body = zip
	default:
		return nil, errors.New("the body's encoding is neither gzip nor identity")
	}
	raw, err := io.ReadAll(io.LimitReader(body, limit+1))
	switch {
	case errors.As(err, &large):
		return nil, large
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, errSlow
	case err != nil:
		return nil, errors.New("the body broke off")
	case int64(len(raw)) > limit:
		return nil, &http.MaxBytesError{Limit: limit}
	}
	return raw, nil
}

// place says where JSON is wrong, without repeating what it holds.
func place(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("it breaks at byte %d", syntax.Offset)
	case errors.As(err, &kind):
		found, _, _ := strings.Cut(kind.Value, " ") // "number 815"
		mend := ""
		if kind.Type.Kind() == reflect.String && (found == "number" || found == "bool") {
			mend = "; write it in quotes"
		}
		return fmt.Sprintf("%s cannot be of type %s%s", cmp.Or(kind.Field, "it"), found, mend)
	}
	return "it cannot be read"
}
