package buckettest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"community-images/shared/archive"
)

// Conformance is the suite that every archive.Bucket and every wrapper of one must
// pass. open returns an empty bucket. It is called once for each subtest, and they
// run in parallel. Keys lie below "conformance/", so that a real bucket
// can be tried as well.
func Conformance(t *testing.T, open func(t *testing.T) archive.Bucket) {
	for _, c := range []struct {
		name string
		test func(*suite)
	}{
		{"a missing object is fs.ErrNotExist", testMissing},
		{"what was put is what is read", testPutGet},
		{"bytes are not shared with the caller", testAliases},
		{"an etag saves reading the same content twice", testETag},
		{"a read from an offset ends at its limit or at the end", testGetFrom},
		{"odd keys are keys", testOddKeys},
		{"a list is in byte order", testList},
		{"a list has all pages", testListPages},
		{"create never overwrites", testCreate},
		{"of racing creators one wins", testCreateRace},
		{"append extends at the length only", testAppend},
		{"append is refused on a normal object", testAppendNormal},
		{"an append is read at once", testAppendVisible},
		{"of racing appenders one wins", testAppendRace},
		{"an ended context ends the call", testContext},
		{"an overwrite is never seen half", testNeverTorn},
		{"an append is never seen half", testAppendNeverTorn},
		{"a log that grows is read in pieces", testPiecesOfLog},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(&suite{t, open(t)})
		})
	}
}

const keyPrefix = "conformance/"

const maxBytes = 1 << 30 // is more bytes than any object here has

// suite is one subtest: a bucket, and calls that must succeed.
type suite struct {
	*testing.T
	b archive.Bucket
}

func (t *suite) put(key string, data []byte) {
	t.Helper()
	if err := t.b.Put(context.Background(), key, data); err != nil {
		t.Fatalf("Put(%q, %d bytes): %v", key, len(data), err)
	}
}

func (t *suite) create(key string, data []byte) {
	t.Helper()
	if err := t.b.Create(context.Background(), key, data); err != nil {
		t.Fatalf("Create(%q, %d bytes): %v", key, len(data), err)
	}
}

func (t *suite) append(key string, position int64, data []byte) {
	t.Helper()
	length, err := t.b.Append(context.Background(), key, position, data)
	if want := position + int64(len(data)); err != nil || length != want {
		t.Fatalf("Append(%q, %d, %d bytes) = %d, %v; want %d", key, position, len(data), length, err, want)
	}
}

func (t *suite) get(key string) (data []byte, etag string) {
	t.Helper()
	data, etag, err := t.b.Get(context.Background(), key, "")
	if err != nil {
		t.Fatalf("Get(%q): %v", key, err)
	}
	return data, etag
}

func (t *suite) getFrom(key string, offset, limit int64) []byte {
	t.Helper()
	data, err := t.b.GetFrom(context.Background(), key, offset, limit)
	if err != nil {
		t.Fatalf("GetFrom(%q, %d, %d): %v", key, offset, limit, err)
	}
	return data
}

func (t *suite) list(prefix string) []string {
	t.Helper()
	keys, err := t.b.List(context.Background(), prefix)
	if err != nil {
		t.Fatalf("List(%q): %v", prefix, err)
	}
	return keys
}

// wantContent reads an object in every way.
func (t *suite) wantContent(key string, want []byte) {
	t.Helper()
	data, etag := t.get(key)
	if !bytes.Equal(data, want) {
		t.Errorf("Get(%q) = %s, want %s", key, abbreviate(data), abbreviate(want))
	}
	if data == nil {
		t.Errorf("Get(%q) returns nil data, which means unchanged", key)
	}
	if etag == "" {
		t.Errorf("Get(%q) returns no etag", key)
	}
	if from := t.getFrom(key, 0, maxBytes); !bytes.Equal(from, want) {
		t.Errorf("GetFrom(%q, 0, everything) = %s, want %s", key, abbreviate(from), abbreviate(want))
	}
}

// wantErr checks the sentinel, and that it is not another one as well.
func (t *suite) wantErr(call string, err, want error) {
	t.Helper()
	for _, sentinel := range []error{fs.ErrNotExist, fs.ErrExist, fs.ErrPermission, context.Canceled,
		context.DeadlineExceeded} {
		if errors.Is(err, sentinel) != (sentinel == want) {
			t.Errorf("%s: error %v; want one that is %v and nothing else", call, err, want)
			return
		}
	}
}

// abbreviate returns data for a message, shortened if it is long.
func abbreviate(data []byte) string {
	if len(data) <= 60 {
		return fmt.Sprintf("%q", data)
	}
	return fmt.Sprintf("%d bytes %q...", len(data), data[:40])
}
