package store

import (
	"errors"
	"testing"
	"time"

	"rapport/accounts"
	"rapport/deliveries"
)

// Whoever was kept out or signed out since the backup has an open session in it.
func TestGoingOnFromABackupSignsEverybodyOut(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		now := time.UnixMilli(1_700_000_000_000).UTC()
		staff := s.Accounts()
		if err := staff.Add(t.Context(), accounts.Account{Name: "ada", Role: accounts.Operator, Password: "hash", CreatedAt: now}); err != nil {
			t.Fatal(err)
		}
		if err := staff.Begin(t.Context(), accounts.Session{Digest: "d", Account: "ada", Began: now, SeenAt: now}); err != nil {
			t.Fatal(err)
		}
		for _, dry := range []bool{true, false} {
			if _, err := s.Restored(t.Context(), deliveries.Gap{BackupOf: now.Add(-time.Hour), Until: now}, dry); err != nil {
				t.Fatal(err)
			}
			if _, _, err := staff.Session(t.Context(), "d"); errors.Is(err, accounts.ErrUnknown) == dry {
				t.Errorf("only tried: %t; then the session gives %v", dry, err)
			}
		}
	})
}
