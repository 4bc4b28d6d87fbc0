package archive_test

import (
	"bytes"
	"context"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"

	"community-images/shared/archive"
	"crypto/sha256"
	"encoding/hex"
)

type mapBucket struct {
	mu      sync.Mutex
	objects map[string][]byte
}

func newBucket(t *testing.T) archive.Bucket { return &mapBucket{objects: map[string][]byte{}} }

func (m *mapBucket) Get(ctx context.Context, key, etag string) ([]byte, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.objects[key]
	if !ok {
		return nil, "", fs.ErrNotExist
	}
	h := sha256.Sum256(d)
	tag := hex.EncodeToString(h[:])
	if tag == etag {
		return nil, tag, nil
	}
	return bytes.Clone(d), tag, nil
}
func (m *mapBucket) GetFrom(ctx context.Context, key string, off int64) ([]byte, error) {
	d, _, err := m.Get(ctx, key, "")
	if err != nil {
		return nil, err
	}
	return d[min(off, int64(len(d))):], nil
}
func (m *mapBucket) List(ctx context.Context, prefix string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for k := range m.objects {
		if strings.HasPrefix(k, prefix) {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out, nil
}
func (m *mapBucket) Put(ctx context.Context, key string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects[key] = bytes.Clone(data)
	return nil
}
func (m *mapBucket) Create(ctx context.Context, key string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.objects[key]; ok {
		return fs.ErrExist
	}
	m.objects[key] = bytes.Clone(data)
	return nil
}
func (m *mapBucket) Append(ctx context.Context, key string, pos int64, data []byte) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if int64(len(m.objects[key])) != pos {
		return 0, fs.ErrExist
	}
	m.objects[key] = append(m.objects[key], data...)
	return int64(len(m.objects[key])), nil
}
