package format

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/alias"
	"community-images/shared/catalog"
)

// newFullCommit returns a commit with every member, and texts that JSON escapes.
func newFullCommit() *Commit {
	at := catalog.At(time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC))
	cluster := catalog.Cluster{ClusterID: "ehpc-1", InstanceTypes: []string{"ecs.a"}, Name: "\"a\"\n<é>",
		RegionID: "cn-hangzhou", ImageID: "m-1"}
	definition := alias.Definition{Name: "newest", Description: `","CommittedAt":"","Digest":"\` + "\n",
		Lookup: "ClusterId=*&sort=-Size", Pin: &alias.Pin{ImageID: "m-1", Reason: `,"Images":[`, Until: at}}
	return &Commit{
		Aliases: []alias.Change{{Name: "gone"}, {After: &definition, Name: "newest"}},
		Checkpoint: &Checkpoint{
			Aliases:  alias.List{{Definition: definition, Sequence: 5, Since: at}},
			Clusters: []catalog.Cluster{cluster, {ClusterID: "ehpc-2"}},
			Files:    []LogFile{{at, 1, "2026-10", ""}, {at, 7, "2026-11", "h"}},
			Scopes: []ScopeState{{State: StateOK}, {ClusterID: "ehpc-1", Digest: strings.Repeat("a", 64), ImageCount: 3,
				State: StateFailed, Problem: &Problem{Class: "temporary", Message: `],"Previous":"`}}},
			SimulatedUntil: at,
		},
		Clusters:    []ClusterChange{{After: &cluster, ClusterID: "ehpc-1"}, {ClusterID: "ehpc-9"}},
		CommittedAt: at,
		Ended:       []EndedScope{{}, {ClusterID: "ehpc-9"}, {"ehpc-9", "genomics", "ecs.a", true}, {InstanceType: "ecs.b"}},
		Format:      Version,
		Images: []ImageChange{
			{Added: []int{0, 1}, ImageID: "m-1", ImageName: "centos", OtherNames: []OtherName{{"rocky", []int{1}}}},
			{Changed: []FieldChanges{
				{[]catalog.FieldChange{
					{After: json.RawMessage(`[{"a":["x"],"Previous":"y"}]`), Field: "Size"},
					{Before: json.RawMessage(`{"a":[1],"Previous":"b"}`), Field: "New"},
				}, []int{0}},
				{[]catalog.FieldChange{{After: json.RawMessage(`1.5e3`), Before: json.RawMessage(`null`)}}, []int{1}},
			}, ImageID: "m-\u2028", ImageName: `","Images":[`},
			{ImageID: "m-3", Removed: []int{2, 5}},
		},
		Previous: strings.Repeat("b", 64), RegionID: "cn-hangzhou", RunID: "run", Sequence: 7, StartedAt: at,
		Scopes: []ScopeChange{
			{CheckedAt: at, Digest: strings.Repeat("c", 64), ImageCount: 2},
			{CheckedAt: at, ClusterID: "ehpc-1", Digest: strings.Repeat("d", 64), InstanceType: "ecs.a", PreviousLost: true},
		},
		States:    []StateChange{{At: at, To: StateOK}, {at, "ehpc-1", "ecs.a", &Problem{Code: "Throttling"}, StateFailed}},
		Successor: "2026-12", Trigger: "timer",
	}
}

// TestFixedCommitIsWhatEncodingJSONReads: the two ways to read a line agree, also if
// members are missing, and a replay without Images gets everything else.
func TestFixedCommitIsWhatEncodingJSONReads(t *testing.T) {
	t.Parallel()
	for name, drop := range map[string]func(c *Commit){
		"full":          func(*Commit) {},
		"no checkpoint": func(c *Commit) { c.Checkpoint = nil },
		"no aliases":    func(c *Commit) { c.Aliases, c.Checkpoint.Aliases = nil, nil },
		"not simulated": func(c *Commit) { c.Checkpoint.SimulatedUntil = catalog.Time{} },
		"no images":     func(c *Commit) { c.Images = nil },
		"no scopes":     func(c *Commit) { c.Scopes, c.Images = nil, nil },
		"seal":          func(c *Commit) { *c = Commit{Sequence: 3, Successor: "2026-12", Format: Version} },
	} {
		c := newFullCommit()
		drop(c)
		line, _, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		line = line[:len(line)-1]
		var want Commit
		if err := json.Unmarshal(line, &want); err != nil {
			t.Fatal(err)
		}
		got, ok := decodeFixedCommit(string(line))
		if diff := cmp.Diff(&want, got); !ok || diff != "" {
			t.Errorf("%s: %t %s", name, ok, diff)
		}
		want.Images = nil
		got, ok = decodeFixedCommit(cutImages(line))
		if diff := cmp.Diff(&want, got); !ok || diff != "" {
			t.Errorf("%s, without images: %t %s", name, ok, diff)
		}
	}
}

// FuzzCommit: a line that has a digest of its own is read as encoding/json reads it.
func FuzzCommit(f *testing.F) {
	line, _, err := newFullCommit().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Fuzz(func(t *testing.T, line []byte) {
		at := commitDigest.offset(line)
		if stated, ok := commitDigest.stated(line, at); ok {
			line, _ = commitDigest.Fill([]byte(strings.Replace(string(line), stated, "", 1)))
		}
		got, _ := DecodeCommit(line, true)
		var want Commit
		if json.Unmarshal(line, &want) != nil || want.Sequence < 1 {
			if got != nil {
				t.Errorf("%q is read as %+v", line, got)
			}
			return
		}
		if again, err := catalog.MarshalLine(want); err != nil || string(again) != string(line)+"\n" {
			return // in another layout
		}
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("%s\nis read as another commit: %s", line, diff)
		}
	})
}

func BenchmarkParseCommit(b *testing.B) {
	c := &Commit{Format: Version, RegionID: "cn-hangzhou", Sequence: 5, Trigger: "timer",
		Previous: strings.Repeat("a", 64)}
	im := ImageChange{ImageID: "m-bp181x855551ww5yq", ImageName: "centos_7_6", Changed: []FieldChanges{{
		Fields: []catalog.FieldChange{{After: json.RawMessage(`"x"`), Before: json.RawMessage(`"y"`), Field: "Description"}},
	}}}
	for i := range 20 {
		c.Scopes = append(c.Scopes, ScopeChange{CheckedAt: catalog.At(time.Now()), ClusterID: fmt.Sprint("ehpc-hz-", i),
			Digest: strings.Repeat("d", 64), ImageCount: 200})
		im.Changed[0].Scopes = append(im.Changed[0].Scopes, i)
	}
	c.Images = []ImageChange{im}
	line, _, err := c.Encode()
	if err != nil {
		b.Fatal(err)
	}
	line = line[:len(line)-1]
	b.Run("fixed", func(b *testing.B) {
		b.SetBytes(int64(len(line)))
		for b.Loop() {
			DecodeCommit(line, true)
		}
	})
	b.Run("fixed without images", func(b *testing.B) {
		b.SetBytes(int64(len(line)))
		for b.Loop() {
			DecodeCommit(line, false)
		}
	})
	b.Run("encoding json", func(b *testing.B) {
		b.SetBytes(int64(len(line)))
		for b.Loop() {
			_ = json.Unmarshal(line, new(Commit))
		}
	})
}

// TestMembersOfALaterProgramAreIgnored: a line and a head with a member that this program
// does not know, for example the definitions of aliases, are read without it.
func TestMembersOfALaterProgramAreIgnored(t *testing.T) {
	t.Parallel()
	const alias = `{"Aliases":[{"Name":"stable","Rule":"x"}],`
	c := newFullCommit()
	line, _, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	bare := strings.Replace(strings.TrimSuffix(string(line), "\n"), c.Digest, "", 1)
	later, digest := commitDigest.Fill([]byte(strings.Replace(bare, "{", alias, 1)))
	got, intact := DecodeCommit(later, true)
	if got == nil || !intact {
		t.Fatalf("a line with another member is %v, %t", got, intact)
	}
	want := *c
	want.Digest = digest
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("with another member: %s", diff)
	}
	r := &Head{RegionID: "cn-hangzhou", Sequence: 3, CommittedAt: c.CommittedAt}
	r.Log = LogPosition{Month: "2026-11", Length: 100, Hash: strings.Repeat("a", 64)}
	head, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	bareHead := strings.Replace(string(head), string(head[headDigest.offset(head):headDigest.offset(head)+64]), "", 1)
	laterHead, _ := headDigest.Fill([]byte(strings.Replace(bareHead, "{", `{"Aliases":[],`, 1)))
	if h, err := DecodeHead("cn-hangzhou", laterHead); err != nil || h.Sequence != 3 {
		t.Errorf("a head with another member is %+v, %v", h, err)
	}
}
