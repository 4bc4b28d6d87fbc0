package archive_test

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// TestEveryByteOfTheHead flips a bit of each byte of the head: what is read is what was
// there, by number and by time, and verify finds the damage.
func TestEveryByteOfTheHead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, specs := range [][]string{{"a"}, {"b"}} {
		base := b.load()
		b.commit(base, b.run(b.saw(base, scopeOf("", ""), specs...)))
		b.now = b.now.Add(time.Hour)
	}
	truth, sound := b.truth(), b.object(headKey)
	step := 1
	if raceEnabled {
		step = 7
	}
	for i := 0; i < len(sound); i += step {
		flipped := bytes.Clone(sound)
		flipped[i] ^= 1 << (i % 8)
		near := flipped[max(0, i-12):min(len(flipped), i+12)]
		b.mem.Spoil(headKey, flipped)
		if !readsTrue(t, b.keys, b.mem.Objects(), truth) {
			t.Errorf("byte %d, near %q: the log is not read", i, near)
		}
		if audit := b.verify(); len(audit.Faults) != 1 || audit.Faults[0].Key != headKey {
			t.Errorf("byte %d, near %q: verify finds %v", i, near, audit.Faults)
		}
	}
}

// TestHeadWithoutDigest: of a head that states no digest the times of checks
// are believed, and nothing that the log says as well.
func TestHeadWithoutDigest(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ old, new, damage string }{
		"as it was":                  {"", "", ""},
		"with another content":       {`"Digest":"`, `"Digest":"0`, ""},
		"with another count":         {`"ImageCount":1`, `"ImageCount":2`, ""},
		"with the time of no commit": {`"CommittedAt":"2026-11-23T10`, `"CommittedAt":"2026-11-23T08`, ""},
		"with a place to come":       {`"Position":`, `"Position":9`, ""},
		"with an earlier first time": {`"FirstCommittedAt":"2026-11-23T09`, `"FirstCommittedAt":"2026-11-20T09`, ""},
		"of a commit to come":        {`"Sequence":2,`, `"Sequence":3,`, "it is of commit 3, the log ends with 2"},
	} {
		b := newBench(t)
		for _, specs := range [][]string{{"a"}, {"b"}, {"b"}} { // the last one only checks
			base := b.load()
			run := b.run(b.saw(base, scopeOf("", ""), specs...))
			run.Discovery = &archive.Listing{At: catalog.At(b.now), Upstream: []byte(`[{"Id":"x"}]`)}
			b.commit(base, run)
			b.now = b.now.Add(time.Hour)
		}
		sound, truth := b.read(), b.truth()
		head := regexp.MustCompile(`("CommittedAt":"[^"]*","Digest":")[^"]*`).ReplaceAll(b.object(headKey), []byte("$1"))
		_, tables, _ := bytes.Cut(head, []byte(`"Discovery":`)) // what comes before keeps its empty digest
		head = append(bytes.TrimSuffix(head, tables), bytes.Replace(tables, []byte(tc.old), []byte(tc.new), 1)...)
		if strings.HasPrefix(tc.old, `"CommittedAt`) {
			head = bytes.Replace(head, []byte(tc.old), []byte(tc.new), 1)
		}
		b.mem.Spoil(headKey, head)
		if whole := readsTrue(t, b.keys, b.mem.Objects(), truth); whole != (tc.damage == "") {
			t.Errorf("%s: read: %t", name, whole)
		}
		if audit := b.verify(); !strings.Contains(fmt.Sprint(audit.Faults), "it states no digest") {
			t.Errorf("%s: verify finds %v", name, audit.Faults)
		}
		now, err := archive.New(b.bucket, b.keys).Now(context.Background(), region, nil)
		if tc.damage != "" {
			if err == nil || !strings.Contains(err.Error(), tc.damage) {
				t.Errorf("%s: read with %v, want %s", name, err, tc.damage)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if was, is := sound.Scopes[0], now.Scopes[0]; name != "with another content" && is != was {
			t.Errorf("%s: the scope is %+v, was %+v", name, is, was)
		}
		if now.Discovery != sound.Discovery || string(now.Upstream) != string(sound.Upstream) || !slices.Equal(now.Files, sound.Files) {
			t.Errorf("%s: the region is %+v, was %+v", name, now, sound)
		}
		b.repair()
		if audit := b.verify(); len(audit.Faults) > 0 {
			t.Errorf("%s: after a repair: %v", name, audit.Faults)
		}
	}
}
