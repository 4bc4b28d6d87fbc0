package buckettest_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/catalog"
)

func TestMemoryConforms(t *testing.T) {
	t.Parallel()
	buckettest.Conformance(t, func(t *testing.T) archive.Bucket { return buckettest.NewMemory(t) })
}

func TestFaultyWithoutFaultsConforms(t *testing.T) {
	t.Parallel()
	buckettest.Conformance(t, func(t *testing.T) archive.Bucket {
		return buckettest.NewFaulty(buckettest.NewMemory(t), func(buckettest.Op) *buckettest.Fault { return nil })
	})
}

func TestMemorySweeps(t *testing.T) {
	t.Parallel()
	buckettest.ConformanceSweep(t, func(t *testing.T) archive.Sweeper { return buckettest.NewMemory(t) })
}

func TestFaultyWithoutFaultsSweeps(t *testing.T) {
	t.Parallel()
	buckettest.ConformanceSweep(t, func(t *testing.T) archive.Sweeper {
		return buckettest.NewFaulty(buckettest.NewMemory(t), func(buckettest.Op) *buckettest.Fault { return nil })
	})
}

// violations collects the broken rules that a memory bucket reports.
type violations struct {
	testing.TB
	messages []string
}

func (b *violations) Errorf(format string, args ...any) {
	b.messages = append(b.messages, fmt.Sprintf(format, args...))
}

func TestMemoryHoldsTheLaws(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	snapshot := catalog.NewSnapshot(catalog.Scope{RegionID: "r"}, catalog.Time{}, "", nil)
	key, log := "p/v1/r/clusters/_any/_any/"+strings.Repeat("a", 64)+".json", "p/v1/r/log/2026-11.ndjson"
	for name, c := range map[string]struct {
		write func(*buckettest.Memory)
		want  int
	}{
		"a snapshot is overwritten": {func(m *buckettest.Memory) {
			_ = m.Put(ctx, key, []byte("other"))
		}, 1},
		"a snapshot is put again": {func(m *buckettest.Memory) {
			_ = m.Put(ctx, key, snapshot.Encode())
		}, 0},
		"a damaged snapshot is repaired": {func(m *buckettest.Memory) {
			m.Spoil(key, []byte("{"))
			_ = m.Put(ctx, key, snapshot.Encode())
		}, 0},
		"a log is put":     {func(m *buckettest.Memory) { _ = m.Put(ctx, log, nil) }, 1},
		"a log is created": {func(m *buckettest.Memory) { _ = m.Create(ctx, log, nil) }, 1},
		"a log is appended to": {func(m *buckettest.Memory) {
			_, _ = m.Append(ctx, log, 0, []byte("x"))
		}, 0},
		"a head is overwritten with fewer bytes": {func(m *buckettest.Memory) {
			_ = m.Put(ctx, "p/v1/r/head.json", nil)
		}, 0},
		"a restored log is appended to": {func(m *buckettest.Memory) {
			m.Restore(map[string][]byte{log: []byte("x")})
			mustAppend(t, m, log, 1)
		}, 0},
		"a log that was spoilt is appended to": {func(m *buckettest.Memory) {
			m.Spoil(log, []byte("xy"))
			mustAppend(t, m, log, 2)
		}, 0},
		"a snapshot is created though it is there": {func(m *buckettest.Memory) {
			_ = m.Create(ctx, key, []byte("other"))
		}, 0},
	} {
		b := &violations{TB: t}
		m := buckettest.NewMemory(b)
		if err := m.Create(ctx, key, snapshot.Encode()); err != nil {
			t.Fatal(err)
		}
		if c.write(m); len(b.messages) != c.want {
			t.Errorf("%s: broken laws %q, want %d", name, b.messages, c.want)
		}
	}
}

func mustAppend(t *testing.T, m *buckettest.Memory, key string, at int64) {
	t.Helper()
	if _, err := m.Append(context.Background(), key, at, []byte("x")); err != nil {
		t.Error(err)
	}
}

func TestMemoryWithoutATestPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if got := fmt.Sprint(recover()); !strings.Contains(got, "may only be appended to") {
			t.Errorf("panic says %q", got)
		}
	}()
	_ = buckettest.NewMemory(nil).Put(context.Background(), "x/log/2026-11.ndjson", nil)
}

func TestMemoryRecordsRequests(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	m := buckettest.NewMemory(t)
	_, _, _ = m.Get(ctx, "k", "")
	_ = m.Create(ctx, "k", []byte("abc"))
	_ = m.Create(ctx, "k", []byte("abc"))
	_, tag, _ := m.Get(ctx, "k", "")
	_, _, _ = m.Get(ctx, "k", tag)
	_ = m.Put(ctx, "k", []byte("de"))
	_, _, _ = m.Get(ctx, "k", tag)
	_, _ = m.Append(ctx, "l", 0, []byte("one"))
	_, _ = m.Append(ctx, "l", 0, []byte("one"))
	_, _ = m.GetFrom(ctx, "l", 1, 9)
	_, _ = m.GetFrom(ctx, "m", 1, 9)
	_, _ = m.List(ctx, "")
	want := `get k: missing
create k: 3 bytes
create k: exists
get k: 3 bytes
get k if changed: not modified
put k: 2 bytes
get k if changed: 2 bytes
append l at 0: 3 bytes
append l at 0: taken
get l from 1: 2 bytes
get m from 1: missing
list : 2 keys`
	if diff := cmp.Diff(want, m.Requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if again := m.Requests(); again != "" {
		t.Errorf("requests are told twice: %s", again)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, c := range map[string]struct {
		fault buckettest.Fault
		err   error
		after string // what the bucket holds
	}{
		"not applied": {buckettest.Fault{Err: buckettest.ErrInjected}, buckettest.ErrInjected, "old"},
		"applied but failed": {buckettest.Fault{Err: buckettest.ErrInjected, Applied: true}, buckettest.ErrInjected,
			"new"},
		"refused":               {buckettest.Fault{Err: fs.ErrPermission}, fs.ErrPermission, "old"},
		"hangs":                 {buckettest.Fault{Hang: true}, context.DeadlineExceeded, "old"},
		"hangs but was applied": {buckettest.Fault{Hang: true, Applied: true}, context.DeadlineExceeded, "new"},
		"nothing":               {buckettest.Fault{}, nil, "new"},
	} {
		m := buckettest.NewMemory(t)
		f := buckettest.NewFaulty(m, buckettest.FailCall(2, c.fault))
		if err := f.Put(ctx, "k", []byte("old")); err != nil {
			t.Fatal(err)
		}
		limited, cancel := ctx, func() {}
		if c.fault.Hang {
			limited, cancel = context.WithTimeout(ctx, time.Millisecond)
		}
		if err := f.Put(limited, "k", []byte("new")); !errors.Is(err, c.err) {
			t.Errorf("%s: error %v, want %v", name, err, c.err)
		}
		cancel()
		if got := string(m.Objects()["k"]); got != c.after {
			t.Errorf("%s: the bucket holds %q, want %q", name, got, c.after)
		}
	}
}

func TestFaultsOfReads(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	m := buckettest.NewMemory(t)
	if err := m.Put(ctx, "k", []byte("abc")); err != nil {
		t.Fatal(err)
	}
	var change func([]byte) []byte
	f := buckettest.NewFaulty(m, func(buckettest.Op) *buckettest.Fault { return &buckettest.Fault{Change: change} })
	for want, c := range map[string]func([]byte) []byte{"ab": buckettest.Cut(2), "acc": buckettest.Flip(1),
		"abc": buckettest.Flip(9)} {
		change = c
		data, _, err := f.Get(ctx, "k", "")
		from, errFrom := f.GetFrom(ctx, "k", 0, 9)
		if string(data) != want || string(from) != want || err != nil || errFrom != nil {
			t.Errorf("Get = %q, %v and GetFrom = %q, %v; want %q", data, err, from, errFrom, want)
		}
	}
}

func TestGateHoldsACall(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	m, gate := buckettest.NewMemory(t), buckettest.NewGate()
	f := buckettest.NewFaulty(m, buckettest.FailCall(1, buckettest.Fault{Before: gate.Wait}))
	done := make(chan error)
	go func() { done <- f.Put(ctx, "k", []byte("held")) }()
	<-gate.Reached
	if err := f.Put(ctx, "k", []byte("overtakes")); err != nil {
		t.Fatal(err)
	}
	gate.Open()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := string(m.Objects()["k"]); got != "held" {
		t.Errorf("the bucket holds %q", got)
	}
}
