package capture

import (
	"context"
	"sync"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// queue hands out scopes to ask, stalest first. It may begin with the scopes
// that are known and be settled later, when the clusters have been listed:
// listing a large fleet takes as long as asking about hundreds of scopes.
type queue struct {
	mu      sync.Mutex
	changed *sync.Cond
	tasks   []*task // still to be handed out
	settled bool    // no more will come
	ended   bool    // ctx has ended
	taken   map[catalog.Scope]bool
	checks  map[catalog.Scope]*archive.Check
}

func newQueue(ctx context.Context) (q *queue, stop func() bool) {
	q = &queue{taken: map[catalog.Scope]bool{}, checks: map[catalog.Scope]*archive.Check{}}
	q.changed = sync.NewCond(&q.mu)
	return q, context.AfterFunc(ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.ended = true
		q.changed.Broadcast()
	})
}

// put replaces what is still to be handed out by the tasks that have not been
// yet. After the last put every take that finds nothing returns false.
func (q *queue) put(tasks []*task, last bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tasks = nil
	for _, t := range tasks {
		if !q.taken[t.scope] {
			q.tasks = append(q.tasks, t)
		}
	}
	q.settled = last
	q.changed.Broadcast()
}

// take waits for a task; false means that there are no more, or no time is left.
func (q *queue) take() (*task, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.tasks) == 0 && !q.settled && !q.ended {
		q.changed.Wait()
	}
	if len(q.tasks) == 0 || q.ended {
		return nil, false
	}
	t := q.tasks[0]
	q.tasks = q.tasks[1:]
	q.taken[t.scope] = true
	return t, true
}

func (q *queue) done(t *task, c *archive.Check) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.checks[t.scope] = c
}

// early are the scopes that can be asked before the clusters have been listed:
// those that were asked before and, as far as is known, will be again.
func (r *runner) early(plans []*plan) []*task {
	var known []*plan
	for _, p := range plans {
		k := &plan{base: p.base, events: p.events}
		for _, scope := range planScopes(r.settings, r.request, k, p.base.ClustersByID()) {
			if state, asked := p.base.Scope(scope); asked && !r.answered(state) {
				k.scopes = append(k.scopes, scope)
			}
		}
		known = append(known, k)
	}
	return stalestFirst(known)
}
