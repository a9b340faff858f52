package domain

// Level is how bad a finding is.
type Level string

// Levels of findings.
const (
	OK   Level = "ok"
	Warn Level = "warn" // mail leaves, and some of it may be taken for spam
	Fail Level = "fail" // mail is refused or lost by receivers that look
)

// Finding is what one check found.
type Finding struct {
	// Check is what was looked at: SPF, DKIM, DMARC, MX, link.
	Check string `json:"check"`
	Level Level  `json:"level"`
	What  string `json:"what"`
	// Mend says what to do about it; empty where nothing is.
	Mend string `json:"mend,omitempty"`
	// Record is what to write into DNS, where that mends it.
	Record *Record `json:"record,omitempty"`
}

// Record is a resource record to paste.
type Record struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Value string `json:"value"`
}

func txt(name, value string) *Record { return &Record{name, "TXT", value} }
