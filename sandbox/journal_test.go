package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"rapport/channels"
)

func TestEveryLineIsWrittenBeforeItsAppendReturns(t *testing.T) {
	for _, durable := range []bool{false, true} {
		file := &ledgerFile{}
		j := newJournal(file, durable)
		var crowd errgroup.Group
		const n = 500
		for i := range n {
			crowd.Go(func() error {
				mark := fmt.Sprintf(`"delivery":%d,`, i+1)
				if err := j.append(Accepted{Channel: channels.Email, Delivery: int64(i + 1)}); err != nil {
					return err
				}
				file.mu.Lock()
				defer file.mu.Unlock()
				written := file.lines.Bytes()
				if durable {
					written = written[:file.synced]
				}
				if !bytes.Contains(written, []byte(mark)) {
					return fmt.Errorf("delivery %d is not written yet", i+1)
				}
				return nil
			})
		}
		if err := crowd.Wait(); err != nil {
			t.Errorf("durable %v: %v", durable, err)
		}
		if lines := bytes.Count(file.lines.Bytes(), []byte("\n")); lines != n {
			t.Errorf("durable %v: %d lines, want %d", durable, lines, n)
		}
		if (file.syncs > 0) != durable {
			t.Errorf("durable %v: %d syncs", durable, file.syncs)
		}
	}
}

func TestAMessageThatCannotBeLoggedIsNotAccepted(t *testing.T) {
	file := &ledgerFile{fail: errors.New("disk full")}
	h := build(t, func(o *Options) { o.Log = file })
	if answer, err := h.mail(letterTo("ada@customer.example", "<p>Hi</p>", 1)); statusOf(answer, err) != 500 {
		t.Errorf("an e-mail: got %v, %v, want 500", answer, err)
	}
	if _, err := h.text("+491511234567", "Hello"); err == nil {
		t.Error("a text was accepted")
	}
	h.playAll()
	if n := len(h.visits("/")); n != 0 {
		t.Errorf("%d callbacks for messages that were not accepted", n)
	}
}
