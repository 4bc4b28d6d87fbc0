package buckettest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

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
	o, ok := m.objects[key]
	switch {
	case !ok:
		m.record("get %s%s: missing", key, condition)
		return nil, "", fmt.Errorf("reading %q: %w", key, fs.ErrNotExist)
	case etag == etagOf(o.data):
		m.record("get %s%s: not modified", key, condition)
		return nil, etag, nil
	}
	m.record("get %s%s: %d bytes", key, condition, len(o.data))
	return append([]byte{}, o.data...), etagOf(o.data), nil
}

// GetFrom implements archive.Reader.
func (m *Memory) GetFrom(ctx context.Context, key string, offset, limit int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if offset < 0 || limit < 1 {
		return nil, fmt.Errorf("reading %q: there are no %d bytes from %d on", key, limit, offset)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[key]
	if !ok {
		m.record("get %s from %d: missing", key, offset)
		return nil, fmt.Errorf("reading %q: %w", key, fs.ErrNotExist)
	}
	rest := o.data[min(offset, int64(len(o.data))):]
	rest = rest[:min(limit, int64(len(rest)))]
	m.record("get %s from %d: %d bytes", key, offset, len(rest))
	return append([]byte{}, rest...), nil
}

// List implements archive.Reader.
func (m *Memory) List(ctx context.Context, prefix string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := slices.Sorted(maps.Keys(m.objects))
	keys = slices.DeleteFunc(keys, func(key string) bool { return !strings.HasPrefix(key, prefix) })
	m.record("list %s: %d keys", prefix, len(keys))
	return keys, nil
}

// IsAppendable implements archive.Reader.
func (m *Memory) IsAppendable(ctx context.Context, key string) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[key]
	if !ok {
		m.record("type %s: missing", key)
		return false, fmt.Errorf("finding the type of %q: %w", key, fs.ErrNotExist)
	}
	m.record("type %s: appendable %t", key, o.appendable)
	return o.appendable, nil
}

// Put implements archive.Bucket.
func (m *Memory) Put(ctx context.Context, key string, data []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.checkWrite("put", key, data)
	m.objects[key] = object{data: bytes.Clone(data), modified: m.now()}
	m.record("put %s: %d bytes", key, len(data))
	return nil
}

// Create implements archive.Bucket.
func (m *Memory) Create(ctx context.Context, key string, data []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.objects[key]; ok {
		m.record("create %s: exists", key)
		return fmt.Errorf("creating %q: %w", key, fs.ErrExist)
	}
	m.checkWrite("create", key, data)
	m.objects[key] = object{data: bytes.Clone(data), modified: m.now()}
	m.record("create %s: %d bytes", key, len(data))
	return nil
}

// Append implements archive.Bucket.
func (m *Memory) Append(ctx context.Context, key string, position int64, data []byte) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, taken := m.objects[key]
	if taken && !old.appendable {
		m.record("append %s at %d: not appendable", key, position)
		return 0, fmt.Errorf("appending to %q at %d: %w", key, position, errors.ErrUnsupported)
	}
	if int64(len(old.data)) != position {
		m.record("append %s at %d: taken", key, position)
		return 0, fmt.Errorf("appending to %q at %d: %w", key, position, fs.ErrExist)
	}
	m.objects[key] = object{slices.Concat(old.data, data), true, m.now()}
	m.record("append %s at %d: %d bytes", key, position, len(data))
	return position + int64(len(data)), nil
}
