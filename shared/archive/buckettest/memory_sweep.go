package buckettest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

// Delete implements archive.Sweeper.
func (m *Memory) Delete(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.objects[key]; !ok {
		m.record("delete %s: missing", key)
		return nil
	}
	delete(m.objects, key)
	m.record("delete %s", key)
	return nil
}

// Entries implements archive.Sweeper.
func (m *Memory) Entries(ctx context.Context, prefix string,
	each func(key string, size int64, modified time.Time)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	objects := maps.Clone(m.objects)
	maps.DeleteFunc(objects, func(key string, _ object) bool { return !strings.HasPrefix(key, prefix) })
	m.record("entries %s: %d keys", prefix, len(objects))
	m.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(objects)) {
		each(key, int64(len(objects[key].data)), objects[key].modified)
	}
	return nil
}
