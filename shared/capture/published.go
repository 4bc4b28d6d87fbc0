package capture

import (
	"sync"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// publishedSnapshots caches the snapshot that a warm instance has published last for
// each scope, so that the next change need not read it back. Images are shared, so a
// snapshot takes little more than its pointers.
type publishedSnapshots struct {
	mu        sync.Mutex                          // guards snapshots
	snapshots map[catalog.Scope]*catalog.Snapshot // nil until the first commit of the instance
}

// get returns nil for a scope that is not cached. The caller compares the digest: another
// instance may have published since.
func (p *publishedSnapshots) get(scope catalog.Scope) *catalog.Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.snapshots[scope]
}

// update adds the snapshots of committed checks and removes the scopes that ended.
func (p *publishedSnapshots) update(checks []archive.Check, ended []catalog.Scope) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.snapshots == nil {
		p.snapshots = map[catalog.Scope]*catalog.Snapshot{}
	}
	for _, c := range checks {
		// A held check has a snapshot too, but its content is not published.
		if c.State == archive.OK && c.Snapshot != nil {
			p.snapshots[c.Scope] = c.Snapshot
		}
	}
	for _, scope := range ended {
		delete(p.snapshots, scope)
	}
}
