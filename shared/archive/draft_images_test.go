package archive_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// newNamedCheck returns a check of a scope that found images, which are given as
// "id", "id:name" or "id:name=status".
func (b *fixture) newNamedCheck(base *archive.Region, scope catalog.Scope, specs ...string) archive.Check {
	b.t.Helper()
	c := b.newCheck(base, scope, "replaced below")
	var images []*catalog.Image
	for _, spec := range specs {
		spec, status, hasStatus := strings.Cut(spec, "=")
		id, name, hasName := strings.Cut(spec, ":")
		object := map[string]string{"ImageId": id}
		if hasName {
			object["ImageName"] = name
		}
		if hasStatus {
			object["Status"] = status
		}
		data, err := json.Marshal(object)
		if err != nil {
			b.t.Fatal(err)
		}
		im, err := catalog.ParseImage(data)
		if err != nil {
			b.t.Fatal(err)
		}
		images = append(images, im)
	}
	c.Snapshot = catalog.NewSnapshot(scope, c.At, "req", images)
	c.Fingerprint = "f" + c.Snapshot.Digest
	return c
}

// renderImageChanges renders what a commit says of images, one a line: the scopes that
// added (+), removed (-) and changed it.
func renderImageChanges(c *format.Commit) string {
	var out strings.Builder
	name := func(numbers []int) string {
		var list []string
		for _, n := range numbers {
			list = append(list, c.Scope(n).ClusterID)
		}
		return strings.Join(list, ",")
	}
	for _, im := range c.Images {
		fmt.Fprintf(&out, "%s %q", im.ImageID, im.ImageName)
		if len(im.Added) > 0 {
			fmt.Fprintf(&out, " +%s", name(im.Added))
		}
		if len(im.Removed) > 0 {
			fmt.Fprintf(&out, " -%s", name(im.Removed))
		}
		for _, group := range im.Changed {
			out.WriteString(" (")
			for _, f := range group.Fields {
				fmt.Fprintf(&out, "%s %s>%s ", f.Field, f.Before, f.After)
			}
			fmt.Fprintf(&out, "in %s)", name(group.Scopes))
		}
		for _, other := range im.OtherNames {
			fmt.Fprintf(&out, " [%q in %s]", other.ImageName, name(other.Scopes))
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// TestImageChangesOfACommit: a commit says each change of an image once, with the
// scopes that it concerns and the name of the image.
func TestImageChangesOfACommit(t *testing.T) {
	t.Parallel()
	type contents map[string][]string // by cluster
	for name, tc := range map[string]struct {
		before, after contents
		ended         []string // clusters
		want          string
	}{
		"a change that several scopes share": {
			contents{"c1": {"a:A=x"}, "c2": {"a:A=x", "b:B"}, "c3": {"a:A=x"}, "c4": {"a:A=x"}},
			contents{"c1": {"a:A=y"}, "c2": {"a:A=y", "b:B"}, "c4": {"a:A=y"}}, nil,
			`a "A" (Status "x">"y" in c1,c2,c4)` + "\n",
		},
		"the content differs between clusters": {
			contents{"c1": {"a:A=x"}, "c2": {"a:A=w"}, "c3": {"a:A=x"}},
			contents{"c1": {"a:A=y"}, "c2": {"a:A=y"}, "c3": {"a:A=y"}}, nil,
			`a "A" (Status "x">"y" in c1,c3) (Status "w">"y" in c2)` + "\n",
		},
		"added here, removed there, changed elsewhere": {
			contents{"c1": {}, "c2": {"a:A"}, "c3": {"a:A=x"}, "c4": {}},
			contents{"c1": {"a:A"}, "c2": {}, "c3": {"a:A=y"}, "c4": {"a:A"}}, nil,
			`a "A" +c1,c4 -c2 (Status "x">"y" in c3)` + "\n",
		},
		"several images are sorted": {
			contents{"c1": {"b:B"}, "c2": {"d:D"}}, contents{"c1": {"c:C", "a:A"}, "c2": {"d:D=x"}}, nil,
			"a \"A\" +c1\nb \"B\" -c1\nc \"C\" +c1\n" + `d "D" (Status >"x" in c2)` + "\n",
		},
		"a renamed image has the new name": {
			contents{"c1": {"a:old"}, "c2": {"a:old"}}, contents{"c1": {}, "c2": {"a:new"}}, nil,
			`a "new" -c1 (ImageName "old">"new" in c2) ["old" in c1]` + "\n",
		},
		"clusters call an image by several names": {
			contents{"c1": {}, "c2": {}, "c3": {}, "c4": {"a:Z"}},
			contents{"c1": {"a:A"}, "c2": {"a:B"}, "c3": {"a:B"}, "c4": {}}, nil,
			`a "A" +c1,c2,c3 -c4 ["B" in c2,c3] ["Z" in c4]` + "\n",
		},
		"a removed image has the name that it had": {
			contents{"c1": {"a:A", "b:B"}}, contents{"c1": {"b:B"}}, nil, `a "A" -c1` + "\n",
		},
		"an image loses its name": {
			contents{"c1": {"a:A"}}, contents{"c1": {"a"}}, nil, `a "" (ImageName "A"> in c1)` + "\n",
		},
		"an image without a name": {
			contents{"c1": {}, "c2": {"b"}}, contents{"c1": {"a"}, "c2": {}}, nil, "a \"\" +c1\nb \"\" -c2\n",
		},
		"an id with two entries": {
			contents{"c1": {"a:A=x", "a:A=y"}, "c2": {"a:A=x"}},
			contents{"c1": {"a:A=x", "a:A=z"}, "c2": {"a:A=x", "a:A=z"}}, nil,
			`a "A" (Status "y">"z" in c1) ( >{"ImageId":"a","ImageName":"A","Status":"z"} in c2)` + "\n",
		},
		"an id with two entries is removed once": {
			contents{"c1": {"a:A=x", "a:A=y"}}, contents{"c1": {}}, nil, `a "A" -c1` + "\n",
		},
		"a scope ends and one begins": {
			contents{"c1": {"a:A", "b:B"}, "c3": {"a:A"}},
			contents{"c2": {"b:B=x", "c:C"}, "c3": {"a:A", "c:C"}}, []string{"c1"},
			"a \"A\" -c1\nb \"B\" +c2 -c1\nc \"C\" +c2,c3\n",
		},
		"all scopes end": {
			contents{"c1": {"a:A"}, "c2": {"a:A"}}, contents{}, []string{"c2", "c1"}, `a "A" -c1,c2` + "\n",
		},
		"the entries only change their order": {contents{"c1": {"a", "b"}}, contents{"c1": {"b", "a"}}, nil, ""},
	} {
		b := newFixture(t)
		commit := func(found contents, ended []string) *format.Commit {
			base, run := b.loadBase(), b.newRun()
			for _, cluster := range []string{"c4", "c2", "c3", "c1"} { // the commit sorts them
				if specs, ok := found[cluster]; ok {
					run.Checks = append(run.Checks, b.newNamedCheck(base, scopeOf(cluster, ""), specs...))
				}
			}
			for _, cluster := range ended {
				run.Ended = append(run.Ended, scopeOf(cluster, ""))
			}
			return b.commit(base, run).Commit
		}
		commit(tc.before, nil)
		c := commit(tc.after, tc.ended)
		if c == nil {
			c = &format.Commit{}
		}
		if got := renderImageChanges(c); got != tc.want {
			t.Errorf("%s: the commit says\n%swant\n%s", name, got, tc.want)
		}
		if audit := b.verifyRegion(); len(audit.Findings) > 0 {
			t.Errorf("%s: verify finds %v", name, audit.Findings)
		}
	}
}

// TestLineOfACommit: the stored line has the scopes with other content and those that
// ended, and names them by numbers beside each image.
func TestLineOfACommit(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	base := b.loadBase()
	b.commit(base, b.newRun(b.newNamedCheck(base, scopeOf("c1", ""), "a:A=x"),
		b.newNamedCheck(base, scopeOf("c2", ""), "a:A=x")))
	base = b.loadBase()
	run := b.newRun(b.newNamedCheck(base, scopeOf("c2", ""), "a:A=y"),
		b.newNamedCheck(base, scopeOf("", "t"), "a:A=y"))
	run.Ended = []catalog.Scope{scopeOf("c1", "")}
	c := b.commit(base, run).Commit
	first, second := c.Scopes[0].Digest, c.Scopes[1].Digest
	_, line, _ := strings.Cut(strings.TrimSuffix(string(b.readObject(logKey11)), "\n"), "\n")
	want := `{"CommittedAt":"2026-11-23T09:00:00.000Z","Digest":"` + c.Digest + `","Ended":[{"ClusterId":"c1"}],` +
		`"Format":2,"Images":[{"Added":[0],` +
		`"Changed":[{"Fields":[{"After":"y","Before":"x","Field":"Status"}],"Scopes":[1]}],` +
		`"ImageId":"a","ImageName":"A","Removed":[2]}],"Previous":"` + c.Previous + `","RegionId":"cn-hangzhou",` +
		`"RunId":"run-2","Scopes":[{"CheckedAt":"2026-11-23T09:00:00.000Z","Digest":"` + first + `","ImageCount":1,` +
		`"InstanceType":"t"},{"CheckedAt":"2026-11-23T09:00:00.000Z","ClusterId":"c2","Digest":"` + second + `",` +
		`"ImageCount":1}],"Sequence":2,"StartedAt":"2026-11-23T09:00:00.000Z","Trigger":"timer"}`
	if line != want {
		t.Errorf("the line is\n%s\nwant\n%s", line, want)
	}
}

// forgeLine replaces text in the last line of the log of November and gives the line a
// digest that fits. There is no head then.
func (b *fixture) forgeLine(old, new string) {
	b.t.Helper()
	log := strings.TrimSuffix(string(b.readObject(logKey11)), "\n")
	at := strings.LastIndexByte(log, '\n') + 1
	line := log[at:]
	begin := strings.Index(line, `"Digest":"`) + len(`"Digest":"`)
	if i := strings.Index(line, `"CommittedAt":"`); i > 0 { // after the checkpoint
		begin = i + strings.Index(line[i:], `"Digest":"`) + len(`"Digest":"`)
	}
	line = line[:begin] + line[begin+64:]
	if !strings.Contains(line, old) {
		b.t.Fatalf("the line has no %s:\n%s", old, line)
	}
	b.mem.Spoil(logKey11, []byte(log[:at]+withDigest(strings.Replace(line, old, new, 1))+"\n"))
	b.mem.Spoil(headKey, nil)
}

// TestImpossibleNumbersAreDamage: a line that names scopes which it does not have, or
// not in ascending order, is refused even with a digest that fits.
func TestImpossibleNumbersAreDamage(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		old, new string
		isSound  bool
	}{
		{`"Added":[0]`, `"Added":[0]`, true}, // the digest alone is no reason
		{`"Added":[0]`, `"Added":[1]`, true}, // this is verify's matter
		{`"Added":[0]`, `"Added":[2]`, true}, {`"Added":[0]`, `"Added":[3]`, false},
		{`"Added":[0]`, `"Added":[-1]`, false}, {`"Added":[0]`, `"Added":[0,0]`, false},
		{`"Added":[0]`, `"Added":[1,0]`, false},
		{`"Added":[0]`, `"Added":[9223372036854775807]`, false},
		{`"Removed":[2]`, `"Removed":[3]`, false}, {`"Removed":[2]`, `"Removed":[2,2]`, false},
		{`"Scopes":[1]}`, `"Scopes":[3]}`, false}, {`"Scopes":[1]}`, `"Scopes":[-1]}`, false},
		{`"Scopes":[1]}`, `"Scopes":[1,1]}`, false}, {`"Scopes":[1]}`, `"Scopes":[2,1]}`, false},
		{`"Ended":[{"ClusterId":"c1"}],`, ``, false}, // takes its number away
	} {
		b := newFixture(t)
		base := b.loadBase()
		b.commit(base, b.newRun(b.newNamedCheck(base, scopeOf("c1", ""), "a=x"),
			b.newNamedCheck(base, scopeOf("c2", ""), "a=x")))
		base = b.loadBase()
		run := b.newRun(b.newNamedCheck(base, scopeOf("", ""), "a=y"),
			b.newNamedCheck(base, scopeOf("c2", ""), "a=y"))
		run.Ended = []catalog.Scope{scopeOf("c1", "")}
		b.commit(base, run)
		b.forgeLine(tc.old, tc.new)
		a := archive.New(b.mem, b.keys)
		now, err := a.Now(t.Context(), region, nil)
		if err != nil { // whoever wants the state alone need not read the images
			t.Errorf("%s instead of %s: the state: %v", tc.new, tc.old, err)
			continue
		}
		for _, err = range a.Commits(t.Context(), now, 1) {
		}
		var damaged *format.DamagedError
		if isDamaged := errors.As(err, &damaged); isDamaged == tc.isSound || isDamaged && damaged.Key != logKey11 {
			t.Errorf("%s instead of %s: %v", tc.new, tc.old, err)
		}
		if found := fmt.Sprint(b.verifyRegion().Findings); tc.old != tc.new && !strings.Contains(found, logKey11) {
			t.Errorf("%s instead of %s: verify finds %s", tc.new, tc.old, found)
		}
	}
}

// TestVerifyProvesImageChanges: a line that agrees with its digest and not with the
// snapshots is found, whatever it says.
func TestVerifyProvesImageChanges(t *testing.T) {
	t.Parallel()
	const whole = `{"Added":[0],"ImageId":"b","ImageName":"B"}`
	for name, tc := range map[string]struct{ old, new, want string }{
		"another id":           {`"ImageId":"b"`, `"ImageId":"c"`, "another difference"},
		"another name":         {`"ImageName":"B"`, `"ImageName":"X"`, "another difference"},
		"another value before": {`"Before":"x"`, `"Before":"z"`, "another difference"},
		"another field":        {`"Field":"Status"`, `"Field":"Size"`, "another difference"},
		"removed instead of added": {`"Added":[0],"ImageId":"b","ImageName":"B"`,
			`"ImageId":"b","ImageName":"B","Removed":[0]`, "another difference"},
		"an image is missing":        {whole, `{"Added":[0],"ImageId":"z","ImageName":""}`, "another difference"},
		"an image twice":             {whole, whole + "," + whole, "another difference"},
		"an image that is not there": {whole, whole + `,{"ImageId":"c","ImageName":""}`, "another difference"},
		"a scope too many":           {`"Scopes":[0,1]}`, `"Scopes":[0,1,2]}`, "another difference"},
		"a scope too few":            {`"Scopes":[0,1]}`, `"Scopes":[0]}`, "another difference"},
		"two groups of one change": {`"Fields":[{"After":"y","Before":"x","Field":"Status"}],"Scopes":[0,1]`,
			`"Fields":[{"After":"y","Before":"x","Field":"Status"}],"Scopes":[0]},` +
				`{"Fields":[{"After":"y","Before":"x","Field":"Status"}],"Scopes":[1]`, "another difference"},
		"content that is not lost": {`{"ClusterId":"c3"}`, `{"ClusterId":"c3","PreviousLost":true}`, "another difference"},
		"another count":            {`"ImageCount":2`, `"ImageCount":3`, "counts 3 images"},
		"a scope that was not there ends": {`{"ClusterId":"c3"}`, `{"ClusterId":"c3"},{"ClusterId":"c9"}`,
			"which was not there"},
	} {
		b := newFixture(t)
		c1, c2, c3 := scopeOf("c1", ""), scopeOf("c2", ""), scopeOf("c3", "")
		base := b.loadBase()
		b.commit(base, b.newRun(b.newNamedCheck(base, c1, "a:A=x"), b.newNamedCheck(base, c2, "a:A=x"),
			b.newNamedCheck(base, c3, "a:A=x")))
		base = b.loadBase()
		run := b.newRun(b.newNamedCheck(base, c1, "a:A=y", "b:B"), b.newNamedCheck(base, c2, "a:A=y"))
		run.Ended = []catalog.Scope{c3}
		b.commit(base, run)
		b.forgeLine(tc.old, tc.new)
		if audit := b.verifyRegion(); !strings.Contains(fmt.Sprint(audit.Findings), tc.want) {
			t.Errorf("%s: verify finds %v, want %q", name, audit.Findings, tc.want)
		}
	}
}
