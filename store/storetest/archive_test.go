package storetest

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/store"
)

func keep(t *testing.T, s *store.Store, digest string, files map[string][]byte, stamps ...campaigns.Stamp) int64 {
	t.Helper()
	version, err := s.Archive().Keep(t.Context(), files, digest, stamps, noon)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

func stamp(campaign, digest string) campaigns.Stamp {
	return campaigns.Stamp{Campaign: campaign, Digest: digest, State: campaigns.Live}
}

func TestTheArchiveKeepsWorkspacesWhole(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		if _, err := s.Archive().Current(t.Context()); !errors.Is(err, campaigns.ErrNoWorkspace) {
			t.Errorf("before the first: %v", err)
		}
		if latest, _, err := s.Archive().Latest(t.Context()); err != nil || latest != 0 {
			t.Errorf("before the first: %d, %v", latest, err)
		}
		files := map[string][]byte{"rapport.yaml": []byte("workspace: shop\n"), "templates/push/icon.png": {0, 255, 10}, "tests/empty.yaml": {}}
		version := keep(t, s, "d1", files, stamp("welcome", "w1"))
		current, err := s.Archive().Current(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		same(t, "current", current, campaigns.Applied{Version: version, Digest: "d1", Files: files, Versions: map[string]int{"welcome": 1}})
		if latest, _, err := s.Archive().Latest(t.Context()); err != nil || latest != version {
			t.Errorf("latest is %d, %v; want %d", latest, err, version)
		}
		if again := keep(t, s, "d1", files, stamp("welcome", "w1")); again != version {
			t.Errorf("the same files are version %d and %d", version, again)
		}
	})
}

func TestACampaignThatChangedGetsItsNextVersion(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		file := func(text string) map[string][]byte { return map[string][]byte{"a.yaml": []byte(text)} }
		first := keep(t, s, "d1", file("1"), stamp("welcome", "w1"), stamp("weekly", "k1"))
		keep(t, s, "d2", file("2"), stamp("welcome", "w2"), stamp("weekly", "k1"), stamp("once", "o1"))
		back := keep(t, s, "d1", file("1"), stamp("welcome", "w1"), stamp("weekly", "k1"))
		if back == first {
			t.Error("going back to earlier files was not applied")
		}
		current, err := s.Archive().Current(t.Context())
		if err != nil || current.Version != back {
			t.Fatalf("current is %d, %v", current.Version, err)
		}
		same(t, "versions", current.Versions, map[string]int{"welcome": 3, "weekly": 1, "once": 1})
		for _, c := range []struct {
			campaign string
			version  int
			file     string
			versions map[string]int
		}{
			{"welcome", 1, "1", map[string]int{"welcome": 1, "weekly": 1}},
			{"welcome", 2, "2", map[string]int{"welcome": 2, "weekly": 1, "once": 1}},
			{"welcome", 3, "1", map[string]int{"welcome": 3, "weekly": 1, "once": 1}},
			{"weekly", 1, "1", map[string]int{"welcome": 1, "weekly": 1}},
		} {
			at, err := s.Archive().At(t.Context(), c.campaign, c.version)
			if err != nil || string(at.Files["a.yaml"]) != c.file {
				t.Errorf("%s %d: %q, %v", c.campaign, c.version, at.Files["a.yaml"], err)
			}
			same(t, "versions", at.Versions, c.versions)
		}
		if _, err := s.Archive().At(t.Context(), "welcome", 4); !errors.Is(err, campaigns.ErrNoWorkspace) {
			t.Errorf("a version that never was: %v", err)
		}
	})
}

func TestApplyingAtTheSameTimeKeepsOne(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		versions := make([]int64, 6)
		together(t, len(versions), func(i int) (err error) {
			versions[i], err = s.Archive().Keep(t.Context(), map[string][]byte{"a": {1}}, "d1", []campaigns.Stamp{stamp("welcome", "w1")}, noon)
			return err
		})
		for _, v := range versions {
			if v != versions[0] {
				t.Fatalf("the same files are versions %v", versions)
			}
		}
	})
}

// A broadcast's occurrences count from when it was applied live, not from when
// somebody looked, and from its next such time once it was anything else, ran at
// other times or was not there.
func TestABroadcastCountsFromItsApply(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		at := noon
		for i, c := range []struct {
			schedule string // "gone": there is none
			state    campaigns.State
			want     string
		}{
			{"cron 0 14 * * *", campaigns.Draft, ""},
			{"cron 0 14 * * *", campaigns.Live, campaigns.CountsFrom(noon.Add(2 * time.Hour))},
			{"cron 0 14 * * *", campaigns.Live, campaigns.CountsFrom(noon.Add(2 * time.Hour))},
			{"cron 0 14 * * *", campaigns.Draft, ""},
			{"cron 0 14 * * *", campaigns.Live, noon.Add(5 * time.Hour).Format(time.RFC3339Nano)}, // it goes on
			{"cron 0 15 * * *", campaigns.Live, campaigns.CountsFrom(noon.Add(6 * time.Hour))},
			{"gone", "", ""},
			{"cron 0 15 * * *", campaigns.Live, campaigns.CountsFrom(noon.Add(8 * time.Hour))},
		} {
			at = at.Add(time.Hour)
			digest := strconv.Itoa(i)
			stamps := []campaigns.Stamp{stamp("welcome", digest)}
			if c.schedule != "gone" {
				stamps = append(stamps, campaigns.Stamp{Campaign: "weekly", Digest: digest, State: c.state, Schedule: c.schedule})
			}
			if _, err := s.Archive().Keep(t.Context(), nil, digest, stamps, at); err != nil {
				t.Fatal(err)
			}
			if fact, err := s.Fact(t.Context(), campaigns.ScheduledSince("weekly")); err != nil || fact != c.want {
				t.Errorf("apply %d, %s %s: occurrences count since %q, %v; want %q", i+1, c.state, c.schedule, fact, err, c.want)
			}
		}
		if fact, err := s.Fact(t.Context(), campaigns.ScheduledSince("welcome")); err != nil || fact != "" {
			t.Errorf("what is no broadcast counts since %q, %v", fact, err)
		}
	})
}
