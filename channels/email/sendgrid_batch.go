package email

import (
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
func (s *mails) SendBatch(ctx context.Context, messages []channels.Message) []channels.Result {
	results := make([]channels.Result, len(messages))
	var all sync.WaitGroup
	for _, members := range s.batches(messages) {
		all.Go(func() { s.together(ctx, messages, members, results) })
	}
	all.Wait()
	return results
}

// batches sorts messages into requests, by their places. What is unfit to leave
// stands alone and is refused there.
func (s *mails) batches(messages []channels.Message) [][]int {
	var requests [][]int
	open := map[string]int{} // by shape
	for i, m := range messages {
		shape := ""
		if l, err := read(m, s.from, s.replyTo); err == nil && s.batch > 1 {
			shape = l.shape()
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
// together.
func (s *mails) together(ctx context.Context, messages []channels.Message, members []int, results []channels.Result) {
	if len(members) > 1 {
		receipt, err := s.sendTogether(ctx, messages, members)
		var refused *channels.Refused
		if !errors.As(err, &refused) || refused.Broken {
			for _, i := range members {
				results[i] = resultOf(messages[i], receipt, err)
			}
			return
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

func (s *mails) sendTogether(ctx context.Context, messages []channels.Message, members []int) (channels.Receipt, error) {
	letters := make([]letter, len(members))
	for n, i := range members {
		var err error
		if letters[n], err = read(messages[i], s.from, s.replyTo); err != nil {
			return channels.Receipt{}, err
		}
	}
	w, ok := weave(letters)
	if !ok {
		return channels.Receipt{}, errApart
	}
	request := frame(w.letter(letters[0]))
	for n, i := range members {
		to := envelope(letters[n])
		to.Substitutions = w.values[n]
		for name, value := range marks(messages[i]) {
			to.SetCustomArg(name, value)
		}
		for _, f := range letters[n].fields {
			to.SetHeader(f.name, f.value)
		}
		request.AddPersonalizations(to)
	}
	body, err := json.Marshal(request)
	if err != nil {
		return channels.Receipt{}, errApart
	}
	return s.post(ctx, body)
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
