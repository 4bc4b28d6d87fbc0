// Package buckettest helps to test code that stands on archive.Bucket: a
// conformance suite for every implementation, an in-memory bucket that fails
// the test when a law of the archive is broken, and a wrapper that injects
// faults.
package buckettest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"community-images/shared/catalog"
)

// Memory is a bucket in memory that records every request. It fails the test
// if a sound snapshot object is overwritten with other bytes or a log is
// written other than by Append.
type Memory struct {
	t       testing.TB
	mu      sync.Mutex
	objects map[string][]byte
	log     []string
}

// NewMemory returns an empty bucket.
func NewMemory(t testing.TB) *Memory { return &Memory{t: t, objects: map[string][]byte{}} }

// Requests returns the requests since the last call, one a line: the verb,
// the key, what was given and the outcome.
func (m *Memory) Requests() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := strings.Join(m.log, "\n")
	m.log = nil
	return s
}

// Objects returns a copy of what is stored.
func (m *Memory) Objects() map[string][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make(map[string][]byte, len(m.objects))
	for key, data := range m.objects {
		all[key] = bytes.Clone(data)
	}
	return all
}

// Restore replaces what is stored, past every law.
func (m *Memory) Restore(objects map[string][]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects = map[string][]byte{}
	for key, data := range objects {
		m.objects[key] = bytes.Clone(data)
	}
}

// Spoil replaces one object, past every law; nil removes it.
func (m *Memory) Spoil(key string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if data == nil {
		delete(m.objects, key)
		return
	}
	m.objects[key] = bytes.Clone(data)
}

func (m *Memory) note(format string, args ...any) {
	m.log = append(m.log, fmt.Sprintf(format, args...))
}

func tagOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// Get implements archive.Reader.
func (m *Memory) Get(ctx context.Context, key, etag string) ([]byte, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	condition := ""
	if etag != "" {
		condition = " if changed"
	}
	data, ok := m.objects[key]
	switch {
	case !ok:
		m.note("get %s%s: missing", key, condition)
		return nil, "", fmt.Errorf("reading %q: %w", key, fs.ErrNotExist)
	case etag == tagOf(data):
		m.note("get %s%s: not modified", key, condition)
		return nil, etag, nil
	}
	m.note("get %s%s: %d bytes", key, condition, len(data))
	return append([]byte{}, data...), tagOf(data), nil
}

// GetFrom implements archive.Reader.
func (m *Memory) GetFrom(ctx context.Context, key string, offset int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.objects[key]
	if !ok {
		m.note("get %s from %d: missing", key, offset)
		return nil, fmt.Errorf("reading %q: %w", key, fs.ErrNotExist)
	}
	data = data[min(offset, int64(len(data))):]
	m.note("get %s from %d: %d bytes", key, offset, len(data))
	return append([]byte{}, data...), nil
}

// List implements archive.Reader.
func (m *Memory) List(ctx context.Context, prefix string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := slices.DeleteFunc(slices.Sorted(maps.Keys(m.objects)), func(key string) bool { return !strings.HasPrefix(key, prefix) })
	m.note("list %s: %d keys", prefix, len(keys))
	return keys, nil
}

// Put implements archive.Bucket.
func (m *Memory) Put(ctx context.Context, key string, data []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.objects[key]; ok && immutable.MatchString(key) && !bytes.Equal(old, data) {
		if _, err := catalog.DecodeSnapshot(old, nil); err == nil {
			m.t.Errorf("snapshot %q is overwritten with other bytes", key)
		}
	}
	if strings.HasSuffix(key, ".ndjson") {
		m.t.Errorf("log %q is put over", key)
	}
	m.objects[key] = bytes.Clone(data)
	m.note("put %s: %d bytes", key, len(data))
	return nil
}

var immutable = regexp.MustCompile(`/clusters/.*/[0-9a-f]{64}\.json$`)

// Create implements archive.Bucket.
func (m *Memory) Create(ctx context.Context, key string, data []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.objects[key]; ok {
		m.note("create %s: exists", key)
		return fmt.Errorf("creating %q: %w", key, fs.ErrExist)
	}
	m.objects[key] = bytes.Clone(data)
	m.note("create %s: %d bytes", key, len(data))
	return nil
}

// Append implements archive.Bucket.
func (m *Memory) Append(ctx context.Context, key string, position int64, data []byte) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.objects[key]; int64(len(old)) != position || len(old) > 0 && !strings.HasSuffix(key, ".ndjson") {
		m.note("append %s at %d: taken", key, position)
		return 0, fmt.Errorf("appending to %q at %d: %w", key, position, fs.ErrExist)
	}
	m.objects[key] = append(m.objects[key], data...)
	m.note("append %s at %d: %d bytes", key, position, len(data))
	return position + int64(len(data)), nil
}
