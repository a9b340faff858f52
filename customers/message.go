package customers

import (
	"context"
	"time"
)

// Message is one thing that a shop says: who somebody is, what they ordered, what
// happened.
type Message struct {
	// Key tells it from every other. Without one it is as new as its event, and
	// without an event always.
	Key string
	// Person is whom it is about, and what it says of them; at least their id.
	Person Customer
	Order  *Order // its customer is the person
	Event  *Event // of the person
	// Visitor has turned out to be the person, to whom their browsers go, and what they
	// agreed to by push where the person has said nothing; may be empty.
	Visitor string
}

// MessageKeys is how long the key of a message is remembered that says who somebody
// is or what they ordered. Events are known by theirs for good.
const MessageKeys = 30 * 24 * time.Hour

// Messages takes in what a shop says.
type Messages interface {
	// Take makes messages durable, all or none, the later word over the earlier. One
	// that was taken before changes nothing, whatever was said since. Of somebody who
	// was not known everything is new, but for events. It tells how many were taken before.
	Take(ctx context.Context, now time.Time, messages []Message) (repeated int, err error)
	// TakePast is Take of what is over: of people who are known it fills in what is
	// empty, and of orders it adds those that are not known, and how they ended.
	TakePast(ctx context.Context, now time.Time, messages []Message) (repeated int, err error)
}
