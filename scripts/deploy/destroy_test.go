package main

import (
	"context"
	"slices"
	"strings"
	"testing"

	"community-images/shared/cloud"
	"community-images/shared/ossbucket"
)

// open is a bucket as its owner sees it.
func (a *account) open(name string) *ossbucket.Bucket {
	a.t.Helper()
	b, err := ossbucket.New(ossbucket.Options{Endpoint: a.url, Region: "cn-hangzhou", Bucket: name,
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return a.key, nil
		}})
	if err != nil {
		a.t.Fatal(err)
	}
	return b
}

// put stores an object as somebody else might.
func (a *account) put(bucket, key string) {
	a.t.Helper()
	if err := a.open(bucket).Put(a.t.Context(), key, []byte("{}")); err != nil {
		a.t.Fatal(err)
	}
}

// TestBucketsThatAreNotDeleted misspells the name of the stack or of the bucket.
func TestBucketsThatAreNotDeleted(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.expect("-yes -version v1 -create-code-bucket", 0)
	kept := func(more string, says ...string) {
		t.Helper()
		data, code := a.objects("the-data"), a.objects("the-code")
		a.expect(more, 2, says...)
		if got := a.objects("the-data"); len(data) == 0 || !slices.Equal(got, data) {
			t.Errorf("%s: %d of %d objects of the data are left", more, len(got), len(data))
		}
		if got := a.objects("the-code"); len(code) == 0 || !slices.Equal(got, code) {
			t.Errorf("%s: %d of %d objects of the code are left", more, len(got), len(code))
		}
	}
	kept("-stack comunity-images -destroy -delete-data the-data -yes",
		`there is no stack "comunity-images" in cn-hangzhou`,
		`bucket "the-data" is the bucket of the snapshots of stack "community-images"`)
	kept("-stack comunity-images -destroy -delete-data the-code -yes",
		`-delete-data and -code-bucket are both "the-code"; the code bucket always stays`)
	kept("-stack comunity-images -destroy -delete-data the-code -code-bucket other -yes",
		`bucket "the-code" is the code bucket of stack "community-images"`)
	kept("-destroy -delete-data the-code -code-bucket other -yes",
		`-delete-data "the-code" is not the bucket of stack "community-images"`)

	a.expect("-yes -version v1 -stack second -param Name=second", 0,
		`bucket "the-data" is there already; the stack uses it as it is`)
	kept("-stack second -destroy -delete-data the-data -yes",
		`bucket "the-data" is the bucket of the snapshots of stack "community-images"`)
	a.expect("-stack second -destroy -yes", 0, `bucket "the-data" was kept`)
	a.expect("-destroy -yes", 0, `bucket "the-data" was kept`)

	kept("-destroy -delete-data the-code -code-bucket other -yes", `there is no stack "community-images"`,
		`bucket "the-code" holds "community-images-`, "which is no object of the snapshots")
	for _, key := range []string{"notes.txt", "community-images/v1/cn-hangzhou/notes.txt",
		"community-images/v1/cn-hangzhou/log/2026-13.ndjson", "community-images/v2/cn-hangzhou/head.json"} {
		a.put("the-data", key)
		kept("-destroy -delete-data the-data -yes", `bucket "the-data" holds "`+key+
			`", which is no object of the snapshots`)
		if err := a.open("the-data").Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	a.put("the-data", "v1/cn-hangzhou/head.json") // without a prefix, and with another
	a.put("the-data", "team/images/v1/cn-beijing/index.ndjson")
	n := len(a.objects("the-data"))
	kept("-destroy -delete-data the-data",
		`there is no stack "community-images" in cn-hangzhou; delete bucket "the-data" and the `,
		" objects of snapshots that are in it? Type yes: ", "not confirmed")
	o := a.expect("-destroy -delete-data the-data -yes", 0, "objects are deleted")
	if left := a.objects("the-data"); left != nil || n == 0 || strings.Contains(o.out, "Type yes") {
		t.Errorf("%d objects are left of %d: %s", len(left), n, o)
	}
}

// TestDestroyMustReadEveryStack cannot read one stack, which may use the bucket.
func TestDestroyMustReadEveryStack(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.expect("-yes -version v1 -create-code-bucket", 0)
	before := len(a.objects("the-data"))
	refuse("GetStack")(a)
	a.expect("-stack comunity-images -destroy -delete-data the-data -yes", 1,
		`looking for stacks that use bucket "the-data": calling GetStack: 403 NoPermission`)
	if after := len(a.objects("the-data")); before == 0 || after != before {
		t.Errorf("%d of %d objects are left", after, before)
	}
}
