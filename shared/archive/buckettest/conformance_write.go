package buckettest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"
)

func testCreate(t *suite) {
	ctx := context.Background()
	key := KeyPrefix + "create"
	t.create(key, []byte("first"))
	t.wantErr("Create of a taken key", t.b.Create(ctx, key, []byte("second")), fs.ErrExist)
	t.wantErr("Create of the same bytes", t.b.Create(ctx, key, []byte("first")), fs.ErrExist)
	t.wantContent(key, []byte("first"))
	t.put(key, nil)
	t.wantErr("Create over an empty object", t.b.Create(ctx, key, []byte("second")), fs.ErrExist)
	t.append(KeyPrefix+"create.log", 0, []byte("line"))
	t.wantErr("Create over an appendable object", t.b.Create(ctx, KeyPrefix+"create.log", []byte("x")), fs.ErrExist)
	t.wantContent(KeyPrefix+"create.log", []byte("line"))
}

// runRace runs several writers at once. Exactly one must win; its number is returned.
func (t *suite) runRace(writers int, write func(i int) error) (winner int) {
	t.Helper()
	start := make(chan struct{})
	errs := make([]error, writers)
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			<-start
			errs[i] = write(i)
		})
	}
	close(start)
	group.Wait()
	winner = -1
	for i, err := range errs {
		switch {
		case err == nil && winner >= 0:
			t.Fatalf("writers %d and %d have both won", winner, i)
		case err == nil:
			winner = i
		case !errors.Is(err, fs.ErrExist):
			t.Fatalf("writer %d: %v; want success or fs.ErrExist", i, err)
		}
	}
	if winner < 0 {
		t.Fatal("no writer has won")
	}
	return winner
}

const (
	rounds = 20
	racers = 8
)

// payload differs in content and length from racer to racer.
func payload(round, i int) []byte {
	return []byte(fmt.Sprintf("%d/%d", round, i) + strings.Repeat("-", i*7) + "\n")
}

// testCreateRace asks what OSS has been measured to do on a bucket that never
// had versioning, not what it documents; no protocol may rest on it.
func testCreateRace(t *suite) {
	for round := range rounds {
		key := fmt.Sprintf("%srace/%d", KeyPrefix, round)
		winner := t.runRace(racers, func(i int) error {
			return t.b.Create(context.Background(), key, payload(round, i))
		})
		t.wantContent(key, payload(round, winner))
	}
}

func testAppend(t *suite) {
	ctx := context.Background()
	key := KeyPrefix + "log.ndjson"
	refused := func(position int64) {
		t.Helper()
		_, err := t.b.Append(ctx, key, position, []byte("refused"))
		t.wantErr(fmt.Sprint("Append at ", position), err, fs.ErrExist)
	}
	refused(5) // a missing object is 0 long
	_, _, err := t.b.Get(ctx, key, "")
	t.wantErr("Get after a refused append", err, fs.ErrNotExist)
	t.append(key, 0, []byte("one\n"))
	refused(0)
	refused(3)
	refused(5)
	t.wantContent(key, []byte("one\n"))
	t.append(key, 4, allBytes(1))
	t.append(key, 260, nil)
	refused(4)
	t.append(key, 260, []byte("\n"))
	t.wantContent(key, append(append([]byte("one\n"), allBytes(1)...), '\n'))
	if _, err := t.b.Append(ctx, key, -1, []byte("x")); err == nil {
		t.Error("Append at -1 goes well")
	}

	key = KeyPrefix + "large.log"
	half := allBytes(1 << 20 / 512)
	t.append(key, 0, half)
	t.append(key, int64(len(half)), half)
	t.wantContent(key, append(half, half...))

	key = KeyPrefix + "empty.log"
	t.append(key, 0, nil)
	t.wantContent(key, nil)
	t.append(key, 0, []byte("x"))
	t.wantContent(key, []byte("x"))
}

func testAppendNormal(t *suite) {
	ctx := context.Background()
	key := KeyPrefix + "normal"
	t.put(key, []byte("abc"))
	t.wantAppendable(key, false)
	for _, position := range []int64{0, 3, 9} {
		_, err := t.b.Append(ctx, key, position, []byte("x"))
		t.wantErr(fmt.Sprint("Append to a normal object at ", position), err, errors.ErrUnsupported)
	}
	t.put(key, nil)
	_, err := t.b.Append(ctx, key, 0, []byte("x"))
	t.wantErr("Append to an empty normal object", err, errors.ErrUnsupported)
	t.wantContent(key, nil)
	t.append(key+".log", 0, []byte("abc"))
	t.wantAppendable(key+".log", true)
	t.put(key+".log", []byte("put"))
	_, err = t.b.Append(ctx, key+".log", 3, []byte("x"))
	t.wantErr("Append to an object that was put over", err, errors.ErrUnsupported)
	t.wantContent(key+".log", []byte("put"))
	t.wantAppendable(key+".log", false)
	_, err = t.b.IsAppendable(ctx, KeyPrefix+"norm")
	t.wantErr("IsAppendable of a missing object", err, fs.ErrNotExist)
}

// wantAppendable checks the type of an object.
func (t *suite) wantAppendable(key string, want bool) {
	t.Helper()
	if got, err := t.b.IsAppendable(context.Background(), key); err != nil || got != want {
		t.Errorf("IsAppendable(%q) = %t, %v; want %t", key, got, err, want)
	}
}

func testAppendVisible(t *suite) {
	key := KeyPrefix + "visible.log"
	var all []byte
	for i := range 50 {
		line := payload(0, i%racers)
		at := int64(len(all))
		t.append(key, at, line)
		all = append(all, line...)
		if got := t.getFrom(key, at, maxBytes); string(got) != string(line) {
			t.Fatalf("GetFrom(%d) after an append there = %s, want %s", at, abbreviate(got), abbreviate(line))
		}
		if got, _ := t.get(key); string(got) != string(all) {
			t.Fatalf("Get after %d appends = %s, want %s", i+1, abbreviate(got), abbreviate(all))
		}
	}
}

func testAppendRace(t *suite) {
	key := KeyPrefix + "race.log"
	var all []byte
	for round := range rounds {
		at := int64(len(all))
		winner := t.runRace(racers, func(i int) error {
			data := payload(round, i)
			length, err := t.b.Append(context.Background(), key, at, data)
			if err == nil && length != at+int64(len(data)) {
				t.Errorf("Append(%d, %d bytes) = %d", at, len(data), length)
			}
			return err
		})
		all = append(all, payload(round, winner)...)
		t.wantContent(key, all)
	}
}

func testContext(t *suite) {
	key := KeyPrefix + "context"
	t.put(key, []byte("abc"))
	t.append(key+".log", 0, []byte("abc"))
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	expired, cancel := context.WithDeadline(context.Background(), time.Unix(1, 0))
	defer cancel()
	for want, ctx := range map[error]context.Context{context.Canceled: canceled, context.DeadlineExceeded: expired} {
		for name, call := range map[string]func() error{
			"Get":          func() error { _, _, err := t.b.Get(ctx, key, ""); return err },
			"GetFrom":      func() error { _, err := t.b.GetFrom(ctx, key, 1, maxBytes); return err },
			"List":         func() error { _, err := t.b.List(ctx, key); return err },
			"Put":          func() error { return t.b.Put(ctx, key, []byte("x")) },
			"Create":       func() error { return t.b.Create(ctx, key+".new", []byte("x")) },
			"Append":       func() error { _, err := t.b.Append(ctx, key+".log", 3, []byte("x")); return err },
			"IsAppendable": func() error { _, err := t.b.IsAppendable(ctx, key); return err },
		} {
			start := time.Now()
			t.wantErr(name, call(), want)
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("%s with an ended context took %s", name, took)
			}
		}
	}
	t.wantContent(key, []byte("abc"))
	t.wantContent(key+".log", []byte("abc"))
}
