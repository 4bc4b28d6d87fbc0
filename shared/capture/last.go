package capture

import (
	"sync"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// lastSeen remembers the content that a warm instance has published of each
// scope, so that the next change need not read it back. Images are shared, so
// it holds little more than pointers.
type lastSeen struct {
	mu        sync.Mutex
	snapshots map[catalog.Scope]*catalog.Snapshot
}

func (l *lastSeen) get(scope catalog.Scope) *catalog.Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.snapshots[scope]
}

// keep takes over the checks of a commit and forgets the scopes that ended.
func (l *lastSeen) keep(checks []archive.Check, ended []catalog.Scope) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.snapshots == nil {
		l.snapshots = map[catalog.Scope]*catalog.Snapshot{}
	}
	for _, c := range checks {
		if c.State == archive.OK && c.Snapshot != nil {
			l.snapshots[c.Scope] = c.Snapshot
		}
	}
	for _, scope := range ended {
		delete(l.snapshots, scope)
	}
}
