package capture_test

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/capture"
	"community-images/shared/query/request"
)

// newAliasFixture returns a fixture whose runs read the file with the aliases.
func newAliasFixture(t *testing.T, regions ...string) *fixture {
	b := newFixture(t, regions...)
	b.settings.CheckLookup = request.CheckLookup
	return b
}

const twoAliases = `{"Aliases":[{"Name":"newest","RegionId":"cn-a","Lookup":"sort=-Size"},
	{"Name":"newest","RegionId":"cn-b","Lookup":"sort=Size"}]}`

// aliasesOf returns the names and lookups of the stored aliases of a region.
func (b *fixture) aliasesOf(region string) string {
	b.t.Helper()
	r, err := b.writer.Now(context.Background(), region, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	var all []string
	for _, a := range r.Aliases {
		all = append(all, a.Name+"?"+a.Lookup)
	}
	return strings.Join(all, " ")
}

// TestRunCommitsAliases: each region gets its own, a file that is gone defines none, and a
// second run changes nothing.
func TestRunCommitsAliases(t *testing.T) {
	t.Parallel()
	b := newAliasFixture(t, "cn-a", "cn-b")
	b.mem.Spoil("p/aliases.json", []byte(twoAliases))
	report := b.mustRun(capture.Request{})
	checkText(t, "aliases", b.aliasesOf("cn-a")+", "+b.aliasesOf("cn-b"), "newest?sort=-Size, newest?sort=Size")
	if report.AliasProblem != "" || report.Regions[0].AliasChanges != 1 || report.Regions[1].AliasChanges != 1 {
		t.Errorf("report is %+v", report.Regions[0])
	}
	if report := b.mustRun(capture.Request{}); report.CommittedRegions() != 0 || report.Regions[0].AliasChanges != 0 {
		t.Errorf("a second run commits %+v", report.Regions[0])
	}
	b.mem.Spoil("p/aliases.json", nil)
	b.mustRun(capture.Request{Regions: []string{"cn-a"}})
	if b.aliasesOf("cn-a")+b.aliasesOf("cn-b") != "newest?sort=Size" {
		t.Errorf("aliases are %q and %q", b.aliasesOf("cn-a"), b.aliasesOf("cn-b"))
	}
}

// TestFileThatCannotBeUsed: it changes no alias and fails no run. The report and the head say
// why until a run can use it.
func TestFileThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		file string
		says string
	}{
		"cut": {twoAliases[:40], `"p/aliases.json": the file must be JSON, but line 1 has:`},
		"a lookup is wrong": {strings.Replace(twoAliases, "sort=S", "Nonsense=s", 1),
			"Aliases[1].Lookup cannot be answered: Nonsense is not a parameter"},
		"a region is not here":    {strings.Replace(twoAliases, "cn-b", "cn-c", 1), "a region that is captured: cn-a, cn-b"},
		"too large":               {twoAliases + strings.Repeat(" ", 256<<10), "must have at most 256 KB"},
		"the store does not give": {"", `reading "p/aliases.json": permission denied`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newAliasFixture(t, "cn-a", "cn-b")
			b.mem.Spoil("p/aliases.json", []byte(twoAliases))
			b.mustRun(capture.Request{})
			b.up.images["cn-a/_any/_any"] = []string{"m-new"}
			b.mem.Spoil("p/aliases.json", []byte(tc.file))
			sound := b.writer
			if tc.file == "" {
				b.writer = archive.NewWriter(buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
					if strings.HasSuffix(op.Key, "aliases.json") {
						return &buckettest.Fault{Err: fs.ErrPermission}
					}
					return nil
				}), sound.Keys(), time.Now)
			}
			report := b.mustRun(capture.Request{})
			if !strings.Contains(report.AliasProblem, tc.says) || !report.Regions[0].Committed {
				t.Errorf("the report says %q, and of the region %+v", report.AliasProblem, report.Regions[0])
			}
			checkText(t, "aliases", b.aliasesOf("cn-a")+", "+b.aliasesOf("cn-b"), "newest?sort=-Size, newest?sort=Size")
			if r, err := sound.Now(t.Context(), "cn-a", nil); err != nil || r.Run.AliasProblem != report.AliasProblem {
				t.Errorf("the head says %+v, %v", r.Run, err)
			}
		})
	}
}

// TestRequestsForAliases: a run makes one request for the file, and none besides, whether it
// is there or not.
func TestRequestsForAliases(t *testing.T) {
	t.Parallel()
	requests := func(prepare func(*fixture)) string {
		b := newFixture(t, "cn-a") // does not read the file
		prepare(b)
		b.mustRun(capture.Request{})
		b.mem.Requests()
		b.mustRun(capture.Request{})
		return b.mem.Requests()
	}
	without := requests(func(*fixture) {})
	one := []byte(`{"Aliases":[{"Name":"newest","RegionId":"cn-a","Lookup":"sort=-Size"}]}`)
	for name, file := range map[string][]byte{"none": nil, "one": one, "damaged": one[:9]} {
		with := requests(func(b *fixture) {
			b.settings.CheckLookup = request.CheckLookup
			if file != nil {
				b.mem.Spoil("p/aliases.json", file)
			}
		})
		if strings.Count(with, "aliases.json") != 1 || strings.Count(with, "\n") != strings.Count(without, "\n")+1 {
			t.Errorf("%s: the requests are\n%s\nwithout aliases\n%s", name, with, without)
		}
	}
}
