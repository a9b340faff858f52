package twilio

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// PageSize is how many resources one look at a customer's messages or calls
// reads; Twilio lists the newest first.
const PageSize = 100

// skew is how far Twilio's clock, which counts whole seconds, may lag ours.
const skew = 30 * time.Second

// number is an E.164 number.
var number = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// IsNumber reports whether s is an E.164 number.
func IsNumber(s string) bool { return number.MatchString(s) }

// Resource is a message or a call as Twilio lists it.
type Resource struct {
	SID, Direction, Created string
}

// Only gives the one resource that we created at or after since, and whether
// there is one. It is an error when there are several or the list ended too
// early to tell. more says that Twilio holds further ones.
func Only(resources []Resource, more bool, since time.Time) (Resource, bool, error) {
	var found []Resource
	reached := !more
	for _, r := range resources {
		created, err := time.Parse(time.RFC1123Z, r.Created)
		if err != nil {
			return Resource{}, false, errors.New("twilio listed something without its time")
		}
		switch {
		case created.Before(since.Add(-skew)):
			reached = true
		case r.Direction == "outbound-api":
			found = append(found, r)
		}
	}
	switch {
	case len(found) > 1:
		return Resource{}, false, fmt.Errorf("twilio has %d that could be the one", len(found))
	case !reached:
		return Resource{}, false, fmt.Errorf("twilio's first %d do not go back far enough", len(resources))
	case len(found) == 0:
		return Resource{}, false, nil
	}
	return found[0], true, nil
}

// Text is the string a field of the library points to.
func Text(field *string) string {
	if field == nil {
		return ""
	}
	return *field
}
