package email

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"

	sendgrid "github.com/sendgrid/sendgrid-go/helpers/mail"

	"rapport/channels"
)

const (
	// largestBatch is how many recipients SendGrid takes in a request.
	largestBatch = 1000
	usualBatch   = 100
)

// SendBatch hands over messages, those that have enough in common in one request.
// Each recipient is an envelope of their own and sees nobody else. What cannot be
// known of a request cannot be known of any message in it; a request that is
// refused as a whole is taken apart, so that one bad message does not fail the
// others.
func (s *mails) SendBatch(ctx context.Context, late <-chan struct{}, messages []channels.Message) []channels.Result {
	results := make([]channels.Result, len(messages))
	drafts := make([]*draft, len(messages)) // nil where a message leaves by itself
	var all sync.WaitGroup
	for _, members := range s.batches(messages, drafts) {
		all.Go(func() { s.together(ctx, late, messages, drafts, members, results) })
	}
	all.Wait()
	return results
}

// batches sorts messages into requests, by their places. What is unfit to leave
// stands alone and is refused there.
func (s *mails) batches(messages []channels.Message, drafts []*draft) [][]int {
	var requests [][]int
	open := map[string]int{} // by shape
	for i, m := range messages {
		shape := ""
		if s.batch > 1 {
			if l, err := read(m, s.from, s.replyTo); err == nil {
				d := drafted(l, m)
				drafts[i], shape = &d, d.shape()
			}
		}
		at, begun := open[shape]
		if shape == "" || !begun || len(requests[at]) == s.batch {
			open[shape] = len(requests)
			requests = append(requests, []int{i})
			continue
		}
		requests[at] = append(requests[at], i)
	}
	return requests
}

// together sends messages in one request, or each by itself where they do not go
// together and there is time left.
func (s *mails) together(ctx context.Context, late <-chan struct{}, messages []channels.Message, drafts []*draft, members []int, results []channels.Result) {
	if len(members) > 1 {
		letters := make([]*draft, len(members))
		for n, i := range members {
			letters[n] = drafts[i]
		}
		receipt, err := s.sendTogether(ctx, letters)
		var refused *channels.Refused
		if !errors.As(err, &refused) || refused.Broken {
			for _, i := range members {
				results[i] = resultOf(messages[i], receipt, err)
			}
			return
		}
		select {
		case <-late:
			err := &channels.NotSent{Own: true, Err: fmt.Errorf("it took too long to try each by itself: %w", err)}
			for _, i := range members {
				results[i] = resultOf(messages[i], channels.Receipt{}, err)
			}
			return
		default:
		}
	}
	var all sync.WaitGroup
	for _, i := range members {
		all.Go(func() { results[i].Receipt, results[i].Err = s.Send(ctx, messages[i]) })
	}
	all.Wait()
}

func resultOf(m channels.Message, receipt channels.Receipt, err error) channels.Result {
	if err != nil {
		return channels.Result{Err: fmt.Errorf("send e-mail of delivery %d with others: %w", m.Delivery, err)}
	}
	return channels.Result{Receipt: receipt}
}

// errApart says that messages must be sent one by one.
var errApart = &channels.Refused{Reason: channels.ReasonRejected, Err: errors.New("the messages have too little in common")}

func (s *mails) sendTogether(ctx context.Context, letters []*draft) (channels.Receipt, error) {
	w, ok := weave(letters)
	if !ok {
		return channels.Receipt{}, errApart
	}
	request := frame(w.letter(letters[0].letter))
	for n, l := range letters {
		to := envelope(l.letter)
		for at, mark := range w.marks {
			to.SetSubstitution(mark, w.values[n][at])
		}
		for name, value := range marks(l.message) {
			to.SetCustomArg(name, value)
		}
		for _, f := range l.fields {
			to.SetHeader(f.name, f.value)
		}
		request.AddPersonalizations(to)
	}
	body, err := encoded(request)
	if err != nil {
		return channels.Receipt{}, errApart
	}
	return s.post(ctx, body)
}

// encoded writes a request. Signs that would only matter inside of HTML stay as they
// are: a letter is full of them.
func encoded(request *sendgrid.SGMailV3) ([]byte, error) {
	var out bytes.Buffer
	for _, content := range request.Content {
		out.Grow(len(content.Value) + len(content.Value)/8 + 1<<10)
	}
	writer := json.NewEncoder(&out)
	writer.SetEscapeHTML(false)
	err := writer.Encode(request)
	return out.Bytes(), err
}

// envelope is one recipient of a request.
func envelope(l letter) *sendgrid.Personalization {
	to := sendgrid.NewPersonalization()
	to.AddTos(sendgrid.NewEmail(l.to.Name, l.to.Address))
	return to
}

// marks come back with every event about a message.
func marks(m channels.Message) map[string]string {
	return map[string]string{"delivery": strconv.FormatInt(m.Delivery, 10), "attempt": strconv.Itoa(m.Attempt)}
}
