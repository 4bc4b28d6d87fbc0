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
)

const indexKey = "community-images/v1/" + region + "/catalogue.ndjson"

// TestIndexFollowsTheLog: what each run adds to the index comes to the
// same as making it out of the whole log and every snapshot.
func TestIndexFollowsTheLog(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	one, two := scopeOf("ehpc-1", ""), scopeOf("ehpc-2", "")
	for _, step := range []struct {
		about string
		run   func(base *archive.Region) archive.Run
		want  string // FirstSeen by id, those that are gone in brackets
	}{
		{"a first run", func(base *archive.Region) archive.Run {
			return b.run(b.saw(base, one, "a", "b"), b.saw(base, two, "b"))
		}, "a 09:00, b 09:00"},
		{"nothing new", func(base *archive.Region) archive.Run { return b.run(b.saw(base, one, "a", "b")) }, "a 09:00, b 09:00"},
		{"one scope gets c, b stays in the other", func(base *archive.Region) archive.Run { return b.run(b.saw(base, one, "a", "c")) }, "a 09:00, b 09:00, c 11:00"},
		{"a changes, c goes", func(base *archive.Region) archive.Run { return b.run(b.saw(base, one, "a=Creating")) }, "a 09:00, b 09:00, (c 11:00)"},
		{"a check fails", func(base *archive.Region) archive.Run { return b.run(b.failed(one, "Throttling")) }, "a 09:00, b 09:00, (c 11:00)"},
		{"a scope ends, and b with it", func(base *archive.Region) archive.Run {
			run := b.run(b.saw(base, one, "a=Creating"))
			run.Ended = append(run.Ended, two)
			return run
		}, "a 09:00, (b 09:00), (c 11:00)"},
		{"c comes back beside d, in a new month", func(base *archive.Region) archive.Run {
			b.now = b.now.AddDate(0, 1, 0)
			return b.run(b.saw(base, one, "a", "c", "d"))
		}, "a 09:00, (b 09:00), c 11:00, d 15:00"},
		{"two entries of one id", func(base *archive.Region) archive.Run { return b.run(b.saw(base, one, "a", "a=Creating", "d")) }, "a 09:00, a 09:00, (b 09:00), (c 11:00), d 15:00"},
	} {
		res := b.commit(b.load(), step.run(b.load()))
		if got := b.index(); got != step.want || res.Region.IndexSequence != res.Region.Sequence {
			t.Errorf("%s: the index has %s, want %s; the head says it goes to %d of %d", step.about, got, step.want, res.Region.IndexSequence, res.Region.Sequence)
		}
		b.checkLists()
		if audit := b.verify(); len(audit.Findings) > 0 {
			t.Errorf("%s: %v", step.about, audit.Findings)
		}
		before := withoutHead(b.object(indexKey))
		if _, err := b.writer.Repair(context.Background(), region); err != nil {
			t.Fatal(err)
		}
		if after := withoutHead(b.object(indexKey)); after != before {
			t.Errorf("%s: made anew it is\n%swant\n%s", step.about, after, before)
		}
		b.now = b.now.Add(time.Hour)
	}
}

// withoutHead leaves out the first line, which names the commit.
func withoutHead(object []byte) string {
	_, rest, _ := strings.Cut(string(object), "\n")
	return rest
}

// index renders when each image of the index was first seen.
func (b *bench) index() string {
	b.t.Helper()
	c, err := archive.New(b.bucket, b.keys).Index(context.Background(), region)
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for i, im := range c.Images {
		out = append(out, im.ImageID+" "+c.FirstSeen[i].Format("15:04"))
	}
	for id, at := range c.Gone {
		out = append(out, "("+id+" "+at.Format("15:04")+")")
	}
	slices.SortFunc(out, func(x, y string) int { return strings.Compare(strings.Trim(x, "()"), strings.Trim(y, "()")) })
	return strings.Join(out, ", ")
}

// checkLists compares the lists of the index with the snapshots.
func (b *bench) checkLists() {
	b.t.Helper()
	a := archive.New(b.bucket, b.keys)
	c, err := a.Index(context.Background(), region)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, s := range b.read().Scopes {
		snapshot, err := a.Snapshot(context.Background(), s.Scope(region), s.Digest)
		if err != nil {
			b.t.Fatal(err)
		}
		if images, ok := c.List(s.Digest); !ok || !slices.Equal(images, snapshot.Images) {
			b.t.Errorf("the index has %v for %s, the snapshot %v", images, s.Scope(region), snapshot.Images)
		}
	}
}

// TestIndexThatIsNotThere: a run makes a missing or damaged index anew
// as soon as it has something to write, or finds that the head knows of none.
func TestIndexThatIsNotThere(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(b *bench){
		"missing": func(b *bench) { _ = b.mem.Delete(context.Background(), indexKey) },
		"with a bit flipped": func(b *bench) {
			data := b.object(indexKey)
			data[len(data)/2] ^= 1
			b.mem.Spoil(indexKey, data)
		},
		"cut":                       func(b *bench) { data := b.object(indexKey); b.mem.Spoil(indexKey, data[:len(data)/2]) },
		"empty":                     func(b *bench) { b.mem.Spoil(indexKey, []byte{}) },
		"of another region":         func(b *bench) { b.forge("cn-hangzhou", "cn-beijing.") },
		"of a format to come":       func(b *bench) { b.forge(`"Format":1`, `"Format":2`) },
		"without its list":          func(b *bench) { b.forge(`"Lists":1`, `"Lists":9`) },
		"with a place out of range": func(b *bench) { b.forge(`"Images":[0,1]`, `"Images":[0,7]`) },
	} {
		b := newBench(t)
		b.step("a", "b")
		spoil(b)
		var damaged *archive.DamagedError
		if _, err := archive.New(b.bucket, b.keys).Index(context.Background(), region); !errors.As(err, &damaged) || damaged.Key != indexKey {
			t.Errorf("%s: reading says %v", name, err)
		}
		if audit := b.verify(); len(audit.Findings) != 1 {
			t.Errorf("%s: verify says %v", name, audit.Findings)
		}
		b.step("a", "c")
		if got := b.index(); got != "a 10:00, (b 10:00), c 11:00" {
			t.Errorf("%s: after the next run the index has %s", name, got)
		}
		b.checkLists()
	}
}

// forge replaces text in the index and gives it a digest that fits.
func (b *bench) forge(old, new string) {
	b.t.Helper()
	data := b.object(indexKey)
	at := bytes.Index(data, []byte(`"Digest":"`)) + len(`"Digest":"`)
	data = bytes.Replace(slices.Concat(data[:at], data[at+64:]), []byte(old), []byte(new), 1)
	sum := sha256.Sum256(data)
	b.mem.Spoil(indexKey, slices.Concat(data[:at], []byte(hex.EncodeToString(sum[:])), data[at:]))
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
		b := newBench(t)
		base := b.load()
		b.commit(base, b.run(b.saw(base, scopeOf("ehpc-1", ""), "a", "b"), b.saw(base, scopeOf("ehpc-2", ""), "c")))
		base = b.load()
		b.commit(base, b.run(b.saw(base, scopeOf("ehpc-2", ""), "c", "d")))
		b.forge(tc.old, tc.new)
		if audit := b.verify(); len(audit.Findings) == 0 || !strings.Contains(fmt.Sprint(audit.Findings), tc.want) {
			t.Errorf("%s: verify says %v, want %q", name, audit.Findings, tc.want)
		}
		if _, err := b.writer.Repair(context.Background(), region); err != nil {
			t.Fatal(err)
		}
		if audit := b.verify(); len(audit.Findings) > 0 {
			t.Errorf("%s: after a repair: %v", name, audit.Findings)
		}
	}
}

// TestIndexMayFail: a run whose index cannot be put is published all
// the same, says so, and the next run, although it finds nothing new, puts it.
func TestIndexMayFail(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.step("a")
	faulty := &putFails{Memory: b.mem}
	writer := archive.NewWriter(faulty, b.keys, func() time.Time { return b.now })
	base := b.load()
	res, err := writer.Commit(context.Background(), base, b.run(b.saw(base, scopeOf("", ""), "a", "b")))
	if err != nil || res.HeadError == nil || res.Region.IndexSequence != 1 || b.read().Sequence != 2 {
		t.Errorf("the run ends with %v, %v at commit %d", err, res.HeadError, b.read().Sequence)
	}
	base = b.load()
	if res := b.commit(base, b.run(b.saw(base, scopeOf("", ""), "a", "b"))); res.Commit != nil || res.Region.IndexSequence != 2 {
		t.Errorf("the next run leaves the index at %d", res.Region.IndexSequence)
	}
	b.checkLists()
}

// putFails stores no index.
type putFails struct{ *buckettest.Memory }

func (p *putFails) Put(ctx context.Context, key string, data []byte) error {
	if key == indexKey {
		return buckettest.ErrInjected
	}
	return p.Memory.Put(ctx, key, data)
}

// FuzzIndex feeds a reader objects that agree with their digest: they are
// read, or damaged, and whatever is read can be looked at.
func FuzzIndex(f *testing.F) {
	b := newBench(&testing.T{})
	b.step("a", "b")
	good := b.object(indexKey)
	at := bytes.Index(good, []byte(`"Digest":"`)) + len(`"Digest":"`)
	bare := string(slices.Concat(good[:at], good[at+64:]))
	f.Add([]byte(bare))
	for _, change := range []struct{ old, new string }{
		{`"Images":2`, `"Images":9223372036854775807`}, {`"Images":2`, `"Images":-1`}, {`"Gone":0`, `"Gone":9223372036854775806`}, // counts that no sum holds
		{`[0,1]`, `[,1]`}, {`[0,1]`, `[1,0]`}, {`[0,1]`, `[]`}, {`[0,1]`, `[,]`}, {`[0,1]`, `[0,99999999999999999999]`}, {`[0,1]`, `[-0]`}, // lists that are none
		{`"Image":{`, `"Image":{"":,"`}, {`"Image":{`, `"Image":{"a":{"b":[`}, {`"Image":{`, `"Image":"`}, {`"Image":{"`, `"Image":{ `}, {`"ImageId":"a"`, `"OsTag":,"ImageId":"a"`}, // no JSON
		{`"ImageId":"a"`, `"ImageId":"\"`}, {`"ImageId":"a"`, `"ImageId":"\ud800\u0000"`}, {`"ImageId":"a"`, "\"ImageId\":\"a\xff\""},
		{`{"FirstSeen":"2`, `{"FirstSeen":"`}, {`"Lists":1`, `"Lists":0`}, {`"RegionId"`, `"regionid"`}, {"\n", "\r\n"}, {"\n", "\n\n"},
	} {
		f.Add([]byte(strings.ReplaceAll(bare, change.old, change.new)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b := newBench(t)
		at := bytes.Index(data, []byte(`"Digest":"`)) + len(`"Digest":"`)
		if at < len(`"Digest":"`) {
			return
		}
		sum := sha256.Sum256(data)
		b.put(indexKey, slices.Concat(data[:at], []byte(hex.EncodeToString(sum[:])), data[at:]))
		c, err := archive.New(b.bucket, b.keys).Index(context.Background(), region)
		var damaged *archive.DamagedError
		if err != nil && !errors.As(err, &damaged) {
			t.Fatal(err)
		}
		if err == nil {
			for digest := range c.Lists {
				images, _ := c.List(digest)
				for _, im := range images {
					im.Text("OsTag.Version")
				}
			}
		}
	})
}
