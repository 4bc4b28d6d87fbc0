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
// pass: it checks each of the Rules. open returns an empty bucket. It is called once
// for each rule, and the rules are checked in parallel.
func Conformance(t *testing.T, open func(t *testing.T) archive.Bucket) {
	for _, rule := range Rules {
		t.Run(rule.Name, func(t *testing.T) {
			t.Parallel()
			rule.Check(t, open(t))
		})
	}
}

// Rule is one rule of the contract of archive.Bucket.
type Rule struct {
	Name string // a sentence: what always holds
	// Check reports to t what in the bucket breaks the rule. Its keys begin
	// with KeyPrefix, below which the bucket must be empty: a real bucket can be
	// checked as well. It leaves its objects behind.
	Check func(t testing.TB, bucket archive.Bucket)
}

// Rules are the rules of archive.Bucket.
var Rules = []Rule{
	{"a missing object is fs.ErrNotExist", newCheck(testMissing)},
	{"what was put is what is read", newCheck(testPutGet)},
	{"bytes are not shared with the caller", newCheck(testAliases)},
	{"an etag saves reading the same content twice", newCheck(testETag)},
	{"a read from an offset ends at its limit or at the end", newCheck(testGetFrom)},
	{"odd keys are keys", newCheck(testOddKeys)},
	{"a list is in byte order", newCheck(testList)},
	{"a list has all pages", newCheck(testListPages)},
	{"create never overwrites", newCheck(testCreate)},
	{"of racing creators one wins", newCheck(testCreateRace)},
	{"append extends at the length only", newCheck(testAppend)},
	{"append is refused on a normal object", newCheck(testAppendNormal)},
	{"an append is read at once", newCheck(testAppendVisible)},
	{"of racing appenders one wins", newCheck(testAppendRace)},
	{"an ended context ends the call", newCheck(testContext)},
	{"an overwrite is never seen half", newCheck(testNeverTorn)},
	{"an append is never seen half", newCheck(testAppendNeverTorn)},
	{"a log that grows is read in pieces", newCheck(testPiecesOfLog)},
}

// newCheck returns the Check of a rule.
func newCheck(test func(*suite)) func(testing.TB, archive.Bucket) {
	return func(t testing.TB, bucket archive.Bucket) { test(&suite{t, bucket}) }
}

// KeyPrefix begins the keys that the rules use.
const KeyPrefix = "conformance/"

const maxBytes = 1 << 30 // is more bytes than any object here has

// suite is the check of one rule: a bucket, and calls that must succeed.
type suite struct {
	testing.TB
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
