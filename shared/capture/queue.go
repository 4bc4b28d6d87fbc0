package capture

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// task is one scope to ask.
type task struct {
	scope catalog.Scope     // the question
	known format.ScopeState // of the last check; zero if it was never asked
}

// taskQueue gives tasks to workers and collects their checks. It may start with the
// known scopes, and get the final list when the clusters have been listed: listing a
// large fleet takes as long as asking about hundreds of scopes.
type taskQueue struct {
	mu      sync.Mutex                       // guards everything below
	changed *sync.Cond                       // signals tasks, final and stopped
	tasks   []*task                          // not started yet, in order
	final   bool                             // no tasks will be added
	stopped bool                             // the context has ended
	started map[catalog.Scope]bool           // tasks that a worker has taken; none is taken twice
	checks  map[catalog.Scope]*archive.Check // nil values: the context ended first
}

// newTaskQueue returns a queue that stops when ctx ends. stop releases its resources.
func newTaskQueue(ctx context.Context) (q *taskQueue, stop func() bool) {
	q = &taskQueue{started: map[catalog.Scope]bool{}, checks: map[catalog.Scope]*archive.Check{}}
	q.changed = sync.NewCond(&q.mu)
	return q, context.AfterFunc(ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.stopped = true
		q.changed.Broadcast()
	})
}

// setTasks replaces the tasks that have not been started. It skips those of started
// scopes. final means that no more will be set.
func (q *taskQueue) setTasks(tasks []*task, final bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tasks = nil
	for _, t := range tasks {
		if !q.started[t.scope] {
			q.tasks = append(q.tasks, t)
		}
	}
	q.final = final
	q.changed.Broadcast()
}

// nextTask waits for a task and starts it. It returns false if there are no more, or
// if the context has ended.
func (q *taskQueue) nextTask() (t *task, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	// Wait releases the lock while it waits.
	for len(q.tasks) == 0 && !q.final && !q.stopped {
		q.changed.Wait()
	}
	if len(q.tasks) == 0 || q.stopped {
		return nil, false
	}
	t = q.tasks[0]
	q.tasks = q.tasks[1:]
	q.started[t.scope] = true
	return t, true
}

// setCheck stores the result of a task. c is nil if the context ended first.
func (q *taskQueue) setCheck(t *task, c *archive.Check) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.checks[t.scope] = c
}

// newTasks makes the tasks of scopes. base says what is known of each.
func newTasks(base *archive.Region, scopes []catalog.Scope) []*task {
	tasks := make([]*task, len(scopes))
	for i, scope := range scopes {
		state, _ := base.Scope(scope)
		tasks[i] = &task{scope: scope, known: state}
	}
	return tasks
}

// sortTasksByAge sorts tasks: the scopes that were asked longest ago come first, so
// that the next run continues one that is cut short.
func sortTasksByAge(tasks []*task) []*task {
	// A scope that was never asked has the zero time, and so comes first.
	slices.SortStableFunc(tasks, func(a, b *task) int {
		return cmp.Or(a.known.TriedAt.Compare(b.known.TriedAt.Time), a.scope.Compare(b.scope))
	})
	return tasks
}
