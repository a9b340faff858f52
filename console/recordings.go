package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rapport/customers"
	"rapport/recordings"
)

// recording lets somebody listen: all of it, or the part that a player asks for.
// It has no address of its own outside the console, and no browser keeps it.
func (c *Console) recording(w http.ResponseWriter, r *visit) error {
	gone := &complaint{status: http.StatusNotFound, why: "There is no such recording, or it has been deleted."}
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || c.Vault == nil {
		return gone
	}
	found, err := c.Shelf.Recording(r.Context(), id)
	if errors.Is(err, recordings.ErrUnknown) || err == nil && !found.Playable() {
		return gone
	}
	if err != nil {
		return err
	}
	sound, err := c.Vault.Open(r.Context(), found.Key())
	if errors.Is(err, recordings.ErrUnknown) {
		return gone
	}
	if err != nil {
		return err
	}
	defer func() { _ = sound.Close() }()
	w.Header().Set("Content-Type", mediaType(found.Media))
	c.Log.Info("a recording is listened to", "recording", id)
	mayTake(w, longestListening)
	http.ServeContent(w, r.Request, "", found.At, sound)
	return nil
}

// longestListening is how long a recording may take to reach who listens: browsers
// fetch it as it is played.
const longestListening = 2 * time.Hour

// mediaType is what the provider called the sound, where that is one: anything
// else must not become a page of ours.
func mediaType(told string) string {
	if strings.HasPrefix(told, "audio/") {
		return told
	}
	return "application/octet-stream"
}

// recordingsOf are a case's recordings.
func (c *Console) recordingsOf(ctx context.Context, of customers.Case) ([]recordings.Recording, error) {
	if c.Shelf == nil {
		return nil, nil
	}
	all, err := c.Shelf.OfCases(ctx, []int64{of.ID})
	return all[of.ID], err
}

// recordingsBy are a customer's.
func (c *Console) recordingsBy(ctx context.Context, customer string) ([]recordings.Recording, error) {
	if c.Shelf == nil {
		return nil, nil
	}
	return c.Shelf.OfCustomer(ctx, customer)
}
