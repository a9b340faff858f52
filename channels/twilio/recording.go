package twilio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	"rapport/channels"
)

const (
	// fetchTimeout bounds the fetch of one recording, from dialling to its end.
	fetchTimeout = 5 * time.Minute
	// largestRecording, in bytes, is more than two hours of two voices.
	largestRecording = 256 << 20
)

// recordingSID is what Twilio calls a recording. The address to fetch it at is
// made of this name and our own account's: a callback's URL is never followed.
var recordingSID = regexp.MustCompile(`^RE[0-9A-Za-z]{8,64}$`)

// downloads fetches sound. No redirect is followed: what Twilio stores elsewhere
// is not its host.
var downloads = &http.Client{
	Timeout:       fetchTimeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport:     &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second, TLSHandshakeTimeout: 10 * time.Second},
}

// Recording opens the sound of a recording as WAV. The caller closes it. One that
// Twilio does not have (yet) is channels.ErrNoRecording.
func (c *Client) Recording(ctx context.Context, sid string) (sound io.ReadCloser, media string, err error) {
	sound, media, err = c.recording(ctx, http.MethodGet, sid, ".wav")
	if err != nil {
		return nil, "", err
	}
	return http.MaxBytesReader(nil, sound, largestRecording), media, nil
}

// DeleteRecording deletes a recording at Twilio. One that is gone is no error.
func (c *Client) DeleteRecording(ctx context.Context, sid string) error {
	body, _, err := c.recording(ctx, http.MethodDelete, sid, ".json")
	if errors.Is(err, channels.ErrNoRecording) {
		return nil
	}
	if err == nil {
		err = body.Close()
	}
	return err
}

func (c *Client) recording(ctx context.Context, method, sid, form string) (body io.ReadCloser, media string, err error) {
	if !recordingSID.MatchString(sid) {
		return nil, "", errors.New("twilio: that is no name of a recording")
	}
	target := c.base.JoinPath("2010-04-01", "Accounts", c.account, "Recordings", sid+form)
	req, err := http.NewRequestWithContext(ctx, method, target.String(), nil)
	if err != nil {
		return nil, "", errors.New("twilio: no request could be built")
	}
	req.SetBasicAuth(c.user, c.password)
	req.Header.Set("User-Agent", "rapport")
	answer, err := downloads.Do(req)
	if err != nil {
		return nil, "", channels.Cause(err)
	}
	switch answer.StatusCode {
	case http.StatusOK, http.StatusNoContent:
		return answer.Body, answer.Header.Get("Content-Type"), nil
	case http.StatusNotFound, http.StatusGone:
		err = channels.ErrNoRecording
	default:
		err = fmt.Errorf("twilio answered %d", answer.StatusCode)
	}
	return nil, "", errors.Join(err, answer.Body.Close())
}
