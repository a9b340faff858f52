package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"rapport/channels"
)

// Accepted is one line of the log: a message the sandbox took, whatever its
// sender was told. What is not known of a channel is left out.
type Accepted struct {
	At         time.Time        `json:"at"`
	Channel    channels.Channel `json:"channel"`
	ProviderID string           `json:"provider_id"`
	// Delivery is custom_args.delivery of an e-mail; elsewhere Token tells.
	Delivery int64  `json:"delivery,omitempty"`
	To       string `json:"to"` // for push the endpoint
	Subject  string `json:"subject,omitempty"`
	// Body is the beginning of the SHA-256 of the content, in hexadecimal.
	Body     string `json:"body,omitempty"`
	Segments int    `json:"segments,omitempty"`
	// StatusURL is where Twilio's callbacks go and Token its last segment; for
	// push Token is the one in the payload, which only its browser can read.
	StatusURL string `json:"status_url,omitempty"`
	Token     string `json:"token,omitempty"`
	// Fault is what happened to the answer.
	Fault FaultKind `json:"fault,omitempty"`
}

// journal appends lines in groups: whoever finds nobody writing writes for all
// who wait. A line is with the operating system when append returns, so that
// only the machine's own fall loses it, and with Sync not even that.
type journal struct {
	out  io.Writer
	sync func() error

	mu      sync.Mutex
	done    *sync.Cond
	pending []byte
	spare   []byte
	filling uint64 // the group new lines join
	written uint64 // the group that was written last
	writing bool
	err     error
}

func newJournal(out io.Writer, durable bool) *journal {
	j := &journal{out: out, filling: 1}
	if syncer, can := out.(interface{ Sync() error }); durable && can {
		j.sync = syncer.Sync
	}
	j.done = sync.NewCond(&j.mu)
	return j
}

// append returns when the lines are written. After one failed write the journal
// takes nothing more: a truth with a gap is none.
func (j *journal) append(lines ...Accepted) error {
	if j.out == nil {
		return nil
	}
	var text []byte
	for _, line := range lines {
		encoded, err := json.Marshal(line)
		if err != nil {
			return fmt.Errorf("encode a line of the log: %w", err)
		}
		text = append(append(text, encoded...), '\n')
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pending = append(j.pending, text...)
	mine := j.filling
	for j.written < mine && j.err == nil {
		if j.writing {
			j.done.Wait()
			continue
		}
		j.flush()
	}
	return j.err
}

// flush writes the group that is filling. It is called, and returns, with the
// lock held.
func (j *journal) flush() {
	group, lines := j.filling, j.pending
	j.pending, j.spare = j.spare[:0], nil
	j.filling++
	j.writing = true
	j.mu.Unlock()
	_, err := j.out.Write(lines)
	if err == nil && j.sync != nil {
		err = j.sync()
	}
	j.mu.Lock()
	if err != nil {
		j.err = fmt.Errorf("write the log: %w", err)
	}
	j.written, j.spare, j.writing = group, lines, false
	j.done.Broadcast()
}
