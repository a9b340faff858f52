package recordings

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
	"golang.org/x/sync/singleflight"
)

// roleTimeout bounds one request to the service that knows a machine's role; it takes
// three at most to learn it.
const roleTimeout = 3 * time.Second

// role is who a machine is where no keys are configured. The service that knows is
// asked before the bucket is, in the caller's own time: the client would do so under a
// lock and heed no context. What it said is good for a fifth of its life more when it
// is asked anew, and so for as long as any call lasts.
type role struct {
	service *credentials.Credentials
	asking  singleflight.Group
	said    atomic.Pointer[credentials.Value]
}

func newRole() *role {
	return &role{service: credentials.New(&credentials.IAM{Client: &http.Client{Timeout: roleTimeout}})}
}

// known waits until the role is known, no longer than the context lasts. Who has keys
// asks nobody.
func (r *role) known(ctx context.Context) error {
	if r == nil {
		return nil
	}
	asked := r.asking.DoChan("", func() (any, error) {
		said, err := r.service.GetWithContext(nil)
		if err == nil {
			r.said.Store(&said)
		}
		return nil, err
	})
	select {
	case answer := <-asked:
		if answer.Err != nil {
			return fmt.Errorf("ask for the machine's role: %w", answer.Err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("ask for the machine's role: %w", ctx.Err())
	}
}

// Retrieve implements credentials.Provider with what was said last.
func (r *role) Retrieve() (credentials.Value, error) { return *r.said.Load(), nil }

// RetrieveWithCredContext implements credentials.Provider.
func (r *role) RetrieveWithCredContext(*credentials.CredContext) (credentials.Value, error) {
	return r.Retrieve()
}

// IsExpired implements credentials.Provider: what was said is looked at each time.
func (r *role) IsExpired() bool { return true }
