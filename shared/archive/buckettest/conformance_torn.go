package buckettest

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"
)

// readDuring calls read from several readers until write has returned.
func (t *suite) readDuring(read func(ctx context.Context) error, write func()) {
	t.Helper()
	var done atomic.Bool
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for !done.Load() {
				if err := read(context.Background()); err != nil {
					t.Errorf("reading during a write: %v", err)
					return
				}
			}
		})
	}
	write()
	done.Store(true)
	group.Wait()
}

// testNeverTorn overwrites an object with one letter, repeated: a mixture of
// two contents shows two letters or a wrong length.
func testNeverTorn(t *suite) {
	key := KeyPrefix + "torn"
	content := func(i int) []byte { return bytes.Repeat([]byte{'a' + byte(i%26)}, 1000*(i%26+1)) }
	whole := func(data []byte, from int) bool {
		return len(data) > 0 && bytes.Equal(data, content(int(data[0] - 'a'))[from:])
	}
	t.put(key, content(0))
	t.readDuring(func(ctx context.Context) error {
		data, etag, err := t.b.Get(ctx, key, "")
		if err != nil {
			return err
		}
		if !whole(data, 0) || etag == "" {
			t.Errorf("Get during an overwrite = %s, etag %q", abbreviate(data), etag)
		}
		rest, err := t.b.GetFrom(ctx, key, 500, maxBytes)
		if err == nil && !whole(rest, 500) {
			t.Errorf("GetFrom during an overwrite = %s", abbreviate(rest))
		}
		return err
	}, func() {
		for i := range 50 {
			t.put(key, content(i))
		}
	})
}

func testAppendNeverTorn(t *suite) {
	key := KeyPrefix + "torn.log"
	line := append(bytes.Repeat([]byte{'x'}, 999), '\n')
	t.append(key, 0, line)
	t.readDuring(func(ctx context.Context) error {
		data, err := t.b.GetFrom(ctx, key, int64(len(line)), maxBytes)
		if err == nil && len(data)%len(line) != 0 {
			t.Errorf("GetFrom during an append ends with half a line: %d bytes", len(data))
		}
		return err
	}, func() {
		for i := range 50 {
			t.append(key, int64((i+1)*len(line)), line)
		}
	})
}

// testPiecesOfLog reads a log in pieces while it grows: joined they are what it
// was when the last of them was read.
func testPiecesOfLog(t *suite) {
	const limit = 700
	key := KeyPrefix + "pieces.log"
	line := func(i int) []byte { return append(bytes.Repeat([]byte{'a' + byte(i%26)}, 299+i), '\n') }
	var log []byte
	for i := range 50 {
		log = append(log, line(i)...)
	}
	t.append(key, 0, line(0))
	t.readDuring(func(ctx context.Context) error {
		var joined []byte
		for last := false; !last; {
			piece, err := t.b.GetFrom(ctx, key, int64(len(joined)), limit)
			if err != nil {
				return err
			}
			joined, last = append(joined, piece...), len(piece) < limit
		}
		if !bytes.HasPrefix(log, joined) || joined[len(joined)-1] != '\n' {
			t.Errorf("the pieces of a log that grows are joined to %s", abbreviate(joined))
		}
		return nil
	}, func() {
		at := len(line(0))
		for i := 1; i < 50; i++ {
			t.append(key, int64(at), line(i))
			at += len(line(i))
		}
	})
}
