package archive_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/format"
	"community-images/shared/archive/fsck"
	"community-images/shared/catalog"
)

const indexKey = "community-images/v1/" + region + "/index.ndjson"

// TestIndexFollowsTheLog: what each run adds to the index comes to the
// same as making it out of the whole log and every snapshot.
func TestIndexFollowsTheLog(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	one, two := scopeOf("ehpc-1", ""), scopeOf("ehpc-2", "")
	for _, step := range []struct {
		about string
		run   func(base *archive.Region) archive.Run
		want  string // FirstSeen by id, those that are gone in brackets
	}{
		{"a first run", func(base *archive.Region) archive.Run {
			return b.newRun(b.newCheck(base, one, "a", "b"), b.newCheck(base, two, "b"))
		}, "a ?, b ?"},
		{"nothing new", func(base *archive.Region) archive.Run {
			return b.newRun(b.newCheck(base, one, "a", "b"))
		}, "a ?, b ?"},
		{"one scope gets c, b stays in the other", func(base *archive.Region) archive.Run {
			return b.newRun(b.newCheck(base, one, "a", "c"))
		}, "a ?, b ?, c 11:00"},
		{"a changes, c goes", func(base *archive.Region) archive.Run {
			return b.newRun(b.newCheck(base, one, "a=Creating"))
		}, "a ?~12:00, b ?, (c 11:00)"},
		{"a check fails", func(base *archive.Region) archive.Run {
			return b.newRun(b.newFailedCheck(one, "Throttling"))
		}, "a ?~12:00, b ?, (c 11:00)"},
		{"a scope ends, and b with it", func(base *archive.Region) archive.Run {
			run := b.newRun(b.newCheck(base, one, "a=Creating"))
			run.Ended = append(run.Ended, two)
			return run
		}, "a ?~12:00, (b ?), (c 11:00)"},
		{"c comes back beside d, in a new month", func(base *archive.Region) archive.Run {
			b.now = b.now.AddDate(0, 1, 0)
			return b.newRun(b.newCheck(base, one, "a", "c", "d"))
		}, "a ?~15:00, (b ?), c 11:00, d 15:00"},
		{"two entries of one id", func(base *archive.Region) archive.Run {
			return b.newRun(b.newCheck(base, one, "a", "a=Creating", "d"))
		}, "a ?~16:00, a ?~16:00, (b ?), (c 11:00), d 15:00"},
	} {
		res := b.commit(b.loadBase(), step.run(b.loadBase()))
		if got := b.renderIndex(); got != step.want || res.Region.IndexSequence != res.Region.Sequence {
			t.Errorf("%s: the index has %s, want %s; the head says it goes to %d of %d", step.about, got, step.want,
				res.Region.IndexSequence, res.Region.Sequence)
		}
		b.checkIndexLists()
		b.checkIndexImages(step.about)
		if audit := b.verifyRegion(); len(audit.Findings) > 0 {
			t.Errorf("%s: %v", step.about, audit.Findings)
		}
		before := withoutHeader(b.readObject(indexKey))
		if _, err := fsck.Repair(context.Background(), b.writer, region); err != nil {
			t.Fatal(err)
		}
		if after := withoutHeader(b.readObject(indexKey)); after != before {
			t.Errorf("%s: made anew it is\n%swant\n%s", step.about, after, before)
		}
		b.checkIndexImages(step.about + ", repaired")
		b.now = b.now.Add(time.Hour)
	}
}

// withoutHeader leaves out the second line, which names the commit.
func withoutHeader(object []byte) string {
	ids, rest, _ := strings.Cut(string(object), "\n")
	_, rest, _ = strings.Cut(rest, "\n")
	return ids + "\n" + rest
}

// renderIndex renders when each image of the index was first seen.
func (b *fixture) renderIndex() string {
	b.t.Helper()
	c, err := archive.New(b.bucket, b.keys).Index(context.Background(), region)
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for i, im := range c.Images() {
		out = append(out, im.ImageID+" "+renderDates(c.Dates[i]))
	}
	for id, dates := range c.Gone {
		out = append(out, "("+id+" "+renderDates(dates)+")")
	}
	slices.SortFunc(out, func(x, y string) int { return strings.Compare(strings.Trim(x, "()"), strings.Trim(y, "()")) })
	return strings.Join(out, ", ")
}

// renderDates renders when an image was first seen and, if it is another time, changed
// last; "?" for what is not known.
func renderDates(d format.ImageDates) string {
	clock := func(t catalog.Time) string {
		if t.IsZero() {
			return "?"
		}
		return t.Format("15:04")
	}
	if d.ChangedAt == d.FirstSeen {
		return clock(d.FirstSeen)
	}
	return clock(d.FirstSeen) + "~" + clock(d.ChangedAt)
}

// checkIndexImages checks that the head has the number of contents that all snapshots of
// the region have together, and leads to the ids of exactly their images.
func (b *fixture) checkIndexImages(about string) {
	b.t.Helper()
	a, now, contents, offered := archive.New(b.bucket, b.keys), b.readNow(), map[string]bool{}, map[string]bool{}
	for _, s := range now.Scopes() {
		snapshot, err := a.Snapshot(context.Background(), s.Scope(region), s.Digest)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, im := range snapshot.Images {
			contents[im.Raw], offered[im.ImageID] = true, true
		}
	}
	if now.IndexImages.Count != len(contents) {
		b.t.Errorf("%s: the head says %d images, there are %d", about, now.IndexImages.Count, len(contents))
	}
	ids, err := a.IndexedIDs(context.Background(), now)
	if err != nil {
		b.t.Fatalf("%s: %v", about, err)
	}
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		if ids.Has(id) != offered[id] {
			b.t.Errorf("%s: the index has the id of %s: %t, a scope offers it: %t", about, id, ids.Has(id), offered[id])
		}
	}
}

// checkIndexLists compares the lists of the index with the snapshots.
func (b *fixture) checkIndexLists() {
	b.t.Helper()
	a := archive.New(b.bucket, b.keys)
	c, err := a.Index(context.Background(), region)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, s := range b.readNow().Scopes() {
		snapshot, err := a.Snapshot(context.Background(), s.Scope(region), s.Digest)
		if err != nil {
			b.t.Fatal(err)
		}
		if images, ok := c.List(s.Digest); !ok || !slices.Equal(images, snapshot.Images) {
			b.t.Errorf("the index has %v for %s, the snapshot %v", images, s.Scope(region), snapshot.Images)
		}
	}
}

// TestMissingOrDamagedIndexIsBuiltAnew: a run makes a missing or damaged index anew
// as soon as it has something to write, or finds that the head knows of none.
func TestMissingOrDamagedIndexIsBuiltAnew(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(b *fixture){
		"missing": func(b *fixture) { _ = b.mem.Delete(context.Background(), indexKey) },
		"with a bit flipped": func(b *fixture) {
			data := b.readObject(indexKey)
			data[len(data)/2] ^= 1
			b.mem.Spoil(indexKey, data)
		},
		"cut": func(b *fixture) {
			data := b.readObject(indexKey)
			b.mem.Spoil(indexKey, data[:len(data)/2])
		},
		"empty":                     func(b *fixture) { b.mem.Spoil(indexKey, []byte{}) },
		"of another region":         func(b *fixture) { b.forgeIndex("cn-hangzhou", "cn-beijing.") },
		"of a format to come":       func(b *fixture) { b.forgeIndex(`"Format":2`, `"Format":3`) },
		"without its list":          func(b *fixture) { b.forgeIndex(`"Lists":1`, `"Lists":9`) },
		"with a place out of range": func(b *fixture) { b.forgeIndex(`"Images":[0,1]`, `"Images":[0,7]`) },
		"with images out of order":  func(b *fixture) { b.forgeIndex(`"ImageId":"a"`, `"ImageId":"z"`) },
		"with an image twice":       func(b *fixture) { b.repeatFirstImage() },
		"with the id of another":    func(b *fixture) { b.forgeIndex(`["a","b"]`, `["a","c"]`) },
		"without the ids":           func(b *fixture) { b.forgeIndex(`{"ImageIds":["a","b"]}`+"\n", "") },
		"with an image without id":  func(b *fixture) { b.forgeIndex(`"ImageId":"b"`, `"ImageID":"b"`) },
	} {
		b := newFixture(t)
		b.commitStep("a", "b")
		spoil(b)
		var damaged *format.DamagedError
		if _, err := archive.New(b.bucket, b.keys).Index(context.Background(), region); !errors.As(err, &damaged) ||
			damaged.Key != indexKey {
			t.Errorf("%s: reading says %v", name, err)
		}
		if audit := b.verifyRegion(); len(audit.Findings) != 1 {
			t.Errorf("%s: verify says %v", name, audit.Findings)
		}
		b.commitStep("a", "c")
		if got := b.renderIndex(); got != "a ?, (b ?), c 11:00" {
			t.Errorf("%s: after the next run the index has %s", name, got)
		}
		b.checkIndexLists()
	}
}

// forgeIndex replaces text in the index and gives it a digest that fits.
func (b *fixture) forgeIndex(old, new string) {
	b.t.Helper()
	data := b.readObject(indexKey)
	at := bytes.Index(data, []byte(`"Digest":"`)) + len(`"Digest":"`)
	data = bytes.Replace(slices.Concat(data[:at], data[at+64:]), []byte(old), []byte(new), 1)
	sum := sha256.Sum256(data)
	b.mem.Spoil(indexKey, slices.Concat(data[:at], []byte(hex.EncodeToString(sum[:])), data[at:]))
}

// repeatFirstImage puts the line of the first image in the place of the second one.
func (b *fixture) repeatFirstImage() {
	b.t.Helper()
	lines := strings.SplitAfter(string(b.readObject(indexKey)), "\n")
	b.forgeIndex(lines[3], lines[2])
}

// TestIndexOfAnotherCommit: the ids are read only if they are those that the head describes,
// whatever became of the index meanwhile.
func TestIndexOfAnotherCommit(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.commitStep("a")
	older := b.readObject(indexKey)
	b.commitStep("a", "b")
	good, now, ctx := b.readObject(indexKey), b.readNow(), context.Background()
	b.commitStep("a", "c")
	newer := b.readObject(indexKey)
	b.commitStep("a", "c=Creating")
	length := int(now.IndexImages.IDsLength)
	for about, index := range map[string][]byte{
		"a missing index": nil, "an empty one": {}, "an older one": older, "a newer one": newer,
		"one cut within the ids": good[:length-1],
		"one with a bit flipped": slices.Concat([]byte{good[0] ^ 1}, good[1:]),
	} {
		b.mem.Spoil(indexKey, index)
		var damaged *format.DamagedError
		if ids, err := archive.New(b.bucket, b.keys).IndexedIDs(ctx, now); !errors.As(err, &damaged) ||
			damaged.Key != indexKey || ids != nil {
			t.Errorf("%s gives %v, %v", about, ids, err)
		}
	}
	// A later index with the same ids says the same of them, and so does the rest of one.
	for _, index := range [][]byte{good, good[:length]} {
		b.mem.Spoil(indexKey, index)
		ids, err := archive.New(b.bucket, b.keys).IndexedIDs(ctx, now)
		if err != nil || !ids.Has("a") || !ids.Has("b") || ids.Has("c") {
			t.Errorf("%d bytes of the index of the head give %v, %v", len(index), ids, err)
		}
	}
}

// TestVerifyReadsTheIndex: what agrees with its own digest and not with
// the log is found.
func TestVerifyReadsTheIndex(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ old, new, want string }{
		"a list with another image": {`"Images":[0,1]`, `"Images":[0,2]`, "its list"},
		"an image seen too late":    {`"FirstSeen":"2026-11-23T09`, `"FirstSeen":"2026-11-23T19`, "it has image"},
		"a commit to come":          {`"Sequence":2`, `"Sequence":9`, "the log ends with 2"},
	} {
		b := newFixture(t)
		base := b.loadBase()
		b.commit(base, b.newRun(b.newCheck(base, scopeOf("ehpc-1", ""), "a", "b"),
			b.newCheck(base, scopeOf("ehpc-2", ""), "c")))
		base = b.loadBase()
		b.commit(base, b.newRun(b.newCheck(base, scopeOf("ehpc-2", ""), "c", "d")))
		b.forgeIndex(tc.old, tc.new)
		if audit := b.verifyRegion(); len(audit.Findings) == 0 ||
			!strings.Contains(fmt.Sprint(audit.Findings), tc.want) {
			t.Errorf("%s: verify says %v, want %q", name, audit.Findings, tc.want)
		}
		if _, err := fsck.Repair(context.Background(), b.writer, region); err != nil {
			t.Fatal(err)
		}
		if audit := b.verifyRegion(); len(audit.Findings) > 0 {
			t.Errorf("%s: after a repair: %v", name, audit.Findings)
		}
	}
}

// TestFailedIndexIsPutByTheNextRun: a run whose index cannot be put is published all
// the same, says so, and the next run, although it finds nothing new, puts it.
func TestFailedIndexIsPutByTheNextRun(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.commitStep("a")
	faulty := &failingIndexBucket{Memory: b.mem}
	writer := archive.NewWriter(faulty, b.keys, func() time.Time { return b.now })
	base := b.loadBase()
	res, err := writer.Commit(context.Background(), base, b.newRun(b.newCheck(base, scopeOf("", ""), "a", "b")))
	if err != nil || res.HeadError == nil || res.Region.IndexSequence != 1 || res.Region.IndexImages.Count != 1 ||
		b.readNow().Sequence != 2 {
		t.Errorf("the run ends with %v, %v at commit %d", err, res.HeadError, b.readNow().Sequence)
	}
	base = b.loadBase()
	if res := b.commit(base, b.newRun(b.newCheck(base, scopeOf("", ""), "a", "b"))); res.Commit != nil ||
		res.Region.IndexSequence != 2 {
		t.Errorf("the next run leaves the index at %d", res.Region.IndexSequence)
	}
	b.checkIndexImages("the next run")
	b.checkIndexLists()
}

// failingIndexBucket does not store an index.
type failingIndexBucket struct{ *buckettest.Memory }

func (p *failingIndexBucket) Put(ctx context.Context, key string, data []byte) error {
	if key == indexKey {
		return buckettest.ErrInjected
	}
	return p.Memory.Put(ctx, key, data)
}

// FuzzIndex feeds a reader objects that agree with their digest: they are
// read, or damaged, and whatever is read can be looked at.
func FuzzIndex(f *testing.F) {
	b := newFixture(&testing.T{})
	b.commitStep("a", "b")
	good := b.readObject(indexKey)
	at := bytes.Index(good, []byte(`"Digest":"`)) + len(`"Digest":"`)
	bare := string(slices.Concat(good[:at], good[at+64:]))
	f.Add([]byte(bare))
	for _, change := range []struct{ old, new string }{
		// counts that no sum holds
		{`"Images":2`, `"Images":9223372036854775807`}, {`"Images":2`, `"Images":-1`},
		{`"Gone":0`, `"Gone":9223372036854775806`},
		// lists that are none
		{`[0,1]`, `[,1]`}, {`[0,1]`, `[1,0]`}, {`[0,1]`, `[]`}, {`[0,1]`, `[,]`}, {`[0,1]`, `[0,99999999999999999999]`},
		{`[0,1]`, `[-0]`},
		// no JSON
		{`"Image":{`, `"Image":{"":,"`}, {`"Image":{`, `"Image":{"a":{"b":[`}, {`"Image":{`, `"Image":"`},
		{`"Image":{"`, `"Image":{ `}, {`"ImageId":"a"`, `"OsTag":,"ImageId":"a"`},
		{`"ImageId":"a"`, `"ImageId":"\"`}, {`"ImageId":"a"`, `"ImageId":"\ud800\u0000"`},
		{`"ImageId":"a"`, "\"ImageId\":\"a\xff\""},
		{`{"ChangedAt":"`, `{"ChangedAt":"2`}, {`,"FirstSeen":"`, `,"FirstSeen":"x`}, {`,"FirstSeen":`, `,"firstSeen":`},
		{`{"ChangedAt":"",`, `{`}, {`"Lists":1`, `"Lists":0`}, {`"RegionId"`, `"regionid"`}, {"\n", "\r\n"},
		{"\n", "\n\n"}, {`{"ImageIds":["a","b"]}` + "\n", ""}, {`["a","b"]`, `[]`}, {`["a","b"]`, `["b","a"]`},
		{`"ImageId":"a"`, `"ImageId":"c"`}, {`"ImageId":"b"`, `"ImageId":"a"`},
	} {
		f.Add([]byte(strings.ReplaceAll(bare, change.old, change.new)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b := newFixture(t)
		at := bytes.Index(data, []byte(`"Digest":"`)) + len(`"Digest":"`)
		if at < len(`"Digest":"`) {
			return
		}
		sum := sha256.Sum256(data)
		b.putObject(indexKey, slices.Concat(data[:at], []byte(hex.EncodeToString(sum[:])), data[at:]))
		c, err := archive.New(b.bucket, b.keys).Index(context.Background(), region)
		var damaged *format.DamagedError
		if err != nil && !errors.As(err, &damaged) {
			t.Fatal(err)
		}
		if err == nil {
			for position := range c.Len() {
				if from, to := c.FindImage(c.ImageID(position)); position < from || position >= to {
					t.Errorf("image %d is not found", position)
				}
			}
			for digest := range c.Lists {
				images, _ := c.List(digest)
				for _, im := range images {
					im.Text("OsTag.Version")
				}
			}
			c.Images()
		}
	})
}
