package call

import (
	"context"
	"fmt"
	"io"
)

// Recording implements channels.Recorder.
func (s *calls) Recording(ctx context.Context, name string) (sound io.ReadCloser, media string, err error) {
	if sound, media, err = s.client.Recording(ctx, name); err != nil {
		return nil, "", fmt.Errorf("fetch a recording: %w", err)
	}
	return sound, media, nil
}

// DeleteRecording implements channels.Recorder.
func (s *calls) DeleteRecording(ctx context.Context, name string) error {
	if err := s.client.DeleteRecording(ctx, name); err != nil {
		return fmt.Errorf("delete a recording: %w", err)
	}
	return nil
}
