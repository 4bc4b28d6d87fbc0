package buckettest

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

func testMissing(t *suite) {
	ctx := context.Background()
	key := KeyPrefix + "missing"
	for _, etag := range []string{"", `"d41d8cd98f00b204e9800998ecf8427e"`} {
		_, _, err := t.b.Get(ctx, key, etag)
		t.wantErr("Get of a missing key with etag "+etag, err, fs.ErrNotExist)
	}
	for _, offset := range []int64{0, 7} {
		_, err := t.b.GetFrom(ctx, key, offset, maxBytes)
		t.wantErr(fmt.Sprint("GetFrom of a missing key at ", offset), err, fs.ErrNotExist)
	}
	if keys := t.list(KeyPrefix + "missing"); len(keys) != 0 {
		t.Errorf("List of nothing = %q", keys)
	}
	t.put(key+"/below", []byte("x"))
	_, _, err := t.b.Get(ctx, key, "")
	t.wantErr("Get of a key that is only the beginning of another", err, fs.ErrNotExist)
}

// allBytes returns each byte value, n times over.
func allBytes(n int) []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return bytes.Repeat(all, n)
}

func testPutGet(t *suite) {
	for name, data := range map[string][]byte{
		"text.json":   []byte("{\"Name\":\"Bild \u00fc \u56fe\"}\n"),
		"line.ndjson": []byte("{}\n{}\n"),
		"no-suffix":   []byte("x"),
		"empty":       {},
		"nil":         nil,
		"binary":      allBytes(1),
		"large":       allBytes(5 << 20 / 256),
	} {
		key := KeyPrefix + name
		t.put(key, data)
		t.wantContent(key, data)
		t.put(key, []byte("second "+name))
		t.wantContent(key, []byte("second "+name))
		t.put(key, nil)
		t.wantContent(key, nil)
	}
}

func testAliases(t *suite) {
	key, log := KeyPrefix+"alias", KeyPrefix+"alias.log"
	given := []byte("abc")
	t.put(key, given)
	t.append(log, 0, given)
	given[0] = 'X'
	data, _ := t.get(key)
	data[1] = 'X'
	t.getFrom(key, 0, maxBytes)[2] = 'X'
	t.getFrom(log, 0, maxBytes)[2] = 'X'
	t.wantContent(key, []byte("abc"))
	t.wantContent(log, []byte("abc"))
}

func testETag(t *suite) {
	ctx := context.Background()
	key := KeyPrefix + "etag"
	unchanged := func(etag string) {
		t.Helper()
		if data, current, err := t.b.Get(ctx, key, etag); data != nil || current != etag || err != nil {
			t.Errorf("Get with the current etag %q = %s, %q, %v; want nil and the same etag", etag, abbreviate(data),
				current, err)
		}
	}
	changed := func(etag, want string) (current string) {
		t.Helper()
		data, current, err := t.b.Get(ctx, key, etag)
		if string(data) != want || current == "" || current == etag || err != nil {
			t.Errorf("Get with the old etag %q = %s, %q, %v; want %q and another etag", etag, abbreviate(data), current,
				err, want)
		}
		return current
	}
	t.put(key, []byte("one"))
	_, first := t.get(key)
	if _, again := t.get(key); again != first {
		t.Errorf("the etag of one content is %q, then %q", first, again)
	}
	unchanged(first)
	unchanged(first)
	t.put(key, []byte("two"))
	second := changed(first, "two")
	unchanged(second)
	changed(`"00000000000000000000000000000000"`, "two")

	key = KeyPrefix + "etag.log"
	t.append(key, 0, []byte("one,"))
	_, first = t.get(key)
	unchanged(first)
	t.append(key, 4, []byte("two,"))
	unchanged(changed(first, "one,two,"))
}

func testGetFrom(t *suite) {
	ctx := context.Background()
	data := allBytes(40)
	t.put(KeyPrefix+"whole", data)
	t.append(KeyPrefix+"log", 0, data[:100])
	t.append(KeyPrefix+"log", 100, data[100:])
	for _, key := range []string{KeyPrefix + "whole", KeyPrefix + "log"} {
		for _, offset := range []int64{0, 1, 255, 256, 10239, 10240, 10241, 1 << 40} {
			for _, limit := range []int64{1, 2, 255, 10239, 10240, 10241, maxBytes} {
				want := data[min(offset, int64(len(data))):]
				want = want[:min(limit, int64(len(want)))]
				if got := t.getFrom(key, offset, limit); !bytes.Equal(got, want) {
					t.Errorf("GetFrom(%q, %d, %d) = %s, want %s", key, offset, limit, abbreviate(got), abbreviate(want))
				}
			}
		}
		for _, wrong := range [][2]int64{{-1, 1}, {0, 0}, {0, -1}} {
			if _, err := t.b.GetFrom(ctx, key, wrong[0], wrong[1]); err == nil {
				t.Errorf("GetFrom(%q, %d, %d) goes well", key, wrong[0], wrong[1])
			}
		}
	}
	t.put(KeyPrefix+"empty", nil)
	for _, offset := range []int64{0, 1} {
		if got := t.getFrom(KeyPrefix+"empty", offset, maxBytes); len(got) != 0 {
			t.Errorf("GetFrom of an empty object at %d = %s", offset, abbreviate(got))
		}
	}
}

// testOddKeys uses what OSS allows: 1 to 1023 bytes of UTF-8 that do not
// begin with "/" or "\".
func testOddKeys(t *suite) {
	keys := []string{
		"a", "a/b", "a/b/c", "a.json/b", "a//b", "dir/", ".hidden", "x/.y", "..x", "%", "%2F", "a%2Fb", "a+b", "a b",
		" ", "a?b=c", "a#b", "a&b=c", "a;b",
		`quote"<>'&amp;`, `back\slash`, "\u00fc/\u56fe/\U0001f4be", "UPPER", "~!@$*()_-=[]{}|:,^`", "a/../b", "a/./b",
		strings.Repeat("long", 60), strings.Repeat("k", 1023-len(KeyPrefix)-len("odd/")), strings.Repeat("\u56fe", 300),
	}
	for i, key := range keys {
		keys[i] = KeyPrefix + "odd/" + key
	}
	for i, key := range keys {
		want := fmt.Appendf(nil, "%d of %s", i, key)
		if i%2 == 0 {
			t.create(key, want)
		} else {
			t.append(key, 0, want)
		}
	}
	for i, key := range keys {
		t.wantContent(key, fmt.Appendf(nil, "%d of %s", i, key))
		if got := t.list(key); !slices.Contains(got, key) {
			t.Errorf("List(%q) = %q, which is not there", key, got)
		}
	}
	slices.Sort(keys)
	if got := t.list(KeyPrefix + "odd/"); !slices.Equal(got, keys) {
		t.Errorf("List = %q\nwant %q", got, keys)
	}
}

func testList(t *suite) {
	for _, name := range []string{"b", "a", "a/2", "a/10", "a-", "a0", "B", "aa", "c/d/e"} {
		t.put(KeyPrefix+"list/"+name, nil)
	}
	for prefix, want := range map[string]string{
		"list/":     "B a a- a/10 a/2 a0 aa b c/d/e",
		"list/a":    "a a- a/10 a/2 a0 aa",
		"list/a/":   "a/10 a/2",
		"list/a/10": "a/10",
		"list/c":    "c/d/e",
		"list/d":    "",
		"list/a//":  "",
		"list/A":    "",
		"lis":       "B a a- a/10 a/2 a0 aa b c/d/e",
	} {
		var got []string
		for _, key := range t.list(KeyPrefix + prefix) {
			got = append(got, strings.TrimPrefix(key, KeyPrefix+"list/"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("List(%q) = %q, want %q", prefix, got, want)
		}
	}
}

func testListPages(t *suite) {
	const n = 1203 // OSS gives at most 1000 a page
	var want []string
	var group errgroup.Group
	group.SetLimit(16)
	for i := range n {
		key := fmt.Sprintf("%spages/%d", KeyPrefix, i)
		want = append(want, key)
		group.Go(func() error { return t.b.Put(context.Background(), key, nil) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	if got := t.list(KeyPrefix + "pages/"); !slices.Equal(got, want) {
		t.Errorf("List of %d keys has %d", n, len(got))
	}
}
