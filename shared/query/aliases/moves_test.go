package aliases_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/alias"
	"community-images/shared/archive"
	"community-images/shared/archive/archivetest"
	"community-images/shared/archive/buckettest"
	"community-images/shared/catalog"
	"community-images/shared/query/aliases"
)

// TestAliasesThatACommitMoved: a new image moves an alias, and the end of a pin moves it with
// the next commit. An alias without an image says why.
func TestAliasesThatACommitMoved(t *testing.T) {
	t.Parallel()
	f := archivetest.New(t)
	newest := alias.Definition{Name: "newest", Lookup: "OsTag.Platform=CentOS&sort=-OsTag.Version"}
	pinned := newest
	pinned.Name = "pinned"
	pinned.Pin = &alias.Pin{ImageID: "m-cent79", Reason: "r", Until: catalog.At(f.Now.Add(150 * time.Minute))}
	f.Aliases = alias.File{archivetest.Hangzhou: {newest, pinned,
		{Name: "elsewhere", Lookup: "ClusterId=ehpc-gone"},
		{Name: "nothing", Lookup: "q=nothing"},
		{Name: "lost", Lookup: "q=linux", Pin: &alias.Pin{ImageID: "m-lost", Reason: "r"}},
		{Name: "unusable", Lookup: "Nonsense=1"}}}
	content := archivetest.Content{"_any/_any": archivetest.ParseImages(t, archivetest.CentOS79)}
	finder := aliases.NewFinder(archive.New(f.Bucket, f.Keys), func() time.Time { return f.Now })
	imagesOf := func(r *archive.Region) []aliases.Image {
		t.Helper()
		images, err := finder.ImagesOf(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		return images
	}

	before := f.CommitRun(archivetest.Hangzhou, content)
	cent79 := aliases.Image{ImageID: "m-cent79", ImageName: "hpc-centos-7.9", Rule: aliases.RuleLookup}
	cent710 := aliases.Image{ImageID: "m-cent710", ImageName: "hpc-centos-7.10", Rule: aliases.RuleLookup}
	named := func(image aliases.Image, name string, rule aliases.Rule) aliases.Image {
		image.Name, image.Rule = name, rule
		return image
	}
	want := []aliases.Image{
		{Name: "elsewhere", Problem: `Cluster "ehpc-gone" is not captured in cn-hangzhou. Captured clusters: none.`},
		{Name: "lost", Problem: "The pinned image m-lost is not offered."},
		named(cent79, "newest", aliases.RuleLookup),
		{Name: "nothing", Problem: "No image matches the lookup."},
		named(cent79, "pinned", aliases.RulePin),
		{Name: "unusable", Problem: `The lookup of alias "unusable" cannot be answered here: Nonsense is not a parameter ` +
			"of the lookup of an alias. Allowed: ClusterId, InstanceType, q, sort, latestBy, and every field of an image " +
			"(see /openapi.json)."},
	}
	if diff := cmp.Diff(want, imagesOf(before)); diff != "" {
		t.Error(diff)
	}

	f.Now = f.Now.Add(2 * time.Hour)
	content["_any/_any"] = archivetest.ParseImages(t, archivetest.CentOS79, archivetest.CentOS710)
	after := f.CommitRun(archivetest.Hangzhou, content)
	moved := []aliases.Move{{Before: named(cent79, "newest", aliases.RuleLookup),
		After: named(cent710, "newest", aliases.RuleLookup)}}
	if diff := cmp.Diff(moved, aliases.Moves(imagesOf(before), imagesOf(after))); diff != "" {
		t.Error(diff)
	}

	f.Now = f.Now.Add(time.Hour)
	content["_any/_any"] = append(content["_any/_any"], archivetest.ParseImages(t, archivetest.Windows)...)
	last := f.CommitRun(archivetest.Hangzhou, content)
	moved = []aliases.Move{{Before: named(cent79, "pinned", aliases.RulePin),
		After: named(cent710, "pinned", aliases.RuleLookup)}}
	if diff := cmp.Diff(moved, aliases.Moves(imagesOf(after), imagesOf(last))); diff != "" {
		t.Error(diff)
	}
}

// TestStoreThatFailsIsNoMove: a list that cannot be read is an error and not an alias without
// an image.
func TestStoreThatFailsIsNoMove(t *testing.T) {
	t.Parallel()
	f := archivetest.New(t)
	f.Aliases = alias.File{archivetest.Hangzhou: {{Name: "newest", Lookup: "sort=-OsTag.Version"}}}
	r := f.CommitRun(archivetest.Hangzhou, archivetest.Content{
		"_any/_any": archivetest.ParseImages(t, archivetest.CentOS79)})
	errBroken := errors.New("the store is broken")
	broken := buckettest.NewFaulty(f.Bucket, func(buckettest.Op) *buckettest.Fault {
		return &buckettest.Fault{Err: errBroken}
	})
	finder := aliases.NewFinder(archive.New(broken, f.Keys), func() time.Time { return f.Now })
	if images, err := finder.ImagesOf(t.Context(), r); !errors.Is(err, errBroken) {
		t.Errorf("images are %+v, the error is %v", images, err)
	}
}
