package archive_test

import (
	"context"
	"errors"
	"testing"

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
	f.Add(b.object(headKey), b.object(logKey11))
	f.Add([]byte(nil), b.object(logKey11))
	f.Add([]byte("{}"), []byte("{\"Sequence\":1}\n\n{"))
	f.Fuzz(func(t *testing.T, head, log []byte) {
		b := newBench(t)
		b.put(headKey, head)
		b.put(logKey11, log)
		a := archive.New(b.bucket, b.keys)
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
