package archive_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// forgeHead replaces text in the head and gives it a digest that fits.
func (b *fixture) forgeHead(old, new string) {
	b.t.Helper()
	const before = `","Digest":"`
	data := b.readObject(headKey)
	at := bytes.Index(data, []byte(`"CommittedAt":"`))
	at += bytes.Index(data[at:], []byte(before)) + len(before)
	data = slices.Concat(data[:at], data[at+64:])
	if !bytes.Contains(data, []byte(old)) {
		b.t.Fatalf("the head has no %s:\n%s", old, data)
	}
	data = bytes.Replace(data, []byte(old), []byte(new), 1)
	at = bytes.Index(data, []byte(`"CommittedAt":"`))
	at += bytes.Index(data[at:], []byte(before)) + len(before)
	sum := sha256.Sum256(data)
	b.mem.Spoil(headKey, slices.Concat(data[:at], []byte(hex.EncodeToString(sum[:])), data[at:]))
}

// TestVerifyProvesTheHead: a head with a right digest that says something else
// than the log is found, whatever it is; what only the head says is not.
func TestVerifyProvesTheHead(t *testing.T) {
	t.Parallel()
	sound := newFixture(t)
	for _, image := range []string{"a", "b", "c"} {
		base := sound.loadBase()
		run := sound.newRun(sound.newCheck(base, scopeOf("", ""), image),
			sound.newFailedCheck(scopeOf("ehpc-1", ""), "Throttling"))
		run.Discovery = sound.newListing("ehpc-1")
		sound.commit(base, run)
		sound.now = sound.now.Add(time.Hour)
	}
	digest := sound.readNow().ScopesOf("")[0].Digest
	for name, tc := range map[string]struct{ old, new, want string }{
		"the time of its commit": {`"CommittedAt":"2026-11-23T11`, `"CommittedAt":"2026-11-23T08`,
			`it dates commit 3 to "2026-11-23T08:00:00.000Z", the log to "2026-11-23T11:00:00.000Z"`},
		"when a month began": {`"FirstCommittedAt":"2026-11-23T09`, `"FirstCommittedAt":"2026-11-23T10`,
			"its months are not those of the log"},
		"with which commit it began": {`"FirstSequence":1`, `"FirstSequence":3`,
			"its months are not those of the log"},
		"which month it was": {`"Month":"2026-11","Previous":`, `"Month":"2026-10","Previous":`,
			"its months are not those of the log"},
		"the month of its commit": {`"Month":"2026-11","Position`, `"Month":"2026-10","Position`,
			"it names a position that the log does not have"},
		"a place before its commit": {`"Position":`, `"Position":1,"P":`,
			"it names a position that the log does not have"},
		"a place after its commit": {`"Position":`, `"Position":9`,
			"it names a position that the log does not have"},
		"a seal": {`"Position":`, `"Sealed":"2026-12","Position":`,
			"it names a position that the log does not have"},
		"bytes that are no line": {`"Position":`, `"Torn":true,"Position":`,
			"it names a position that the log does not have"},
		"another last line": {`"Hash":"`, `"Hash":"` + digest + `","H":"`, "the log ends with 3"},
		"an index of a commit yet": {`"Index":3`, `"Index":9`,
			"it says that the index goes to commit 9, the log ends with 3"},
		"how many images the index has": {`"IndexImages":{"Count":1`, `"IndexImages":{"Count":2`,
			"it says that the index has 2 images, it has 1"},
		"where the ids of the index end": {`"IdsLength":`, `"IdsLength":1`,
			"it does not describe the first line of the index as it is"},
		"other ids of the index": {`"IdsDigest":"`, `"IdsDigest":"0`,
			"it does not describe the first line of the index as it is"},
		"a simulated history": {`"Swept":`, `"SimulatedUntil":"2026-11-23T09:00:00.000Z","Swept":`,
			`it says that history is simulated until "2026-11-23T09:00:00.000Z", and the log says ""`},
		"a cluster":              {`"InstanceTypes":[]`, `"InstanceTypes":["x"]`, "its clusters are not those of the log"},
		"the image of a cluster": {`"ImageId":""`, `"ImageId":"m-2"`, "its clusters are not those of the log"},
		"when the content came": {`"CapturedAt":"2026-11-23T11`, `"CapturedAt":"2026-11-01T11`,
			`scope "_any/_any" is not as the log has it`},
		"another content": {digest, strings.Repeat("0", 64),
			`scope "_any/_any" is not as the log has it`},
		"how many images": {`"ImageCount":1`, `"ImageCount":2`,
			`scope "_any/_any" is not as the log has it`},
		"since when a check fails": {`"Since":"2026-11-23T09:00:00.000Z","State":"failed"`,
			`"Since":"2026-11-23T08:00:00.000Z","State":"failed"`, `scope "ehpc-1/_any" is not as the log has it`},
		"that a check does not fail": {`"State":"failed"`, `"State":"ok"`,
			`scope "ehpc-1/_any" is not as the log has it`},
		"when a check was made, no more": {`"CheckedAt":"2026-11-23T11`, `"CheckedAt":"2026-11-23T12`, ""},
		"what it failed with, no more":   {`"Code":"Throttling"`, `"Code":"Throttled"`, ""},
	} {
		b := sound.clone()
		b.forgeHead(tc.old, tc.new)
		var want []string
		if tc.want != "" {
			want = []string{tc.want}
		}
		if got := b.verifyRegion().Findings; len(got) != len(want) || len(want) == 1 &&
			(got[0].Key != headKey || !strings.Contains(got[0].Reason, want[0])) {
			t.Errorf("%s: verify finds %v, want %q", name, got, want)
		}
		if strings.HasPrefix(tc.want, "its months") || strings.HasPrefix(tc.want, "it dates") ||
			strings.HasPrefix(tc.want, "it says that history") || strings.HasPrefix(tc.want, "scope") {
			b.repairRegion()
			if got := b.verifyRegion().Findings; len(got) > 0 {
				t.Errorf("%s: after a repair: %v", name, got)
			}
		}
	}
}

// TestHeadBeyondTheLastLine: a head that knows of bytes which are no line
// after the last one is sound; each of them is noted once.
func TestHeadBeyondTheLastLine(t *testing.T) {
	t.Parallel()
	for rest, want := range map[string]int{`{"Seq`: 1, "\n": 0, "x\n": 1, "x\n{": 2} {
		b := newFixture(t)
		b.commitStep("a")
		b.mem.Spoil(logKey11, append(b.readObject(logKey11), rest...))
		for _, when := range []string{"before", "after"} {
			if got := b.verifyRegion(); len(got.Notes) != want || len(got.Findings) > 0 {
				t.Errorf("%q, %s a run: verify finds %v and notes %v", rest, when, got.Findings, got.Notes)
			}
			b.commitStep("a") // reads the log to its end
		}
		b.commitStep("b")
		if got := b.verifyRegion().Findings; len(got) > 0 {
			t.Errorf("%q, and a commit: verify finds %v", rest, got)
		}
	}
}

// TestVerifyProvesCheckpoints: a checkpoint that agrees with its digest and not
// with the months before it is found.
func TestVerifyProvesCheckpoints(t *testing.T) {
	t.Parallel()
	sound := newHistory(t)
	for _, tc := range []struct{ old, new string }{
		{`"ImageCount":1,"InstanceType":"","Since":"2026-11-23T10`,
			`"ImageCount":1,"InstanceType":"","Since":"2026-11-23T08`},
		{`"CapturedAt":"2026-12`, `"CapturedAt":"2026-11`},
		{`"Clusters":[]`, `"Clusters":[{"ClusterId":"x"}]`},
	} {
		b := sound.clone()
		line, rest, _ := strings.Cut(string(b.readObject(logKey12)), "\n")
		bare := regexp.MustCompile(`("CommittedAt":"[^"]*","Digest":")[^"]*(","Format")`).ReplaceAllString(line, "$1$2")
		if !strings.Contains(bare, tc.old) {
			t.Fatalf("the checkpoint has no %s:\n%s", tc.old, bare)
		}
		bare = strings.Replace(bare, tc.old, tc.new, 1)
		sum := sha256.Sum256([]byte(bare))
		line = strings.Replace(bare, `","Digest":"","Format"`, `","Digest":"`+hex.EncodeToString(sum[:])+
			`","Format"`, 1)
		b.mem.Spoil(logKey12, []byte(line+"\n"+rest))
		if got := fmt.Sprint(b.verifyRegion().Findings); !strings.Contains(got,
			"the checkpoint of commit 4 is not the state after it") {
			t.Errorf("%s: verify finds %s", tc.new, got)
		}
	}
}
