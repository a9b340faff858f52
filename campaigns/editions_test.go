package campaigns

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

// applied is an archive in which the campaign welcome has as many versions as there are
// workspaces.
type applied struct {
	Archive
	workspaces []map[string][]byte
	reads      int // of a whole workspace
}

func (a *applied) Latest(context.Context) (int64, []string, error) {
	return int64(len(a.workspaces)), nil, nil
}

func (a *applied) Current(ctx context.Context) (Applied, error) {
	return a.At(ctx, "welcome", len(a.workspaces))
}

func (a *applied) At(_ context.Context, campaign string, version int) (Applied, error) {
	a.reads++
	return Applied{Version: int64(version), Files: a.workspaces[version-1], Versions: map[string]int{campaign: version}}, nil
}

// apply puts the sound workspace in force with something added to its files.
func (a *applied) apply(t *testing.T, more map[string]string) {
	files := folderOf(t, "testdata/sound")
	for file, text := range more {
		files[file] = append(files[file], text...)
	}
	a.workspaces = append(a.workspaces, files)
}

// What is applied again and again does not fill the memory, and journeys of each
// version go on.
func TestFewEditionsAreKept(t *testing.T) {
	archive := &applied{}
	catalog := &Catalog{Archive: archive}
	const many = 3 * editionsKept
	for n := range many {
		archive.apply(t, map[string]string{"rapport.yaml": fmt.Sprintf("\n# edit %d\n", n)})
		if _, err := catalog.Current(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	inForce, err := catalog.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		for version := 1; version <= many; version++ {
			edition, err := catalog.Edition(t.Context(), "welcome", version)
			if err != nil || edition.Number != int64(version) || edition.Campaigns["welcome"].Version != version {
				t.Fatalf("version %d: %v, %v", version, edition, err)
			}
			if edition.Templates != inForce.Templates {
				t.Fatalf("round %d: the same templates are compiled for version %d again", round, version)
			}
		}
	}
	if kept, placed := len(catalog.editions.kept), len(catalog.editions.placed); kept != editionsKept+1 || placed > kept {
		t.Errorf("%d workspaces are kept for %d versions, want %d besides the one in force", kept, placed, editionsKept)
	}
	before := archive.reads
	if again, err := catalog.Current(t.Context()); err != nil || again != inForce {
		t.Errorf("the workspace in force was parsed again: %v", err)
	}
	if _, err := catalog.Edition(t.Context(), "welcome", many-1); err != nil || archive.reads != before {
		t.Errorf("what was needed last was read again: %v", err)
	}
}

// Templates are those of another workspace only where each file is the same.
func TestOtherTemplatesAreCompiled(t *testing.T) {
	archive := &applied{}
	catalog := &Catalog{Archive: archive}
	for _, text := range []string{"one", "two"} {
		archive.apply(t, map[string]string{"templates/email/another.liquid": "---\nsubject: Hi\nformat: markdown\n---\n" + text + "\n"})
	}
	archive.apply(t, nil)
	libraries := map[any]bool{}
	for version := 1; version <= 3; version++ {
		edition, err := catalog.Edition(t.Context(), "welcome", version)
		if err != nil {
			t.Fatal(err)
		}
		libraries[edition.Templates] = true
	}
	if len(libraries) != 3 {
		t.Errorf("%d libraries, want three", len(libraries))
	}
}

// A workspace that no longer validates is not parsed for every task anew.
func TestWhyAWorkspaceCannotBeReadIsRemembered(t *testing.T) {
	archive := &applied{}
	archive.apply(t, map[string]string{"campaigns/broken.yaml": "campaign: broken\nno such key: 1\n"})
	catalog := &Catalog{Archive: archive}
	_, first := catalog.Current(t.Context())
	_, second := catalog.Current(t.Context())
	_, third := catalog.Edition(t.Context(), "welcome", 1)
	_, fourth := catalog.Edition(t.Context(), "welcome", 1)
	if !errors.Is(first, ErrStale) || second != first || third != first || fourth != first { //nolint:errorlint // the very same
		t.Errorf("%v; %v; %v; %v", first, second, third, fourth)
	}
	if archive.reads > 2 {
		t.Errorf("it was read %d times", archive.reads)
	}
}

// While one workspace is parsed the others are used.
func TestNobodyWaitsForTheParsingOfAnotherEdition(t *testing.T) {
	archive := &applied{}
	archive.apply(t, nil)
	catalog := &Catalog{Archive: archive}
	if _, err := catalog.Edition(t.Context(), "welcome", 1); err != nil {
		t.Fatal(err)
	}
	archive.apply(t, map[string]string{"rapport.yaml": "\n# an edit\n"})
	begun, parsed, others := make(chan struct{}), make(chan struct{}), make(chan error)
	slow := catalog.editions.keep(Applied{Version: 2, Files: archive.workspaces[1]}, placing{"welcome", 2})
	catalog.editions.kept[2].read = func() (*Edition, error) {
		close(begun)
		<-parsed
		return slow()
	}
	var all sync.WaitGroup
	defer all.Wait()
	defer close(parsed)
	all.Go(func() { _, _ = catalog.Edition(t.Context(), "welcome", 2) })
	<-begun
	all.Go(func() {
		_, err := catalog.Edition(t.Context(), "welcome", 1)
		others <- err
	})
	select {
	case err := <-others:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		go func() { <-others }()
		t.Error("who needs another edition waits as well")
	}
}
