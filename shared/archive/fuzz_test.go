package archive_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/archive/fsck"
)

func FuzzKeys(f *testing.F) {
	for _, key := range []string{headKey, indexKey, logKey11, logKey11 + ".copy",
		"community-images/v1/r/clusters/_any/_any/x.json",
		"community-images/v1/../head.json"} {
		f.Add(key)
	}
	digest := strings.Repeat("0", 64)
	for _, key := range []string{ // names that look like others, and steps that are none
		"community-images/v1/_any/head.json", "community-images/v1/r/clusters/_any/_any/" + digest + ".json",
		"community-images/v1/r/clusters/_any/x/" + strings.Repeat("A", 64) + ".json",
		"community-images/v1/r/clusters/a//" + digest + ".json", "community-images/v1/r/clusters/_any/.../" + digest +
			".json", "community-images/v1/log/log/0000-01.ndjson", "community-images/v1/r/log/2026-1.ndjson",
		"community-images/v1/r/log/-001-01.ndjson", "community-images/v1/r/log/2026-11.ndjson/",
		"community-images/v1/" + strings.Repeat("r", 129) + "/head.json", "community-images/v1/\xff/head.json",
		"community-images/v1/r\x00/head.json",
	} {
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
		case archive.IndexKind:
			back, err = keys.Index(p.Region)
		case archive.LogKind:
			back, err = keys.Log(p.Region, p.Month)
		case archive.LogCopyKind:
			back, err = keys.LogCopy(p.Region, p.Month)
		case archive.SnapshotKind:
			back, err = keys.Snapshot(p.Scope, p.Digest)
		}
		if err != nil || back != key {
			t.Fatalf("Parse(%q) = %+v, and that builds %q, %v", key, p, back, err)
		}
	})
}

// FuzzStored feeds a reader whatever a bucket may return: an answer or an
// error that names an object, never a panic, and never a state that a second reading contradicts.
func FuzzStored(f *testing.F) {
	b := newFixture(&testing.T{})
	b.commitStep("a")
	b.commitStep("b")
	f.Add(b.readObject(headKey), b.readObject(logKey11), uint16(0), false)
	f.Add([]byte(nil), b.readObject(logKey11), uint16(700), true)
	f.Add([]byte("{}"), []byte("{\"Sequence\":1}\n\n{"), uint16(3), false)
	for _, log := range corruptLogs(b.readObject(logKey11)) {
		f.Add(b.readObject(headKey), log, uint16(100), false)
		f.Add([]byte(`{"Sequence":0}`), log, uint16(0), true)
	}
	f.Fuzz(func(t *testing.T, head, log []byte, piece uint16, isForged bool) {
		if isForged {
			log = withDigests(log)
		}
		b := newFixture(t)
		b.putObject(headKey, head)
		b.putObject(logKey11, log)
		a := newPiecedArchive(b.bucket, b.keys, pieceSizeFor(piece, log))
		r, err := a.Now(context.Background(), region, nil)
		var damaged *format.DamagedError
		if err != nil {
			if !errors.As(err, &damaged) && !errors.Is(err, archive.ErrNoData) {
				t.Fatal(err)
			}
			if damaged == nil {
				return
			}
			if _, foreign := b.keys.Parse(damaged.Key); foreign != nil {
				t.Fatalf("%v: %v", err, foreign)
			}
			return
		}
		again, err := a.Now(context.Background(), region, r)
		if err != nil || again.Sequence != r.Sequence {
			t.Fatalf("read twice: sequence %d, then %+v, %v", r.Sequence, again, err)
		}
		for _, err := range a.Commits(context.Background(), r, 1) {
			var early *archive.TooEarlyError
			if err != nil && !errors.As(err, &damaged) && !errors.As(err, &early) && !errors.Is(err, archive.ErrNoData) {
				t.Fatal(err)
			}
		}
		if _, err := fsck.Verify(context.Background(), a, region); err != nil {
			t.Fatal(err)
		}
	})
}

// statedDigest matches the digest of a line.
var statedDigest = regexp.MustCompile(`("CommittedAt":"[^"]*","Digest":")[0-9a-f]{64}(",")`)

// withDigests gives the lines of a log that state a digest one that fits, so that what
// they say is looked at.
func withDigests(log []byte) []byte {
	var out []byte
	for line := range bytes.Lines(log) {
		bare, ending := bytes.CutSuffix(line, []byte("\n"))
		out = append(out, withDigest(string(statedDigest.ReplaceAll(bare, []byte("$1$2"))))...)
		if ending {
			out = append(out, '\n')
		}
	}
	return out
}

// corruptLogs returns logs whose lines say whatever they like, with digests that fit, and
// altered copies of a sound log.
func corruptLogs(sound []byte) [][]byte {
	first := func(sequence, more string) string {
		line := `{"CommittedAt":"2026-11-23T10:00:00.000Z","Digest":"","Format":2,"RegionId":"cn-hangzhou","Sequence":` +
			sequence + more + `}`
		if strings.Contains(line, "PREVIOUS") {
			return line // chained gives it a digest
		}
		return withDigest(line)
	}
	const empty = `,"Checkpoint":{}`
	chained := func(line, more string) []byte {
		hash := sha256.Sum256([]byte(line))
		return []byte(line + "\n" + withDigest(strings.Replace(more, "PREVIOUS", hex.EncodeToString(hash[:]), 1)) + "\n")
	}
	file := `{"FirstCommittedAt":"2026-11-23T10:00:00Z","FirstSequence":1,"Month":"2026-11"}`
	return [][]byte{
		[]byte(first("1000000000000", empty)),       // as if there had been many commits
		[]byte(first("9223372036854775807", empty)), // and no number for the next
		[]byte(first("-1", empty)), []byte(first("1e3", empty)), []byte(first("1", "")),
		[]byte(first("1", `,"Checkpoint":null`)), []byte(first("1", `,"checkpoint":{"Scopes":null,"scopes":[{},{}]}`)),
		[]byte(first("1", empty+`,"Successor":"2026-11"`)), // a seal that names its own month
		[]byte(first("1", empty+`,"Successor":"../head"`)), // and one that names none
		[]byte(first("1", empty+`,"Successor":"2026-12"`)), // and one that does not begin
		[]byte(first("1", `,"Checkpoint":{"Files":[`+file+`,`+file+
			`,{"Month":"x","FirstSequence":-5},{"FirstSequence":9223372036854775807}]}`)),
		[]byte(first("1",
			`,"Checkpoint":{"Clusters":[{"ClusterId":"b"},{"ClusterId":"a"},{"ClusterId":"a"}],`+
				`"Scopes":[{"ClusterId":"b"},{"ClusterId":"\ud800"},{}]}`)),
		chained(first("1", empty),
			first("2", `,"Previous":"PREVIOUS","Scopes":[{"ClusterId":"../x","Digest":"z"},{"Digest":"`+
				strings.Repeat("0", 64)+`"},{"Digest":"z"}],"Images":[{"Changed":[{"Fields":[{"After":1e999}],`+
				`"Scopes":[0,1,3]}]},{"ImageId":"b","Removed":[3]},{"Added":[0],"ImageId":"a"},{"ImageId":"a"}],`+
				`"Ended":[{},{}],"States":[{"To":"?"}],"Clusters":[{},{"After":{}}]`)),
		chained(first("1", empty), first("2", `,"Previous":"PREVIOUS","Images":[{"Added":[0]}]`)), // of no scope
		chained(first("1", empty), first("2", `,"Previous":"PREVIOUS","Scopes":[{}],"Images":[{"Added":[0,0]}]`)),
		chained(first("1", empty), first("2", `,"Previous":"PREVIOUS","Scopes":[{}],"Images":[{"Removed":[-1]}]`)),
		bytes.ReplaceAll(sound, []byte(`"Format":2`), []byte(`"Format":3`)),
		// a commit before the one before it
		chained(first("1", empty), strings.Replace(first("2", `,"Previous":"PREVIOUS"`), "2026", "0000", 1)),
		bytes.ReplaceAll(sound, []byte("Digest"), []byte("digest")),
		bytes.ReplaceAll(sound, []byte(`,"Digest"`), []byte(`,"DIGEST":null,"Digest"`)),
		bytes.ReplaceAll(sound, []byte("\n"), []byte("\r\n")),
		bytes.ReplaceAll(sound, []byte("cn-hangzhou"), []byte("cn-hang\xffhou")),
		append([]byte("\xef\xbb\xbf"), sound...),                          // a byte order mark
		append(bytes.Repeat([]byte("[\n"), 200), sound...),                // lines that are none
		[]byte(strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)), // nested deeper than a parser goes
	}
}

// pieceSizeFor makes no more than some pieces of a log: it is not the requests that are
// to be tested.
func pieceSizeFor(piece uint16, log []byte) int64 { return 1 + int64(piece) + int64(len(log))/32 }

// FuzzPieces reads whatever a log may hold whole and in pieces: all that is
// found is the same.
func FuzzPieces(f *testing.F) {
	b := newFixture(&testing.T{})
	b.commitStep("a")
	known := b.readNow()
	b.commitStep("b")
	b.commitStep("c")
	for name, spoil := range damages {
		f.Add(spoil(b.readObject(logKey11)), uint16(len(name)*30), len(name)%2 == 0)
	}
	head := b.readObject(headKey)
	for _, log := range corruptLogs(b.readObject(logKey11)) {
		f.Add(log, uint16(100), true)
		f.Add(log, uint16(0), false)
	}
	f.Fuzz(func(t *testing.T, log []byte, piece uint16, withHead bool) {
		b := newFixture(t)
		b.putObject(logKey11, log)
		if withHead {
			b.putObject(headKey, head)
		}
		size := pieceSizeFor(piece, log)
		if diff := cmp.Diff(readEverything(newPiecedArchive(b.bucket, b.keys, wholeFile), known),
			readEverything(newPiecedArchive(b.bucket, b.keys, size), known)); diff != "" {
			t.Fatalf("in pieces of %d bytes (-whole +pieces):\n%s", size, diff)
		}
	})
}
