package archive_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"strings"
	"testing"

	"community-images/shared/archive"
	"community-images/shared/archive/archivetest"
	"community-images/shared/archive/format"
	"community-images/shared/archive/fsck"
)

// storeFormat1 stores an archive of format 1 without some objects.
func (b *fixture) storeFormat1(without ...string) {
	b.t.Helper()
	b.mem.Restore(archivetest.Format1(b.t, b.keys))
	for _, key := range without {
		b.mem.Spoil(key, nil)
	}
}

// TestFormat1IsRefused: whatever is left of an archive of format 1, every program that
// reads it says what to do and changes nothing. A damaged head is not rebuilt from it.
func TestFormat1IsRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		store func(*fixture)
		key   string // of the object that the error names
	}{
		"head and log":     {func(b *fixture) { b.storeFormat1() }, headKey},
		"the log alone":    {func(b *fixture) { b.storeFormat1(headKey) }, logKey11},
		"the head alone":   {func(b *fixture) { b.storeFormat1(logKey11) }, headKey},
		"a head cut short": {func(b *fixture) { b.storeFormat1(); b.mem.Spoil(headKey, []byte(`{"Cat`)) }, logKey11},
	} {
		b := newFixture(t)
		tc.store(b)
		before := b.mem.Objects()
		a, ctx := archive.New(b.mem, b.keys), t.Context()
		wantRefusal := func(what string, err error) {
			t.Helper()
			var version *format.VersionError
			var damaged *format.DamagedError
			switch {
			case !errors.As(err, &version) || !errors.As(err, &damaged):
				t.Errorf("%s: %s: %v, want a FormatError that is a DamagedError", name, what, err)
			case version.Version != 1 || version.Key != tc.key && version.Key != logKey11:
				t.Errorf("%s: %s: %v, want the format of %s", name, what, err, tc.key)
			}
		}
		_, err := a.Now(ctx, region, nil)
		wantRefusal("reading", err)
		want := `object "` + tc.key + `" has format 1, and this program reads format 2. Nothing converts it: ` +
			`remove all objects below "community-images/v1/cn-hangzhou/", or choose another OSS_PREFIX; ` +
			`the next run begins a new history`
		if err == nil || err.Error() != want {
			t.Errorf("%s: reading: %v\nwant %s", name, err, want)
		}
		_, err = b.writer.Load(ctx, region)
		wantRefusal("a run", err)
		if tc.key == logKey11 { // what is sweeping, and repairing, begins with the other object
			_, err = fsck.Repair(ctx, b.writer, region)
			wantRefusal("a repair", err)
		} else {
			_, err = b.newCollector(b.mem, 12).Collect(ctx, region)
			wantRefusal("a sweep", err)
		}
		audit, err := fsck.Verify(ctx, a, region)
		if err != nil || len(audit.Findings) != 1 || len(audit.Notes)+len(audit.Orphans) > 0 ||
			!strings.Contains(audit.Findings[0].String(), "it has format 1, and this program reads format 2.") {
			t.Errorf("%s: verify finds %+v, %v; want one fault", name, audit, err)
		}
		if !maps.EqualFunc(before, b.mem.Objects(), bytes.Equal) {
			t.Errorf("%s: what is stored has changed", name)
		}
	}
}

// TestOtherFormatOfALaterProgram: a line is of another format even if its members have
// other types. It is not taken for a torn line, after which a run would append.
func TestOtherFormatOfALaterProgram(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.commit(b.loadBase(), b.newRun(b.newCheck(b.loadBase(), scopeOf("", ""), "a")))
	line := withDigest(`{"Clusters":7,"CommittedAt":"2027-01-01T00:00:00.000Z","Digest":"","Format":3,"Sequence":2}`)
	b.mem.Spoil(logKey11, append(b.readObject(logKey11), line+"\n"...))
	var version *format.VersionError
	if _, err := b.writer.Load(t.Context(), region); !errors.As(err, &version) || version.Version != 3 {
		t.Errorf("a line of format 3: %v", err)
	}
}

// TestAlteredFormat: a flipped bit is damage. Nobody is told to remove anything.
func TestAlteredFormat(t *testing.T) {
	t.Parallel()
	for _, key := range []string{headKey, logKey11} {
		b := newFixture(t)
		b.commit(b.loadBase(), b.newRun(b.newCheck(b.loadBase(), scopeOf("", ""), "a")))
		altered := bytes.Replace(b.readObject(key), []byte(`"Format":2`), []byte(`"Format":3`), 1)
		b.mem.Spoil(key, altered)
		if key == logKey11 {
			b.mem.Spoil(headKey, nil)
		}
		r, err := archive.New(b.mem, b.keys).Now(t.Context(), region, nil)
		var version *format.VersionError
		var damaged *format.DamagedError
		switch {
		case errors.As(err, &version):
			t.Errorf("%s: %v", key, err)
		case key == headKey && (err != nil || r.Sequence != 1):
			t.Errorf("an altered head is not rebuilt: %v", err)
		case key == logKey11 && !errors.As(err, &damaged):
			t.Errorf("an altered line: %v", err)
		}
	}
}

// TestHeadOfAnotherFormatIsKept: a program of another format has put a head while a run
// went on. The run does not replace it.
func TestHeadOfAnotherFormatIsKept(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	base := b.loadBase()
	b.mem.Spoil(headKey, archivetest.Format1(t, b.keys)[headKey])
	before := b.readObject(headKey)
	res, err := b.writer.Commit(t.Context(), base, b.newRun(b.newCheck(base, scopeOf("", ""), "a")))
	var version *format.VersionError
	if err != nil || !errors.As(res.HeadError, &version) || version.Key != headKey {
		t.Errorf("the run ends with %v, %v", err, res.HeadError)
	}
	if !bytes.Equal(before, b.readObject(headKey)) {
		t.Error("the head is replaced")
	}
}

// withDigest returns a line of the log whose Digest is empty with a digest that fits.
func withDigest(line string) string {
	sum := sha256.Sum256([]byte(line))
	return strings.Replace(line, `"Digest":"","`, `"Digest":"`+hex.EncodeToString(sum[:])+`","`, 1)
}
