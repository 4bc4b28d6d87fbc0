// Package buckettest tests implementations of archive.Bucket, and code that uses one.
//
// Conformance is the suite that every implementation and wrapper must pass. Memory
// is a bucket in memory that records its requests and fails the test if a writer
// breaks a rule of the archive. Faulty is a wrapper that injects faults.
package buckettest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// Memory is a bucket in memory that records every request. It fails the test if an
// intact snapshot is overwritten with other bytes, or a log is written other than
// by Append. Like OSS it distinguishes normal objects, which Put and Create write,
// from appendable ones, which Append creates.
type Memory struct {
	t        testing.TB
	mu       sync.Mutex
	objects  map[string]object
	requests []string
	now      func() time.Time
}

// object is one stored object. It is never changed, only replaced.
type object struct {
	data       []byte
	appendable bool
	modified   time.Time
}

// NewMemory returns an empty bucket. If t is nil, a broken rule panics.
func NewMemory(t testing.TB) *Memory {
	return &Memory{t: t, objects: map[string]object{}, now: time.Now}
}

// SetNow sets the clock that objects are dated by.
func (m *Memory) SetNow(now func() time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = now
}

// Requests returns the requests since the last call, one a line: the verb,
// the key, the arguments and the outcome. A request whose context had ended does
// not count.
//
//	get K: missing                  get K if changed: not modified
//	get K: 12 bytes                 get K from 5: 7 bytes
//	list P: 3 keys                  put K: 12 bytes
//	create K: 12 bytes              create K: exists
//	append K at 12: 7 bytes         append K at 5: taken
//	append K at 5: not appendable   type K: appendable true
//	delete K                        delete K: missing
//	entries P: 3 keys
func (m *Memory) Requests() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := strings.Join(m.requests, "\n")
	m.requests = nil
	return s
}

// Objects returns a copy of what is stored.
func (m *Memory) Objects() map[string][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make(map[string][]byte, len(m.objects))
	for key, o := range m.objects {
		all[key] = append([]byte{}, o.data...)
	}
	return all
}

// Restore replaces what is stored, without checking rules. Logs are appendable.
func (m *Memory) Restore(objects map[string][]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects = make(map[string]object, len(objects))
	for key, data := range objects {
		m.objects[key] = object{bytes.Clone(data), isLogKey(key), m.now()}
	}
}

// Spoil replaces one object without checking rules. nil removes it. What was
// appendable stays so.
func (m *Memory) Spoil(key string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if data == nil {
		delete(m.objects, key)
		return
	}
	m.objects[key] = object{bytes.Clone(data), isLogKey(key) || m.objects[key].appendable, m.now()}
}

// ReplaceByCopy makes an object a normal one with the same content, as any tool does
// that copies a bucket. It checks no rules.
func (m *Memory) ReplaceByCopy(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects[key] = object{data: m.objects[key].data, modified: m.now()}
}

// record adds a request to those that Requests returns. mu must be held.
func (m *Memory) record(format string, args ...any) {
	m.requests = append(m.requests, fmt.Sprintf(format, args...))
}

// reportViolation reports that a writer breaks a rule of the archive.
func (m *Memory) reportViolation(format string, args ...any) {
	if m.t == nil {
		panic(fmt.Sprintf(format, args...))
	}
	m.t.Errorf(format, args...)
}

// etagOf returns the entity tag of a content.
func etagOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}
