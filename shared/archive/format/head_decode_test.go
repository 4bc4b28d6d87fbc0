package format

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/alias"
	"community-images/shared/catalog"
)

// sampleRegions returns states whose heads have every member, and every kind of text
// that could be taken for the end of a table.
func sampleRegions() map[string]*Head {
	at := func(n int64) catalog.Time { return catalog.At(time.Unix(1764000000+n, 0)) }
	traps := "\"quoted\" \\ ],\"Sequence\": ,\"Scopes\":[ ,\"UpstreamClusters\": ],\"CommittedAt\":\" <&> \u2028 " +
		"\x00 雲 𝕏"
	full := &Head{
		RegionID: "cn-hangzhou", Sequence: 7, CommittedAt: at(1),
		clusters: []catalog.Cluster{
			{ClusterID: "ehpc-1", ImageID: traps, ImageOwnerAlias: "self", InstanceTypes: []string{"ecs.a", "ecs.b"},
				Name: traps, OsTag: traps, RegionID: "cn-hangzhou", SchedulerType: "slurm"},
			{ClusterID: "ehpc-2", InstanceTypes: []string{}, RegionID: "cn-hangzhou"},
			{ClusterID: "ehpc-3", RegionID: "cn-hangzhou"},
		},
		scopes: []ScopeState{
			{State: StateFailed, Since: at(2), TriedAt: at(3),
				Problem: &Problem{Class: "temporary", Code: traps, Message: traps, RequestID: "r"}},
			{ClusterID: "ehpc-1", CapturedAt: at(1), CheckedAt: at(1), Digest: strings.Repeat("d", 64),
				Fingerprint: strings.Repeat("f", 64), ImageCount: 200, Since: at(1), State: StateOK, TriedAt: at(1)},
			{ClusterID: "ehpc-1", InstanceType: "ecs.a", State: StateHeld,
				Candidate: &Candidate{Digest: strings.Repeat("c", 64), ImageCount: 1, Seen: 2, Since: at(4)},
				Problem:   &Problem{}},
		},
		Aliases: alias.List{{Definition: alias.Definition{Name: "newest", Description: traps + `"Clusters":[`, Lookup: traps,
			Pin: &alias.Pin{ImageID: traps, Reason: traps}}, Sequence: 3, Since: at(3)}},
		Files: []LogFile{{FirstCommittedAt: at(1), FirstSequence: 1, Month: "2025-11"}},
		HeadInfo: HeadInfo{
			Discovery: Discovery{TriedAt: at(5), Problem: &Problem{Message: traps}},
			Run:       RunInfo{RunID: "run-1", Trigger: traps}, IndexSequence: 6,
			IndexImages: IndexImages{Count: 5, IDsDigest: strings.Repeat("d", 64), IDsLength: 300},
			Upstream: json.RawMessage(
				`[{"Id":"ehpc-1","Scopes":[1],"Sequence":2,"UpstreamClusters":[],"CommittedAt":"x","Digest":"y"}]`),
		},
		Log: LogPosition{Month: "2025-11", Length: 100, Hash: strings.Repeat("a", 64)},
	}
	return map[string]*Head{"full": full, "empty": {RegionID: "cn-hangzhou"}}
}

func TestHeadIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	for name, r := range sampleRegions() {
		data, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		var want storedHead
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		got, ok := decodeAllOfFixedHead(data, headDigest.offset(data))
		if !ok {
			t.Errorf("%s: has to be read by encoding/json:\n%s", name, data)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: is not read as by encoding/json:\n%s", name, diff)
		}
		if back, err := DecodeHead(r.RegionID, data); err != nil && r.Sequence > 0 {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(r, decodeTables(back), cmp.AllowUnexported(Head{}, LogPosition{})); r.Sequence > 0 && diff != "" {
			t.Errorf("%s: comes back as another state:\n%s", name, diff)
		}
	}
}

// TestHeadInAnotherLayout: whoever has written a head, it is read, if its digest
// is right, and in canonical order.
func TestHeadInAnotherLayout(t *testing.T) {
	t.Parallel()
	written := sampleRegions()["full"]
	turned := *written
	turned.scopes = []ScopeState{written.scopes[2], written.scopes[1], {State: StateOK}, written.scopes[0]}
	turned.clusters = []catalog.Cluster{written.clusters[2], {ClusterID: "ehpc-1"}, written.clusters[0],
		written.clusters[1]}
	plain, err := written.Encode()
	if err != nil {
		t.Fatal(err)
	}
	shuffled, err := turned.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"as it is written":            plain,
		"its tables in another order": shuffled,
		"a space in the scopes":       editHead(plain, `,"Scopes":[`, `,"Scopes":[ `),
		"a space in the clusters":     editHead(plain, `,"Clusters":[`, `,"Clusters":[ `),
		"a member that nobody knows":  editHead(plain, `"ImageCount":`, `"Hint":{},"ImageCount":`),
		"a time of another precision": editHead(plain, `.000Z"`, `Z"`),
	} {
		got, err := DecodeHead(written.RegionID, data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(written, decodeTables(got), cmp.AllowUnexported(Head{}, LogPosition{})); diff != "" {
			t.Errorf("%s: is another state:\n%s", name, diff)
		}
	}
}

// TestHeadThatCannotBeDecoded: a digest proves who wrote it, not that it can be read.
func TestHeadThatCannotBeDecoded(t *testing.T) {
	t.Parallel()
	written := sampleRegions()["full"]
	plain, err := written.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"a count that is no plain digit": editHead(plain, `"Seen":2,`, `"Seen":2e0,`),
		"an escape that JSON lacks":      editHead(plain, `\u2028`, `\x2028`),
		"a table that does not end":      editHead(plain, `],"Sequence":`, `,"Sequence":`),
		"a text that does not end":       editHead(plain, `slurm"`, `slurm`),
	} {
		if bytes.Equal(data, plain) {
			t.Errorf("%s: nothing was changed", name)
		}
		if _, err := DecodeHead(written.RegionID, data); err == nil {
			t.Errorf("%s: is accepted", name)
		}
	}
}

// TestHeadWithoutProof: what states no digest, or one that is not where it
// belongs, is refused, and so is a commit without its time.
func TestHeadWithoutProof(t *testing.T) {
	t.Parallel()
	written := sampleRegions()["full"]
	plain, err := written.Encode()
	if err != nil {
		t.Fatal(err)
	}
	digest := string(headDigest.value(plain))
	for name, tc := range map[string]struct{ old, new string }{
		"an empty digest":           {digest, ""},
		"no digest":                 {`"Digest":"` + digest + `",`, ""},
		"a digest of another name":  {`"Digest":"` + digest, `"Eigest":"` + digest},
		"a digest in lower case":    {`"Digest":"` + digest, `"digest":"` + digest},
		"a space before the digest": {`"Digest":"` + digest, `"Digest": "` + digest},
		"no time before the digest": {`"CommittedAt":"2`, `"BommittedAt":"2`},
		"the time in lower case":    {`"CommittedAt":"2`, `"committedAt":"2`},
		"neither its time nor a digest": {`"CommittedAt":"` + written.CommittedAt.String() + `","Digest":"` + digest +
			`",`, ""},
		"nothing after the digest":  {string(plain[headDigest.offset(plain)+64:]), ""},
		"a commit without its time": {},
	} {
		data := bytes.Replace(plain, []byte(tc.old), []byte(tc.new), 1)
		if tc.old == "" {
			data = editHead(plain, `"CommittedAt":"`+written.CommittedAt.String(), `"CommittedAt":"`)
		} else if bytes.Equal(data, plain) {
			t.Fatalf("%s: the head has no %s", name, tc.old)
		}
		if r, err := DecodeHead(written.RegionID, data); err == nil {
			t.Errorf("%s: is read as %+v", name, r)
		}
	}
}

// decodeAllOfFixedHead is decodeFixedHead with the tables in the head.
func decodeAllOfFixedHead(data []byte, at int) (storedHead, bool) {
	h, tables, ok := decodeFixedHead(data, at, func(LogPosition) {})
	if ok {
		h.Clusters, h.Scopes = tables.clusters.allRows(), tables.scopes.allRows()
	}
	return h, ok
}

// decodeTables returns r with all of its tables decoded.
func decodeTables(r *Head) *Head { return r.WithTables(r.Scopes(), r.Clusters()) }

// value returns the digest that data states.
func (f DigestField) value(data []byte) []byte { at := f.offset(data); return data[at : at+64] }

// editHead replaces text in a head and gives it a digest that fits.
func editHead(data []byte, before, after string) []byte {
	data = bytes.Replace(data, headDigest.value(data), nil, 1)
	out, _ := headDigest.Fill(bytes.Replace(data, []byte(before), []byte(after), 1))
	return out
}

// FuzzHead: what Head.Encode may have written is read in its form, and as
// encoding/json reads it. A head whose tables are in another order, which the
// reader of the form leaves to encoding/json, is never taken for one. Nothing
// that states its digest makes a reader panic.
func FuzzHead(f *testing.F) {
	for _, r := range sampleRegions() {
		data, err := r.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(editHead(data, `"ehpc-2"`, `"ehpcF2"`))                         // clusters in another order
		f.Add(editHead(data, `"ClusterId":"","D`, `"ClusterId":"ehpc-9","D`)) // and scopes
		f.Add(editHead(data, `"ImageCount":1,`, `"ImageCount":-1,`))
		for _, change := range []struct{ old, new string }{
			{`"Index":`, `"Index":-`}, {`"Index":6`, `"Index":9223372036854775807`},
			{`"Index":6`, `"Index":1e0`}, {`"Index":6`, `"Index":null`},
			{`"Files":[]`, `"Files":null`}, {`"InstanceTypes":[]`, `"InstanceTypes":null`},
			{`"InstanceTypes":[]`, `"InstanceTypes":[""]`}, {`"Clusters":[]`, `"Clusters":null`},
			// twice, and none
			{`"ClusterId":"ehpc-2"`, `"ClusterId":"ehpc-1"`},
			{`"ClusterId":"ehpc-1","InstanceTypes":["ecs.a"`, `"ClusterId":"","InstanceTypes":[""`},
			// a name in another case, and twice
			{`"ClusterId":"ehpc-1","D`, `"ClusterId":"ehpc-1","d`}, {`"RegionId"`, `"RegionId":"","RegionId"`},
			{`"Since":"2`, `"Since":"0`}, {`"Since":"2`, `"Since":"9`}, {`"CheckedAt":""`, `"CheckedAt":null`},
			{`.000Z"`, `,000Z"`}, {`.000Z"`, `.000+00:00"`}, {`"CheckedAt":""`, `"CheckedAt":"\u0032"`},
			// texts that have other spellings
			{`slurm`, "\xff\xe2\x80\xa8\x7f"}, {`slurm`, `\ud800`}, {`slurm`, "\uFFFD\U0010FFFF"}, {`"slurm"`, `null`},
			{`"slurm"`, `"\/\u003c"`},
			{`"UpstreamClusters":[`, `"UpstreamClusters":null,"x":[`},
			{`"UpstreamClusters":[`, `"UpstreamClusters":[{},`},
			{`"UpstreamClusters":[`, `"UpstreamClusters":[{"CommittedAt":"","Digest":"","Discovery":0},`},
			{`"UpstreamClusters":[`, "\"UpstreamClusters\":[\"\xff\","},
			{`"Id":"ehpc-1","Scopes":[1]`, `"Id":"],\"Sequence\":","Scopes":[{"CapturedAt":"}]`},
			{`"Trigger":"`, `"Trigger":",\"Scopes\":[`}, {`"Trigger":"`, `"Trigger":",`},
			{`"Month":"2025-11"`, `"Month":","`}, {"}\n", "}"}, {"}\n", "}\n\n"}, {"}\n", "} \n"},
		} {
			f.Add(editHead(data, change.old, change.new))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if at := headDigest.offset(data); at < 0 || len(data) < at+64 {
			return
		}
		bare := bytes.Replace(data, headDigest.value(data), nil, 1)
		if headDigest.offset(bare) < 0 { // it was in two of its places
			return
		}
		data, _ = headDigest.Fill(bare)
		at := headDigest.offset(data)
		if at < 0 {
			return
		}
		got, ok := decodeAllOfFixedHead(data, at)
		var want storedHead
		if json.Unmarshal(data, &want) != nil {
			return
		}
		want.Clusters, want.Scopes = nonNil(want.Clusters), nonNil(want.Scopes) // as Head.Encode has them
		if again, err := catalog.MarshalLine(want); err != nil || !bytes.Equal(data, again) {
			return // in another form
		}
		var ordered Head
		ordered.setTables(want.Clusters, nil, want.Scopes)
		if !cmp.Equal(ordered.clusters, want.Clusters) || !cmp.Equal(ordered.scopes, want.Scopes) {
			if ok {
				t.Errorf("%s\nis read as if its tables were in order", data)
			}
			return
		}
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%s\nis read as another head: %t %s", data, ok, diff)
		}
	})
}
