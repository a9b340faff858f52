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
//
// A request is written as soon as it is full, so that no more letters lie here in
// pieces than one request has of each shape.
func (s *mails) SendBatch(ctx context.Context, late <-chan struct{}, messages []channels.Message) []channels.Result {
	o := &outgoing{mails: s, late: late, messages: messages, results: make([]channels.Result, len(messages)), open: map[string]int{}}
	for place := range messages {
		o.add(ctx, place)
	}
	for _, letters := range o.requests {
		o.leave(ctx, letters)
	}
	o.requests = nil
	o.each(ctx, o.single)
	o.all.Wait()
	return o.results
}

// outgoing is a batch on its way out.
type outgoing struct {
	*mails
	late     <-chan struct{} // then no letter begins any more
	messages []channels.Message
	results  []channels.Result
	requests [][]*draft     // not full yet
	open     map[string]int // their places, by shape
	single   []int          // messages that leave each by itself
	all      sync.WaitGroup
}

// add puts a message with others of its shape. What is unfit to leave stands alone
// and is refused there.
func (o *outgoing) add(ctx context.Context, place int) {
	var d *draft
	var shape string
	err := channels.Recovered(func() error {
		l, err := read(o.messages[place], o.from, o.replyTo)
		if err == nil && o.batch > 1 {
			d = drafts.Get().(*draft)
			d.begin(l, place)
			shape = d.shape()
		}
		return err
	})
	if o.batch == 1 || err != nil {
		o.single = append(o.single, place)
		return
	}
	at, begun := o.open[shape]
	if !begun {
		at, o.requests = len(o.requests), append(o.requests, nil)
		o.open[shape] = at
	}
	if o.requests[at] = append(o.requests[at], d); len(o.requests[at]) == o.batch {
		o.leave(ctx, o.requests[at])
		o.requests[at] = o.requests[at][:0]
	}
}

// leave sends letters in one request, or keeps them to leave each by itself where they
// do not go together.
func (o *outgoing) leave(ctx context.Context, letters []*draft) {
	members := make([]int, len(letters))
	for n, l := range letters {
		members[n] = l.place
	}
	body, ok := []byte(nil), false
	if len(letters) > 1 {
		_ = channels.Recovered(func() error { // else each shows by itself which it is
			body, ok = o.together(letters)
			return nil
		})
	}
	for _, l := range letters {
		l.end()
	}
	if !ok {
		o.single = append(o.single, members...)
		return
	}
	o.all.Go(func() {
		var receipt channels.Receipt
		err := channels.Recovered(func() (err error) {
			receipt, err = o.post(ctx, body)
			return err
		})
		var refused *channels.Refused
		if errors.As(err, &refused) && !refused.Broken {
			if !channels.IsLate(o.late) {
				o.each(ctx, members)
				return
			}
			receipt, err = channels.Receipt{}, &channels.NotSent{Own: true, Err: fmt.Errorf("it took too long to try each by itself: %w", err)}
		}
		for _, place := range members {
			o.results[place] = resultOf(o.messages[place], receipt, err)
		}
	})
}

// each sends messages by themselves, as far as there is time left.
func (o *outgoing) each(ctx context.Context, places []int) {
	results := channels.Abreast(o.late, len(places), func(i int) (channels.Receipt, error) { return o.Send(ctx, o.messages[places[i]]) })
	for i, place := range places {
		o.results[place] = results[i]
	}
}

func resultOf(m channels.Message, receipt channels.Receipt, err error) channels.Result {
	if err != nil {
		return channels.Result{Err: fmt.Errorf("send e-mail of delivery %d with others: %w", m.Delivery, err)}
	}
	return channels.Result{Receipt: receipt}
}

// together writes letters as one request. ok is false where they have too little in
// common.
func (o *outgoing) together(letters []*draft) (body []byte, ok bool) {
	w, ok := weave(letters)
	if !ok {
		return nil, false
	}
	request := frame(w.letter(letters[0].letter))
	for n, l := range letters {
		to := envelope(l.letter)
		for at, mark := range w.marks {
			to.SetSubstitution(mark, w.values[n][at])
		}
		for name, value := range marks(o.messages[l.place]) {
			to.SetCustomArg(name, value)
		}
		for _, f := range l.fields {
			to.SetHeader(f.name, f.value)
		}
		request.AddPersonalizations(to)
	}
	body, err := encoded(request)
	return body, err == nil
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
