package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"community-images/scripts/deploy/ros"
)

// TestStacksOfOthersAreLeftAlone gives the name of a stack that was made from
// another template.
func TestStacksOfOthersAreLeftAlone(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	client, err := ros.New(a.ROS, "cn-hangzhou", a.key, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	id, err := client.Create(t.Context(), ros.Spec{Name: "theirs",
		Template: "ROSTemplateFormatVersion: '2015-09-01'\nResources: {Log: {Type: ALIYUN::SLS::Project}}", Token: "t"})
	if err != nil {
		t.Fatal(err)
	}
	for _, more := range []string{"-yes -version v1 -create-code-bucket", "-plan -version v1", "-destroy -yes",
		"-destroy -delete-data the-data -yes"} {
		a.expect(more+" -stack theirs", 2, `stack "theirs" is not one of community-images`)
	}
	if s, err := client.Get(t.Context(), id); err != nil || s.Status != "CREATE_COMPLETE" {
		t.Errorf("the stack is %+v, %v", s, err)
	}
}

func TestInvalidTemplates(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	dir := t.TempDir()
	for name, row := range map[string]struct{ body, says string }{
		"large": {"# " + strings.Repeat("x", 524_288), "has 524290 bytes; ROS accepts 524288"},
		"yaml":  {"Parameters: [", "reading the template"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(row.body), 0o600); err != nil {
			t.Fatal(err)
		}
		a.expect("-yes -version v1 -template "+path, 1, row.says)
	}
	a.expect("-yes -version v1 -template "+filepath.Join(dir, "missing"), 1, "reading the template", "missing")
	if calls := a.Calls(); len(calls) > 0 {
		t.Errorf("calls %q", calls)
	}
}
