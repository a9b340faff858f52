package accounts

import (
	"context"
	"time"
)

// Deed is something somebody did, or was refused, in the console.
type Deed struct {
	At      time.Time `json:"at"`
	Account string    `json:"account"`
	// What is the kind of thing: "opened", "replied in", "signed in", "was refused at the door".
	What string `json:"what"`
	// About is what it was done to, such as "customer c-1", "case 12", "campaign welcome".
	About string `json:"about,omitempty"`
}

// Audit keeps deeds. None is ever changed or taken out.
type Audit interface {
	Note(ctx context.Context, d Deed) error
	// Deeds lists the latest, newest first: of one account, or about one thing, where
	// these are not "".
	Deeds(ctx context.Context, account, about string, limit int) ([]Deed, error)
}
