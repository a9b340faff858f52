package campaigns

import (
	"bytes"
	"fmt"
	"maps"
	"sync"
)

// editionsKept is how many applied workspaces stay parsed beside the one in force.
// What journeys of more versions than that need is parsed again.
const editionsKept = 15

// editions are the applied workspaces that were needed last, each parsed once by who
// needs it first. Who needs another one does not wait for that.
type editions struct {
	mu      sync.Mutex
	kept    map[int64]*keptEdition // by workspace version
	placed  map[placing]int64      // which workspace holds a campaign's version
	current int64                  // the one in force
	uses    uint64
}

// placing names a version of a campaign.
type placing struct {
	campaign string
	version  int
}

// keptEdition is one workspace, or why it cannot be read, which is remembered as well.
type keptEdition struct {
	read func() (*Edition, error)
	used uint64     // the last use of it, counted over all
	done *Workspace // once it was read
}

// inForce is the workspace in force, nil where it is not kept.
func (e *editions) inForce(number int64) func() (*Edition, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.current = number
	return e.use(number)
}

// at is the workspace that holds a version of a campaign, nil where it is not kept.
func (e *editions) at(place placing) func() (*Edition, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.use(e.placed[place])
}

func (e *editions) use(number int64) func() (*Edition, error) {
	p := e.kept[number]
	if p == nil {
		return nil
	}
	e.uses++
	p.used = e.uses
	return p.read
}

// keep keeps an applied workspace, which holds some versions of campaigns, in the place
// of the one that was not needed for longest.
func (e *editions) keep(applied Applied, holds ...placing) func() (*Edition, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.kept == nil {
		e.kept, e.placed = map[int64]*keptEdition{}, map[placing]int64{}
	}
	if e.kept[applied.Version] == nil {
		p := &keptEdition{}
		p.read = sync.OnceValues(func() (*Edition, error) { return e.parse(p, applied) })
		e.kept[applied.Version] = p
	}
	for _, place := range holds {
		e.placed[place] = applied.Version
	}
	read := e.use(applied.Version)
	for len(e.kept) > editionsKept+1 {
		e.forget(e.longestUnused())
	}
	return read
}

// longestUnused is the workspace that was not needed for longest, beside the one in
// force.
func (e *editions) longestUnused() (number int64) {
	first := e.uses + 1
	for n, p := range e.kept {
		if n != e.current && p.used < first {
			number, first = n, p.used
		}
	}
	return number
}

func (e *editions) forget(number int64) {
	delete(e.kept, number)
	maps.DeleteFunc(e.placed, func(_ placing, at int64) bool { return at == number })
}

// parse reads an applied workspace. Compiled templates that another one has too are
// shared with it.
func (e *editions) parse(p *keptEdition, applied Applied) (*Edition, error) {
	workspace, problems := load(applied.Files, true, e.sound())
	if len(problems) > 0 {
		return nil, fmt.Errorf("workspace %d %w, %d mistakes, the first: %s",
			applied.Version, ErrStale, len(problems), problems[0])
	}
	for id, campaign := range workspace.Campaigns {
		campaign.Version = applied.Versions[id]
	}
	e.mu.Lock()
	p.done = workspace
	e.mu.Unlock()
	return &Edition{Workspace: workspace, Number: applied.Version, CountsMessages: countMessages(applied.Files)}, nil
}

// sound are the workspaces that are parsed.
func (e *editions) sound() (all []*Workspace) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.kept {
		if p.done != nil {
			all = append(all, p.done)
		}
	}
	return all
}

// countMessages reports whether files speak of contacted.last_7d.
func countMessages(files map[string][]byte) bool {
	for _, text := range files {
		if bytes.Contains(text, []byte("last_7d")) {
			return true
		}
	}
	return false
}
