package archive_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/archive"
)

func FuzzKeys(f *testing.F) {
	for _, key := range []string{headKey, catalogueKey, logKey11, "community-images/v1/r/clusters/_any/_any/x.json", "community-images/v1/../head.json"} {
		f.Add(key)
	}
	keys, err := archive.NewKeys("community-images")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, key string) {
		p, err := keys.Parse(key)
		if err != nil {
			return
		}
		var back string
		switch p.Kind {
		case archive.HeadKind:
			back, err = keys.Head(p.Region)
		case archive.CatalogueKind:
			back, err = keys.Catalogue(p.Region)
		case archive.LogKind:
			back, err = keys.Log(p.Region, p.Month)
		case archive.SnapshotKind:
			back, err = keys.Snapshot(p.Scope, p.Digest)
		}
		if err != nil || back != key {
			t.Fatalf("Parse(%q) = %+v, and that builds %q, %v", key, p, back, err)
		}
	})
}

// FuzzStored feeds a reader whatever a bucket may return: an answer or an
// error, never a panic, and never a state that a second reading contradicts.
func FuzzStored(f *testing.F) {
	b := newBench(&testing.T{})
	b.step("a")
	b.step("b")
	f.Add(b.object(headKey), b.object(logKey11), uint16(0))
	f.Add([]byte(nil), b.object(logKey11), uint16(700))
	f.Add([]byte("{}"), []byte("{\"Sequence\":1}\n\n{"), uint16(3))
	f.Fuzz(func(t *testing.T, head, log []byte, piece uint16) {
		b := newBench(t)
		b.put(headKey, head)
		b.put(logKey11, log)
		a := pieces(b.bucket, b.keys, sized(piece, log))
		r, err := a.Now(context.Background(), region, nil)
		var damaged *archive.DamagedError
		if err != nil {
			if !errors.As(err, &damaged) && !errors.Is(err, archive.ErrNoData) {
				t.Fatal(err)
			}
			return
		}
		again, err := a.Now(context.Background(), region, r)
		if err != nil || again.Sequence != r.Sequence {
			t.Fatalf("read twice: sequence %d, then %+v, %v", r.Sequence, again, err)
		}
		if _, err := a.Verify(context.Background(), region); err != nil {
			t.Fatal(err)
		}
	})
}

// sized makes no more than some pieces of a log: it is not the requests that are
// to be tested.
func sized(piece uint16, log []byte) int64 { return 1 + int64(piece) + int64(len(log))/32 }

// FuzzPieces reads whatever a log may hold whole and in pieces: all that is
// found is the same.
func FuzzPieces(f *testing.F) {
	b := newBench(&testing.T{})
	b.step("a")
	known := b.read()
	b.step("b")
	b.step("c")
	for name, spoil := range spoils {
		f.Add(spoil(b.object(logKey11)), uint16(len(name)*30), len(name)%2 == 0)
	}
	head := b.object(headKey)
	f.Fuzz(func(t *testing.T, log []byte, piece uint16, withHead bool) {
		b := newBench(t)
		b.put(logKey11, log)
		if withHead {
			b.put(headKey, head)
		}
		size := sized(piece, log)
		if diff := cmp.Diff(everything(pieces(b.bucket, b.keys, whole), known), everything(pieces(b.bucket, b.keys, size), known)); diff != "" {
			t.Fatalf("in pieces of %d bytes (-whole +pieces):\n%s", size, diff)
		}
	})
}
