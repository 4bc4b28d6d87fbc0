package archive_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestEveryByteOfTheHead flips a bit of each byte of the head: what is read is
// what was there, by number and by time, and verify finds the damage.
func TestEveryByteOfTheHead(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	for _, specs := range [][]string{{"a"}, {"b"}} {
		base := b.loadBase()
		b.commit(base, b.newRun(b.newCheck(base, scopeOf("", ""), specs...)))
		b.now = b.now.Add(time.Hour)
	}
	truth, sound := b.publishedStates(), b.readObject(headKey)
	step := 1
	if raceEnabled {
		step = 7
	}
	for i := 0; i < len(sound); i += step {
		flipped := bytes.Clone(sound)
		flipped[i] ^= 1 << (i % 8)
		near := flipped[max(0, i-12):min(len(flipped), i+12)]
		b.mem.Spoil(headKey, flipped)
		if !readsCorrectly(t, b.keys, b.mem.Objects(), truth) {
			t.Errorf("byte %d, near %q: the log is not read", i, near)
		}
		if audit := b.verifyRegion(); len(audit.Findings) != 1 || audit.Findings[0].Key != headKey {
			t.Errorf("byte %d, near %q: verify finds %v", i, near, audit.Findings)
		}
	}
}

// TestHeadWithImplausiblePosition: where in the log a head says that it is, is looked
// at before the head is proved.
func TestHeadWithImplausiblePosition(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	base := b.loadBase()
	b.commit(base, b.newRun(b.newCheck(base, scopeOf("", ""), "a")))
	truth, sound := b.publishedStates(), b.readObject(headKey)
	for _, place := range []string{"-5", "-9223372036854775808", "0", "9223372036854775807", "1e99", "null"} {
		spoilt := regexp.MustCompile(`"Position":\d+`).ReplaceAll(sound, []byte(`"Position":`+place))
		if bytes.Equal(spoilt, sound) {
			t.Fatalf("the head is %s", sound)
		}
		b.mem.Spoil(headKey, spoilt)
		if !readsCorrectly(t, b.keys, b.mem.Objects(), truth) {
			t.Errorf("position %s: the log is not read", place)
		}
		if audit := b.verifyRegion(); len(audit.Findings) != 1 || audit.Findings[0].Key != headKey {
			t.Errorf("position %s: verify finds %v", place, audit.Findings)
		}
	}
}

// TestHeadWithoutDigest: a head that states no digest is rebuilt, whatever
// else it says.
func TestHeadWithoutDigest(t *testing.T) {
	t.Parallel()
	digest := regexp.MustCompile(`("CommittedAt":"[^"]*",)"Digest":"[0-9a-f]*",`)
	for name, tc := range map[string]struct{ old, new string }{
		"as it was":                  {},
		"with another content":       {`"Digest":"`, `"Digest":"0`},
		"with the time of no commit": {`"CommittedAt":"2026-11-23T10`, `"CommittedAt":"2026-11-23T08`},
		"with an earlier first time": {`"FirstCommittedAt":"2026-11-23T09`, `"FirstCommittedAt":"2026-11-20T09`},
		"with a later check":         {`"CheckedAt":"2026-11-23T10`, `"CheckedAt":"2026-11-23T23`},
		"of a commit to come":        {`"Sequence":2,`, `"Sequence":3,`},
	} {
		b := newFixture(t)
		for _, image := range []string{"a", "b"} {
			base := b.loadBase()
			b.commit(base, b.newRun(b.newCheck(base, scopeOf("", ""), image)))
			b.now = b.now.Add(time.Hour)
		}
		sound, truth := b.readNow(), b.publishedStates()
		bare := digest.ReplaceAll(b.readObject(headKey), []byte("$1"))
		head := bytes.Replace(bare, []byte(tc.old), []byte(tc.new), 1)
		if len(bare) == len(b.readObject(headKey)) || tc.old != "" && bytes.Equal(head, bare) {
			t.Fatalf("%s: the head is %s", name, b.readObject(headKey))
		}
		b.mem.Spoil(headKey, head)
		if !readsCorrectly(t, b.keys, b.mem.Objects(), truth) {
			t.Errorf("%s: the log is not read", name)
		}
		now := b.readNow()
		if was, is := sound.Scopes()[0], now.Scopes()[0]; is.CheckedAt != was.CheckedAt ||
			!slices.Equal(now.Files, sound.Files) {
			t.Errorf("%s: the scope is %+v in %v, was %+v in %v", name, is, now.Files, was, sound.Files)
		}
		if audit := b.verifyRegion(); !strings.Contains(fmt.Sprint(audit.Findings),
			"head does not have the digest that it states") {
			t.Errorf("%s: verify finds %v", name, audit.Findings)
		}
		b.repairRegion()
		if audit := b.verifyRegion(); len(audit.Findings) > 0 {
			t.Errorf("%s: after a repair: %v", name, audit.Findings)
		}
	}
}
